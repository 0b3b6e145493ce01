//! What a live stream gives.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::record::Record;
use crate::value::{Id, RecordId, Value};

/// An item of a [`LiveStream`](super::LiveStream).
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a stream can say no more: something happened, was missed, or is over")]
pub enum LiveEvent<T: Identified, D = T> {
    /// A record was created, updated or deleted.
    Change(Notification<T, D>),
    /// Events are missing here.
    Gap(Gap),
    /// The stream is over; nothing follows.
    Ended(EndReason),
}

/// One change of one record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Notification<T: Identified, D = T> {
    /// What happened to the record.
    pub action: Action,
    /// The id of the record.
    pub id: T::Id,
    /// The record as it is after the change, or as it was before it was deleted; or what the live query shows instead.
    pub data: D,
}

/// What happened to a record, or with [`Live::as_set`](super::Live::as_set) to the set that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "nothing else can happen to a record")]
pub enum Action {
    /// It was created.
    Create,
    /// It was changed. A record that enters the live query's filter arrives with this action, too.
    Update,
    /// It was deleted.
    Delete,
}

/// Why events are missing, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Gap {
    /// The program took events more slowly than they came, and so many found no room.
    ///
    /// What the program has of the records may be out of date from here on, until it reads them again.
    Overflow {
        /// How many were dropped.
        missed: u64,
    },
    /// Changes arrived after a later change of the same record, and were left out.
    ///
    /// The last state that the program has of each record is still the last one. This concerns only programs that need every
    /// change, or that apply differences: the later difference was made for a record that had the earlier one.
    Superseded {
        /// How many were left out.
        missed: u64,
    },
    /// Changes arrived late, and may be older than changes of the same records that the stream gave before; they were left
    /// out.
    ///
    /// Read the records again: what the program has of them may be out of date from here on. A stream remembers the last
    /// change of some thirty thousand records. This gap appears if more records than that change within the time of a
    /// transaction, or after [`Overflow`](Self::Overflow).
    Unordered {
        /// How many were left out.
        missed: u64,
    },
}

/// Why a live stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// This client killed the live query.
    Killed,
    /// The server ended the live query: another session killed it, or the user who owns it was removed.
    ///
    /// `REMOVE ACCESS` does not end the live queries of its record users (server 3.3.5). This is also the reason if the table
    /// was removed and defined again at once, and of a stream of [`subscribe_live`](crate::Session::subscribe_live) if the
    /// table was removed.
    KilledByServer,
    /// The table was removed, or the database or the namespace that it was in.
    ///
    /// The server (3.3.5) does not report a removal that happens while the live query is registered. The stream therefore
    /// looks once, in the background; the session needs the right to see the table's definition, which record users do
    /// not have.
    TableRemoved,
    /// The session was closed.
    SessionClosed,
    /// The session became somebody else, or nobody: the server drops its live queries then.
    IdentityChanged,
    /// The session had expired when the live query was registered, or has expired since.
    ///
    /// A session that is renewed in time keeps its live queries, but they end when the session would have.
    Expired,
    /// The connection was closed by the program.
    ConnectionClosed,
    /// The connection was lost.
    ConnectionLost,
}

/// What a live query can be about: a [`Record`], or for those without models a [`Value`].
#[diagnostic::on_unimplemented(
    message = "a live query cannot be about `{Self}`",
    label = "a type with `#[derive(Record)]` is needed here, or `Value`"
)]
pub trait Identified {
    /// The type of its records' ids.
    type Id: DeserializeOwned + Clone + fmt::Debug + PartialEq;
}

impl<T: Record> Identified for T {
    type Id = Id<T, T::Key>;
}

impl Identified for Value {
    type Id = RecordId;
}
