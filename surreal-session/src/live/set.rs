//! Live queries about some records of a table: those that pass a filter, and the set of those.
//!
//! The server (3.3.5) sends no event for the change after which a record does not pass the filter any more. A live query
//! about a set therefore also asks for records that passed before, and has the server say what the change does to the set.

use crate::query::{Fragment, Tree};

/// The records that a live query is about.
#[derive(Debug)]
pub(super) enum About {
    /// All records of the table.
    Table,
    /// The records that pass a filter after a change.
    Filtered(Set),
    /// The records that pass a filter, as a set that they enter and leave.
    Set(Set),
}

/// The condition that decides whether a record is in the set.
#[derive(Debug, Clone)]
pub(super) struct Set {
    filter: Fragment,
}

impl Set {
    pub(super) fn of(filter: Tree) -> Self {
        // A value has a name where the condition is first used, and keeps it here.
        Self { filter: filter.into_fragment().unnamed() }
    }

    /// Whether the record was in the set before the change.
    pub(super) fn was_in(&self) -> Fragment {
        self.contains("$before")
    }

    /// Whether this record, which may be NONE, is in the set.
    pub(super) fn contains(&self, record: &str) -> Fragment {
        let found = Fragment::new("(SELECT VALUE true FROM ONLY ").text(record).text(" WHERE ");
        found.then(self.filter.clone()).text(") = true")
    }

    /// The record before the change, if it was in the set then.
    pub(super) fn before(&self) -> Fragment {
        Fragment::new("IF ").then(self.was_in()).text(" { $before }")
    }

    /// What the change does to the set, in the words of the events of records.
    pub(super) fn action(&self) -> Fragment {
        let action = Fragment::new("IF !").then(self.contains("$_now")).text(" { 'DELETE' } ELSE IF ");
        action.then(self.was_in()).text(" { 'UPDATE' } ELSE { 'CREATE' }")
    }
}
