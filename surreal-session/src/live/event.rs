//! The items of a live stream.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::connection::{Missed, MissedReason, StreamEnd};
use crate::error::ErrorKind;
use crate::record::Record;
use crate::value::{Id, RecordId, Value};

/// An item of a [`LiveStream`](super::LiveStream).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LiveEvent<T: Identified, D = T> {
    /// A record was created, updated or deleted.
    Change(Notification<T, D>),
    /// Events are missing at this point of the stream.
    Gap(Gap),
    /// The stream is over; no item follows.
    Ended(EndReason),
}

/// One change of one record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Notification<T: Identified, D = T> {
    /// The kind of the change.
    pub action: Action,
    /// The id of the record.
    pub id: T::Id,
    /// The record after the change, or the last state of a deleted one. With [`view`](super::Live::view),
    /// [`fetch`](super::Live::fetch) or [`diff`](super::Live::diff), the data that the live query selects instead.
    pub data: D,
}

/// The kind of a change of a record, or with [`as_set`](super::Live::as_set) of a set.
///
/// Serialized as the server writes it (`"CREATE"`), displayed in lower case (`create`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(clippy::exhaustive_enums, reason = "nothing else can happen to a record")]
pub enum Action {
    /// The record was created.
    Create,
    /// The record was changed. A record that begins to pass the live query's filter is reported with this action, too.
    Update,
    /// The record was deleted.
    Delete,
}

/// The reason why events are missing, and their number.
///
/// Serialized as serde does by default: `{"Overflow": {"missed": 3}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Gap {
    /// Events arrived while the stream's queue was full, because the program took them too slowly. They were dropped.
    ///
    /// From here on, the program's copies of the records may be out of date, until it reads them again.
    Overflow {
        /// The number of dropped events.
        missed: u64,
    },
    /// Events were larger than [`max_message_bytes`](crate::Connect::max_message_bytes). They were dropped, and the stream
    /// goes on.
    ///
    /// From here on, the program's copies of the records may be out of date, until it reads them again: with a selection
    /// that is smaller, or a larger limit.
    TooLarge {
        /// The number of dropped events.
        missed: u64,
    },
    /// Changes arrived after a later change of the same record. They were left out.
    ///
    /// The last state that the program has of each record is still the last one. This gap concerns only programs that need
    /// every change or apply differences: the later difference was made for a record that had the earlier one.
    ///
    /// Changes are compared by the time at which the server computed them. One server process makes these times ascend, even
    /// if its clock is set back. The nodes of a cluster use different clocks: if these differ, and a record is
    /// changed through two nodes within that difference, its last change can be taken for an earlier one and left out. Keep
    /// the nodes' clocks in step, or read the records again after this gap.
    Superseded {
        /// The number of changes that were left out.
        missed: u64,
    },
    /// Changes arrived late and may be older than changes of the same records that the stream reported before. They were
    /// left out.
    ///
    /// From here on, the program's copies of the records may be out of date, until it reads them again. A stream remembers the
    /// last change of some thirty thousand records. This gap appears if more records than that change within the time of a
    /// transaction, or after an [`Overflow`](Self::Overflow).
    Unordered {
        /// The number of changes that were left out.
        missed: u64,
    },
    /// The connection was lost, and the live query was registered again. The events in between are missing; their number is
    /// not known.
    ///
    /// From here on, the program's copies of the records may be out of date, until it reads them again. The stream has another
    /// [`id`](super::LiveStream::id).
    Reconnected,
    /// The session was renewed, and the live query was registered again, because the server (3.3.5) ends it at the expiry that
    /// it was registered with. Some events may be missing at this point, or come twice.
    ///
    /// The stream has another [`id`](super::LiveStream::id).
    Renewed,
}

/// The reason why a live stream is over. Each of them is final.
///
/// A lost connection is none: the stream registers its live query again.
///
/// Serialized as the variant's name: `"TableRemoved"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EndReason {
    /// This client killed the live query.
    Killed,
    /// The server ended the live query: another session killed it, or the user who owns it was removed.
    ///
    /// `REMOVE ACCESS` does not end the live queries of its record users (server 3.3.5). This is also the reason if the table
    /// was removed and defined again at once, and if the table of a
    /// [`subscribe_live`](crate::Session::subscribe_live) stream was removed.
    KilledByServer,
    /// The table was removed, or its database or namespace.
    ///
    /// The server (3.3.5) does not report a removal that happens while the live query is registered. The stream therefore
    /// looks once, in the background. For that the session needs the right to see the table's definition, which record
    /// users do not have.
    TableRemoved,
    /// The session was closed.
    SessionClosed,
    /// The session's identity changed or was invalidated. The server drops its live queries then.
    IdentityChanged,
    /// The session had expired when the live query was registered, or has expired since.
    ///
    /// If the session is renewed in time, the live query is registered again.
    Expired,
    /// The session was lost with its connection, or the server refused to register the live query again.
    /// [`LiveStream::error`](super::LiveStream::error) says why.
    SessionLost,
    /// There are more records than the [`max_records`](super::Live::max_records) of a synced stream.
    TooManyRecords,
    /// The program closed the connection.
    ConnectionClosed,
    /// The connection was lost for good: its policy gave up, or does not reconnect; or its runtime was shut down.
    ///
    /// A stream of [`subscribe_live`](crate::Session::subscribe_live) ends with this reason when its socket is lost: the
    /// program's text has registered its live query.
    ConnectionLost,
}

