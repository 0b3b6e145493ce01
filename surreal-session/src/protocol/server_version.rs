//! The version of a server, and what depends on it.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};

/// The version of a server, such as `3.3.5` or `4.0.0-beta.1`; see [`Session::server_version`](crate::Session::server_version).
///
/// Displayed and parsed as such text; the server's own forms, `surrealdb-3.3.5` and `surrealdb/3.3.5`, are parsed too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerVersion {
    numbers: [u64; 3],
    /// The text behind the numbers, such as `-beta.1`.
    suffix: String,
}

/// What a server can do from a version on; see [`Session::supports`](crate::Session::supports).
///
/// A call that needs one of these fails with [`Unsupported`](crate::ErrorKind::Unsupported) on an older server, before the
/// server does anything of it. In the order of their versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// Reads of lists of ids and of traversals in an order or with a limit, orders by fields of linked records, and searches of
    /// words and vectors together: from 3.1 on. Server 3.0 ignores these orders, or refuses them.
    OrderedReads,
    /// Indexes of several fields that have each record: from 3.1 on. On server 3.0 the client reads without indexes, unless the
    /// program [names](crate::query::Select::with_index) one.
    CompoundIndexes,
    /// Transactions that run [exactly once](crate::TransactionBuilder::exactly_once): from 3.1 on. On older servers, a transaction
    /// does not know the namespace and the database of its session.
    CommitMarkers,
    /// New edges with ids of the program, which write over no edge that exists: from 3.2 on.
    EdgeIds,
    /// Identities that cannot leave the namespace or the database that they belong to: from 3.3 on. On older servers the client
    /// refuses that, except `USE` in a text.
    ConfinedUsers,
    /// Indexes that find missing values, and find each record once: from 3.3 on. On older servers the client reads without
    /// indexes where that shows, unless the program [names](crate::query::Select::with_index) one, and does not
    /// [define](crate::Session::define) an index of several fields with an array.
    Indexes,
    /// Inserts with [`ignore`](crate::query::write::Insert::ignore) that leave out only rows that exist, and fail at one that
    /// violates a constraint: from 3.3 on.
    InsertIgnore,
    /// Live queries that report the changes of transactions: from 3.3 on. Older servers lose those events, so that only a synced
    /// stream with [`resync_every`](crate::live::Live::resync_every) is possible there.
    LiveTransactions,
    /// Patches of the elements of an array, such as `/tags/0`, other than the insertion of one: from 3.3 on. Older servers leave
    /// the element as it is, or change another one.
    PatchElements,
    /// Results that are streamed while the text runs, by [`Query::stream`](crate::Query::stream): from 3.3 on.
    RowStreams,
    /// Reads that count as writes, by [`for_update`](crate::query::SelectOne::for_update): from 3.3 on.
    RowLocks,
    /// Transactions that only read, by [`read_only`](crate::TransactionBuilder::read_only): from 4.0 on.
    ReadOnlyTransactions,
    /// Transactions without write skew, by [`serializable`](crate::TransactionBuilder::serializable): from 4.0 on, and only on
    /// stores that have them.
    SerializableTransactions,
}

impl ServerVersion {
    /// Returns the first number.
    pub fn major(&self) -> u64 {
        self.numbers[0]
    }

    /// Returns the second number.
    pub fn minor(&self) -> u64 {
        self.numbers[1]
    }

    /// Returns the third number.
    pub fn patch(&self) -> u64 {
        self.numbers[2]
    }

    /// Returns true if this is a pre-release, such as `4.0.0-beta.1`.
    pub fn is_pre_release(&self) -> bool {
        self.suffix.starts_with('-')
    }

    /// Returns true if servers of this version have the feature. A pre-release counts as its release.
    pub fn supports(&self, feature: Feature) -> bool {
        self.numbers >= feature.since()
    }
}

impl FromStr for ServerVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        // The server writes `surrealdb-3.3.5` in a reply and `surrealdb/3.3.5` in a header.
        let version = text.strip_prefix("surrealdb").and_then(|rest| rest.strip_prefix(['-', '/'])).unwrap_or(text);
        let end = version.find(['-', '+']).unwrap_or(version.len());
        let (numbers, suffix) = version.split_at(end);
        let numbers: Option<Vec<u64>> = numbers.split('.').map(|number| number.parse().ok()).collect();
        let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
        let numbers = numbers.ok_or_else(|| Error::argument(format!("`{text}` is not the version of a server")))?;
        Ok(Self { numbers, suffix: suffix.to_owned() })
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}{}", self.suffix)
    }
}

