//! Live queries that follow a set of records: those that fulfil a condition.
//!
//! The server (3.3.5) sends no event for the change after which a record does not fulfil the condition any more. So the
//! live query asks for what fulfilled it before as well, and has the server say what became of the set.

use crate::query::{Fragment, Tree};

/// Whether a record is in the set.
#[derive(Debug, Clone)]
pub(super) struct Set {
    is_in: Fragment,
    was_in: Fragment,
}

impl Set {
    pub(super) fn of(filter: Tree) -> Self {
        let is_in = filter.into_fragment();
        let was_in = Fragment::new("(SELECT VALUE true FROM ONLY $before WHERE ").then(is_in.clone()).text(") = true");
        // What has a name is bound to it once, where the condition stands first.
        Self { is_in: is_in.unnamed(), was_in: was_in.unnamed() }
    }

    /// Whether the record was in the set before the change.
    pub(super) fn was_in(&self) -> Fragment {
        self.was_in.clone()
    }

    /// The record before the change, if it was in the set then.
    pub(super) fn before(&self) -> Fragment {
        Fragment::new("IF ").then(self.was_in.clone()).text(" { $before }")
    }

    /// The record after the change, if it is in the set then.
    pub(super) fn after(&self) -> Fragment {
        Fragment::new("IF ").then(self.is_in()).text(" { $after }")
    }

    /// What became of the set, as an event would say it of a record.
    pub(super) fn action(&self) -> Fragment {
        let action = Fragment::new("IF !(").then(self.is_in()).text(") { 'DELETE' } ELSE IF ");
        action.then(self.was_in.clone()).text(" { 'UPDATE' } ELSE { 'CREATE' }")
    }

    /// What is deleted is asked as it was before.
    fn is_in(&self) -> Fragment {
        Fragment::new("$event != 'DELETE' AND (").then(self.is_in.clone()).text(")")
    }
}
