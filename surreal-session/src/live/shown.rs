//! What the events of a live query show, and how a snapshot reads the same of a record.
//!
//! The live queries that this client makes give an array: the time of the change, by which the changes of one record can
//! be put in order; what the program sees; and for differences, which do not say to which state of the record they lead,
//! a digest of that state. A snapshot reads arrays with the record's id in place of the time.

use bytes::Bytes;

use crate::codec::reader::{Reader, Remaining};
use crate::codec::{self, DecodeError};
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
}

impl Shown {
    /// What stands behind LIVE SELECT.
    ///
    /// The server (3.3.5) drops an event without a word if this cannot be computed for it.
    pub(super) fn event(&self) -> Fragment {
        let data = match self {
            // A deleted record is not there after the change.
            Self::Record => Fragment::new("$after ?? $before"),
            Self::View(object) => object.clone(),
            Self::Links(links) => Fragment::new(format!("[$after ?? $before, {}]", links.join(", "))),
            Self::Differences => Fragment::new("value::diff($before, $after)"),
            Self::DigestedDifferences => Fragment::new(format!("value::diff($before, $after), {}", digest("$after"))),
        };
        Fragment::new("VALUE [time::now(), ").then(data).text("]")
    }

    /// The functions that [`event`](Self::event) calls, of nothing.
    pub(super) fn calls(&self) -> &'static str {
        match self {
            Self::Record | Self::View(_) | Self::Links(_) => "time::now()",
            Self::Differences => "time::now(), value::diff(1, 2)",
            Self::DigestedDifferences => "time::now(), value::diff(1, 2), crypto::blake3('')",
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
        let state = element()?.unwrap_or_else(|| data.clone());
        Ok(Self { head, data, state })
    }
}

fn digest(record: &str) -> String {
    format!("crypto::blake3(<string> {record})")
}