/// A type that a live query can follow: a [`Record`], or [`Value`] for a table without a model.
#[diagnostic::on_unimplemented(
    message = "a live query cannot be about `{Self}`",
    label = "a type with `#[derive(Record)]` is needed here, or `Value`"
)]
pub trait Identified {
    /// The type of the records' ids.
    type Id: DeserializeOwned + Clone + fmt::Debug + PartialEq;
}

impl<T: Record> Identified for T {
    type Id = Id<T, T::Key>;
}

impl Identified for Value {
    type Id = RecordId;
}

impl Gap {
    pub(super) fn of(missed: Missed) -> Self {
        match missed.reason {
            MissedReason::Overflow => Self::Overflow { missed: missed.count },
            MissedReason::TooLarge => Self::TooLarge { missed: missed.count },
        }
    }

    /// The name of the variant.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Overflow { .. } => "Overflow",
            Self::TooLarge { .. } => "TooLarge",
            Self::Superseded { .. } => "Superseded",
            Self::Unordered { .. } => "Unordered",
            Self::Reconnected => "Reconnected",
            Self::Renewed => "Renewed",
        }
    }
}

impl EndReason {
    pub(super) fn of(end: &StreamEnd) -> Self {
        match end {
            StreamEnd::Killed => Self::Killed,
            StreamEnd::KilledByServer => Self::KilledByServer,
            StreamEnd::SessionClosed => Self::SessionClosed,
            StreamEnd::IdentityChanged => Self::IdentityChanged,
            StreamEnd::Connection(end) if end.kind() == ErrorKind::Closed => Self::ConnectionClosed,
            StreamEnd::Connection(_) => Self::ConnectionLost,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        })
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (missed, why) = match self {
            Self::Overflow { missed } => (missed, "the queue was full"),
            Self::TooLarge { missed } => (missed, "larger than the limit for messages"),
            Self::Superseded { missed } => (missed, "later changes arrived first"),
            Self::Unordered { missed } => (missed, "their order is unknown"),
            Self::Reconnected => return f.write_str("events may be missing: the connection was lost"),
            Self::Renewed => return f.write_str("events may be missing or come twice: the session was renewed"),
        };
        let events = if *missed == 1 { "event" } else { "events" };
        write!(f, "{missed} {events} missing: {why}")
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Killed => "killed",
            Self::KilledByServer => "killed by the server",
            Self::TableRemoved => "table removed",
            Self::SessionClosed => "session closed",
            Self::IdentityChanged => "identity changed",
            Self::Expired => "session expired",
            Self::SessionLost => "session lost",
            Self::TooManyRecords => "too many records",
            Self::ConnectionClosed => "connection closed",
            Self::ConnectionLost => "connection lost",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_written<T>(value: T, json: &str, text: &str)
    where
        T: Serialize + DeserializeOwned + fmt::Display + fmt::Debug + PartialEq,
    {
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(json).unwrap(), value);
        assert_eq!(value.to_string(), text);
    }

    #[test]
    fn actions_are_serialized_in_the_words_of_the_server() {
        assert_written(Action::Create, r#""CREATE""#, "create");
        assert_written(Action::Update, r#""UPDATE""#, "update");
        assert_written(Action::Delete, r#""DELETE""#, "delete");
    }

    #[test]
    fn gaps_are_serialized_with_their_number() {
        let text = "1 event missing: the queue was full";
        assert_written(Gap::Overflow { missed: 1 }, r#"{"Overflow":{"missed":1}}"#, text);
        let text = "4 events missing: larger than the limit for messages";
        assert_written(Gap::TooLarge { missed: 4 }, r#"{"TooLarge":{"missed":4}}"#, text);
        let text = "2 events missing: later changes arrived first";
        assert_written(Gap::Superseded { missed: 2 }, r#"{"Superseded":{"missed":2}}"#, text);
        let text = "3 events missing: their order is unknown";
        assert_written(Gap::Unordered { missed: 3 }, r#"{"Unordered":{"missed":3}}"#, text);
        assert_written(Gap::Reconnected, r#""Reconnected""#, "events may be missing: the connection was lost");
    }

    #[test]
    fn reasons_of_an_end_are_serialized_by_their_names() {
        for (reason, text) in [
            (EndReason::Killed, "killed"),
            (EndReason::KilledByServer, "killed by the server"),
            (EndReason::TableRemoved, "table removed"),
            (EndReason::SessionClosed, "session closed"),
            (EndReason::IdentityChanged, "identity changed"),
            (EndReason::Expired, "session expired"),
            (EndReason::SessionLost, "session lost"),
            (EndReason::TooManyRecords, "too many records"),
            (EndReason::ConnectionClosed, "connection closed"),
            (EndReason::ConnectionLost, "connection lost"),
        ] {
            assert_written(reason, &format!("\"{reason:?}\""), text);
        }
    }
}