impl Feature {
    /// All of them, in the order of their versions.
    #[cfg(test)]
    const ALL: [Self; 13] = [
        Self::OrderedReads,
        Self::CompoundIndexes,
        Self::CommitMarkers,
        Self::EdgeIds,
        Self::ConfinedUsers,
        Self::Indexes,
        Self::InsertIgnore,
        Self::LiveTransactions,
        Self::PatchElements,
        Self::RowStreams,
        Self::RowLocks,
        Self::ReadOnlyTransactions,
        Self::SerializableTransactions,
    ];

    /// The first version that has it.
    fn since(self) -> [u64; 3] {
        match self {
            Self::OrderedReads | Self::CompoundIndexes | Self::CommitMarkers => [3, 1, 0],
            Self::EdgeIds => [3, 2, 0],
            Self::ConfinedUsers
            | Self::Indexes
            | Self::InsertIgnore
            | Self::LiveTransactions
            | Self::PatchElements
            | Self::RowStreams
            | Self::RowLocks => [3, 3, 0],
            Self::ReadOnlyTransactions | Self::SerializableTransactions => [4, 0, 0],
        }
    }

    /// The error of a call that needs it.
    pub(crate) fn missing(self, what: impl fmt::Display, version: &ServerVersion) -> Error {
        let [major, minor, _] = self.since();
        let message =
            format!("`{what}` needs {self}, which servers have from {major}.{minor} on; this one is {version}");
        Error::new(ErrorKind::Unsupported, message)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OrderedReads => "orders of lists of ids and by linked records",
            Self::CompoundIndexes => "indexes of several fields that have each record",
            Self::CommitMarkers => "transactions that know their namespace and database",
            Self::EdgeIds => "edges whose ids are not written over",
            Self::ConfinedUsers => "identities that cannot leave their place",
            Self::Indexes => "indexes that find each record once",
            Self::InsertIgnore => "inserts that ignore only rows that exist",
            Self::LiveTransactions => "live queries that report the changes of transactions",
            Self::PatchElements => "patches of the elements of arrays",
            Self::RowStreams => "streams of rows",
            Self::RowLocks => "locks of rows (FOR UPDATE)",
            Self::ReadOnlyTransactions => "read-only transactions",
            Self::SerializableTransactions => "serializable transactions",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_shown() {
        for (text, shown, is_pre_release) in [
            ("surrealdb-3.3.5", "3.3.5", false),
            ("surrealdb/3.3.5", "3.3.5", false),
            ("3.0.12", "3.0.12", false),
            ("surrealdb-4.0.0-beta.1", "4.0.0-beta.1", true),
            ("4.1.0-nightly+2027-01.c", "4.1.0-nightly+2027-01.c", true),
            ("4.1.0+build-7", "4.1.0+build-7", false),
        ] {
            let version: ServerVersion = text.parse().unwrap();
            assert_eq!((version.to_string().as_str(), version.is_pre_release()), (shown, is_pre_release));
        }
        for text in ["", "surrealdb", "3.3", "3.3.5.1", "3.x.5", "v3.3.5", "3.3.-1"] {
            assert!(text.parse::<ServerVersion>().unwrap_err().to_string().contains(text));
        }
    }

    #[test]
    fn later_features_need_later_versions() {
        assert!(Feature::ALL.is_sorted() && Feature::ALL.is_sorted_by_key(|feature| feature.since()));
        let version = |text: &str| text.parse::<ServerVersion>().unwrap();
        assert!(version("3.3.0").supports(Feature::RowLocks) && !version("3.2.6").supports(Feature::RowLocks));
        assert!(version("4.0.0-beta.1").supports(Feature::ReadOnlyTransactions));
        let error = Feature::RowLocks.missing("select user", &version("surrealdb-3.2.6"));
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let expected =
            "`select user` needs locks of rows (FOR UPDATE), which servers have from 3.3 on; this one is 3.2.6";
        assert_eq!(error.to_string(), expected);
    }
}
