//! The clients that are compared, and the work that each of them does.

mod bare;
mod ours;
#[cfg(feature = "sdk")]
mod sdk;

use std::sync::Arc;

use futures_util::future::BoxFuture;

pub use bare::BareClient;
pub use ours::Ours;
#[cfg(feature = "sdk")]
pub use sdk::Sdk;

/// A kind of work, on the table `item`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// One record after the other.
    Create,
    /// Records, with this number of calls in flight.
    CreateInFlight(u64),
    /// `RETURN $x`.
    Return,
    /// All 10,000 records of the table, in their type.
    Select,
    /// The same, as values.
    SelectValue,
    /// Three fields of each.
    SelectView,
    /// Two fields of a record.
    Update,
    /// A transaction of two creates and an update.
    Transaction,
    /// Ten creates in one request.
    Batch,
    /// 10,000 records in one call.
    Insert,
    /// A session that is opened and closed.
    Session,
    /// A copy of a session that has signed in, its first query, and its end.
    Fork,
}

/// A client. `None` if it cannot do the work.
pub trait Subject: Send + Sync {
    /// Does the work this many times.
    fn run(self: Arc<Self>, work: Work, times: u64) -> Option<BoxFuture<'static, ()>>;
}

/// The number of records that a select reads and an insert writes.
pub const ROWS: u64 = 10_000;
/// The number of records that updates go through.
pub const UPDATED: u64 = 64;

impl Work {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 13] = [
        Self::Create,
        Self::CreateInFlight(64),
        Self::CreateInFlight(512),
        Self::Return,
        Self::Update,
        Self::Transaction,
        Self::Batch,
        Self::Insert,
        Self::Select,
        Self::SelectValue,
        Self::SelectView,
        Self::Session,
        Self::Fork,
    ];

    /// Its name for `--only`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::CreateInFlight(calls) => format!("create-{calls}"),
            Self::SelectValue => "select-value".to_owned(),
            Self::SelectView => "select-view".to_owned(),
            _ => format!("{self:?}").to_lowercase(),
        }
    }

    /// Its row in the table.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Create => "create, 8 fields".to_owned(),
            Self::CreateInFlight(calls) => format!("create, {calls} in flight"),
            Self::Return => "`RETURN $x`".to_owned(),
            Self::Select => "select of 10,000, per row".to_owned(),
            Self::SelectValue => "the same as `Value`, per row".to_owned(),
            Self::SelectView => "the same, three fields, per row".to_owned(),
            Self::Update => "update of two fields by id".to_owned(),
            Self::Transaction => "transaction: begin, 3 statements, commit".to_owned(),
            Self::Batch => "batch of ten creates, per batch".to_owned(),
            Self::Insert => "insert of 10,000, per row".to_owned(),
            Self::Session => "session: open, close".to_owned(),
            Self::Fork => "session: copy, first query, close".to_owned(),
        }
    }

    /// The number of times in a round.
    #[must_use]
    pub fn times(self) -> u64 {
        match self {
            Self::Create | Self::Update | Self::Return => 3_000,
            Self::CreateInFlight(_) => 12_000,
            Self::Transaction | Self::Session | Self::Fork => 500,
            Self::Batch => 1_000,
            Self::Select | Self::SelectValue | Self::SelectView => 10,
            Self::Insert => 4,
        }
    }

    /// The number of operations in one time, by which its cost is divided.
    #[must_use]
    pub fn units(self) -> u64 {
        if self.reads() || self == Self::Insert { ROWS } else { 1 }
    }

    /// Returns true if doing it once is a sequence of requests.
    pub(crate) fn is_sequence(self) -> bool {
        matches!(self, Self::Transaction | Self::Insert | Self::Session | Self::Fork)
    }

    /// Returns true if it needs the records of the table.
    #[must_use]
    pub fn reads(self) -> bool {
        matches!(self, Self::Select | Self::SelectValue | Self::SelectView)
    }

    /// Returns true if it is many calls that follow each other, so that it matters where they are polled.
    #[must_use]
    pub fn is_call(self) -> bool {
        self.units() == 1 && !matches!(self, Self::CreateInFlight(_))
    }
}
