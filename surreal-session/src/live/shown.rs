//! What the events of a live query show, and how a snapshot reads the same of a record.
//!
//! The live queries that this client makes give an array: the time of the change, by which the changes of one record can
//! be put in order; what the program sees; for differences, which do not say to which state of the record they lead, a
//! digest of that state; and for sets, what became of the set. A snapshot reads arrays with the record's id in place of
//! the time.

use std::time::Duration;

use bytes::Bytes;

use super::set::Set;
use crate::codec::reader::{Reader, Remaining};
use crate::codec::{self, DecodeError, NONE};
use crate::protocol::EventKind;
use crate::query::Fragment;
use crate::value::Datetime;

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
    /// The time of the event, or the id in the row.
    pub(super) head: Bytes,
    pub(super) data: Bytes,
    /// What is the same if nothing has changed.
    pub(super) state: Bytes,
    /// What became of the set, if it is about one.
    action: Option<Bytes>,
}

impl Shown {
    /// What stands behind LIVE SELECT, about all records of a table or about a set of them.
    ///
    /// The server (3.3.5) drops an event without a word if this cannot be computed for it.
    pub(super) fn event(&self, set: Option<&Set>) -> Fragment {
        let [before, after] =
            set.map_or_else(|| ["$before", "$after"].map(Fragment::new), |set| [set.before(), set.after()]);
        let data = match self {
            // A deleted record is not there after the change.
            Self::Record => Fragment::new("$after ?? $before"),
            Self::View(object) => object.clone(),
            Self::Links(links) => Fragment::new(format!("[$after ?? $before, {}]", links.join(", "))),
            Self::Differences | Self::DigestedDifferences => {
                Fragment::new("value::diff(").then(before).text(", ").then(after).text(")")
            }
        };
        let event = Fragment::new("VALUE [time::now(), ").then(data);
        let digest = matches!(self, Self::DigestedDifferences).then(|| digest("$after"));
        match (digest, set) {
            (None, None) => event,
            (Some(digest), None) => event.text(", ").text(&digest),
            (digest, Some(set)) => {
                event.text(", ").text(digest.as_deref().unwrap_or("NONE")).text(", ").then(set.action())
            }
        }
        .text("]")
    }

    /// The functions that [`event`](Self::event) calls, of nothing.
    pub(super) fn calls(&self) -> &'static str {
        match self {
            Self::Record | Self::View(_) | Self::Links(_) => "time::now()",
            Self::Differences => "time::now(), value::diff(1, 2)",
            Self::DigestedDifferences => "time::now(), value::diff(1, 2), crypto::blake3('')",
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
        let data = match self {
            Self::Record | Self::Differences => Fragment::new("$this"),
            Self::View(object) => object.clone(),
            Self::Links(links) => Fragment::new(format!("[$this, {}]", links.join(", "))),
            Self::DigestedDifferences => Fragment::new(format!("$this, {}", digest("$this"))),
        };
        Fragment::new("VALUE [id, ").then(data).text("]")
    }
}

impl Parts {
    /// When the change was made.
    pub(super) fn time(&self) -> Result<Datetime, DecodeError> {
        codec::decode(&self.head)
    }

    /// What happened, where the server says of the event that it is of this kind.
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
        Ok(Self { head, data, state, action: element()? })
    }
}

/// Measured: of the changes of one record in one transaction, one in twelve is late without this.
const HOLD: Duration = Duration::from_millis(5);

fn digest(record: &str) -> String {
    format!("crypto::blake3(<string> {record})")
}
