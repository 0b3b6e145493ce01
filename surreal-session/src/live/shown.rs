//! What the events of a live query contain, and how a snapshot reads the same of a record.
//!
//! The live queries of this client select an array: the position of the change ([`order`](super::order)); the data for
//! the program; for a snapshot of differences a digest of the record after the change; the action, where it is not that of
//! the event; and for differences, whether the record was changed further inside the event. A snapshot reads arrays with
//! the record's id in place of the position.
//!
//! # Changes inside a change
//!
//! The server (3.3.5) runs the table's `DEFINE EVENT`s, and only then computes the events of live queries. If one of them
//! changes the record itself, the event of that inner change is computed first, and the event of the outer change, whose
//! `$after` is out of date by then, second. So the live query does not show `$after`, but reads the record again where
//! the event is computed, inside the writer's transaction: that state is never older than the event's position. The
//! outer event then shows the record after all inner changes, and its deletion if one of them deleted it.

use std::time::Duration;

use bytes::Bytes;

use super::order::Position;
use super::set::About;
use crate::codec::reader::{Reader, Remaining};
use crate::codec::{self, DecodeError, NONE};
use crate::protocol::EventKind;
use crate::query::Fragment;

/// What an event shows.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    Record,
    /// The columns of a view, as an object.
    View(Fragment),
    /// The record, and where these links lead to.
    Links(Vec<String>),
    Differences,
    /// With a digest of the record as it is after the change.
    DigestedDifferences,
}

/// What an event, or a row of a snapshot, is made of.
#[derive(Debug)]
pub(super) struct Parts {
    /// The position of the event, or the id in the row.
    pub(super) head: Bytes,
    pub(super) data: Bytes,
    /// What is the same if nothing has changed.
    pub(super) state: Bytes,
    /// The action, where it is not that of the event.
    action: Option<Bytes>,
    /// Whether the differences lead from any state to the record's present one, as it changed inside the change.
    pub(super) is_whole: bool,
}

impl Shown {
    /// What stands behind LIVE SELECT.
    ///
    /// The server (3.3.5) drops an event without a word if this cannot be computed for it.
    pub(super) fn event(&self, about: &About) -> Fragment {
        let event = Fragment::new("VALUE { ").then(now(about)).text("RETURN [rand::uuid::v7(), ");
        let event = event.then(self.data(about)).text(", ").text(&self.digest()).text(", ");
        event.then(action(about)).text(self.is_whole()).text("]; }")
    }

    fn data(&self, about: &About) -> Fragment {
        match self {
            Self::Record => Fragment::new(SHOWN),
            Self::View(_) | Self::Links(_) => {
                Fragment::new("(SELECT VALUE ").then(self.of_this()).text(" FROM ONLY (").text(SHOWN).text("))")
            }
            Self::Differences | Self::DigestedDifferences => differences(about),
        }
    }

    fn digest(&self) -> String {
        if matches!(self, Self::DigestedDifferences) { digest("$_now") } else { "NONE".to_owned() }
    }

    fn is_whole(&self) -> &'static str {
        if matches!(self, Self::Differences | Self::DigestedDifferences) { ", $_now != $after" } else { "" }
    }

    /// The functions that [`event`](Self::event) calls, of nothing.
    pub(super) fn calls(&self) -> &'static str {
        match self {
            Self::Record | Self::View(_) | Self::Links(_) => "rand::uuid::v7()",
            Self::Differences => "rand::uuid::v7(), value::diff(1, 2)",
            Self::DigestedDifferences => "rand::uuid::v7(), value::diff(1, 2), crypto::blake3('')",
        }
    }

    /// How long an event waits for one that it may have overtaken: differences make no sense in another order, and a record
    /// is the last one whatever came before.
    pub(super) fn hold(&self) -> Duration {
        match self {
            Self::Record | Self::View(_) | Self::Links(_) => Duration::ZERO,
            Self::Differences | Self::DigestedDifferences => HOLD,
        }
    }

    /// What a snapshot selects of `$this`, a whole record.
    pub(super) fn row(&self) -> Fragment {
        Fragment::new("VALUE [id, ").then(self.of_this()).text("]")
    }

    fn of_this(&self) -> Fragment {
        match self {
            Self::Record | Self::Differences => Fragment::new("$this"),
            Self::View(object) => object.clone(),
            Self::Links(links) => Fragment::new(format!("[$this, {}]", links.join(", "))),
            Self::DigestedDifferences => Fragment::new(format!("$this, {}", digest("$this"))),
        }
    }
}

/// Sets `$_now` to the record as the program is to see it after the change, or to NONE if there is none.
///
/// A record that an inner change has moved out of the filter is shown as it was when it passed last: the change after which
/// it does not pass is not reported.
fn now(about: &About) -> Fragment {
    let now = Fragment::new("LET $_now = (SELECT * FROM ONLY ($after ?? $before).id); ");
    match about {
        About::Table | About::Set(_) => now,
        About::Filtered(filter) => {
            let now = now.text("LET $_now = IF $_now == NONE OR $_now == $after OR ");
            now.then(filter.contains("$_now")).text(" { $_now } ELSE { $after }; ")
        }
    }
}

/// What differs; or if there were inner changes, whose differences were told before, the whole record as it is now.
fn differences(about: &About) -> Fragment {
    let [before, now] = match about {
        About::Table | About::Filtered(_) => ["$before", "$_now"].map(Fragment::new),
        About::Set(set) => {
            let now = Fragment::new("(IF ").then(set.contains("$_now")).text(" { $_now })");
            [set.before(), now]
        }
    };
    let differences = Fragment::new("IF $_now == $after { value::diff(").then(before).text(", ").then(now.clone());
    let whole = differences.text(") } ELSE { value::diff(").then(now.clone()).text(" == NONE, ");
    whole.then(now).text(") }")
}

fn action(about: &About) -> Fragment {
    match about {
        About::Table | About::Filtered(_) => {
            Fragment::new("IF $_now == NONE { 'DELETE' } ELSE IF $event == 'DELETE' { 'UPDATE' }")
        }
        About::Set(set) => set.action(),
    }
}

impl Parts {
    /// The position of the change among all changes.
    pub(super) fn position(&self) -> Result<Position, DecodeError> {
        codec::decode(&self.head)
    }

    /// The kind of the change, which for the server is an event of `kind`.
    pub(super) fn kind(&self, kind: EventKind) -> Result<EventKind, DecodeError> {
        self.action.as_ref().map_or(Ok(kind), |action| EventKind::read(action))
    }

    /// Takes apart an event, or a row of a snapshot.
    pub(super) fn of(array: &Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(array);
        let mut left = Remaining::of(reader.array()?);
        let mut element = || match left.next(&mut reader)? {
            true => reader.skip().map(|element| Some(array.slice_ref(element))),
            false => Ok(None),
        };
        let (Some(head), Some(data)) = (element()?, element()?) else {
            return Err(DecodeError::new("an event or a row of a live query has too few elements"));
        };
        let state = element()?.filter(|state| state != NONE).unwrap_or_else(|| data.clone());
        let action = element()?.filter(|action| action != NONE);
        let is_whole = element()?.map_or(Ok(false), |is_whole| codec::decode(&is_whole))?;
        Ok(Self { head, data, state, action, is_whole })
    }
}

/// The record after the change, or the last state of one that is gone.
const SHOWN: &str = "$_now ?? $after ?? $before";

/// Measured: of the changes of one record in one transaction, one in twelve is late without this.
const HOLD: Duration = Duration::from_millis(5);

fn digest(record: &str) -> String {
    format!("crypto::blake3(<string> {record})")
}
