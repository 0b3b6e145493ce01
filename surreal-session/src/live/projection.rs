//! The data that an event carries, and how a snapshot reads the same data of a record.
//!
//! A live query of this client selects an array for each event:
//!
//! 1. the position of the change, by which [`history`](super::history) puts events in order;
//! 2. the data for the program;
//! 3. for a snapshot of differences, a digest of the record after the change, else NONE;
//! 4. the action, if it differs from that of the event, else NONE;
//! 5. for differences, whether they replace the whole record.
//!
//! A snapshot reads such arrays with the record's id in place of the position.
//!
//! # Changes inside a change
//!
//! The server (3.3.5) runs the table's `DEFINE EVENT`s before it computes the events of live queries. If one of them changes
//! the record itself, the event of that inner change is computed first. The event of the outer change comes second, and
//! its `$after` is out of date by then. The live query therefore does not show `$after`. It reads the record again
//! where the event is computed, inside the writer's transaction, so that the state is never older than the event's position.
//! The outer event then shows the record after all inner changes, or its deletion if one of them deleted it.
//!
//! # Sets
//!
//! The server (3.3.5) sends no event for the change after which a record no longer passes the filter. A live query of a set
//! therefore also asks for records that passed before, and has the server compute what the change does to the set.

use std::time::Duration;

use crate::query::{Fragment, Tree};

/// The data that each event carries.
#[derive(Debug, Clone)]
pub(super) enum Projection {
    Record,
    /// The columns of a view, as an object.
    View(Fragment),
    /// The record and the records that these links lead to.
    Links(Vec<String>),
    Differences(Digest),
}

/// A digest of the record after the change in each event of differences, which a snapshot compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    Without,
    With,
}

/// The records whose changes are reported.
#[derive(Debug)]
pub(super) enum Watched {
    /// All records of the table.
    Table,
    /// The records that pass a filter after a change.
    Filtered(FilterSet),
    /// The set of the records that pass a filter, which they enter and leave.
    Set(FilterSet),
}

/// The data of an event that is only a hint.
pub(super) const HINT: &str = "VALUE NONE";

/// The set of the records that pass a filter.
#[derive(Debug, Clone)]
pub(super) struct FilterSet {
    filter: Fragment,
}

impl Projection {
    /// True if it reads linked records.
    pub(super) fn follows_links(&self) -> bool {
        match self {
            Self::Record | Self::Differences(_) => false,
            Self::View(object) => object.follows_links(),
            Self::Links(_) => true,
        }
    }

    /// The expression of the LIVE SELECT.
    ///
    /// The server (3.3.5) drops an event silently if the expression fails for it.
    pub(super) fn event(&self, watched: &Watched) -> Fragment {
        let event = Fragment::new("VALUE { ").then(now(watched)).text("RETURN [rand::uuid::v7(), ");
        let event = event.then(self.data(watched)).text(", ").text(&self.digest()).text(", ");
        event.then(action(watched)).text(self.is_whole()).text("]; }")
    }

    fn data(&self, watched: &Watched) -> Fragment {
        match self {
            Self::Record => Fragment::new(SHOWN),
            Self::View(_) | Self::Links(_) => {
                Fragment::new("(SELECT VALUE ").then(self.of_this()).text(" FROM ONLY (").text(SHOWN).text("))")
            }
            Self::Differences(_) => differences(watched),
        }
    }

    fn digest(&self) -> String {
        if matches!(self, Self::Differences(Digest::With)) { digest("$_now") } else { "NONE".to_owned() }
    }

    fn is_whole(&self) -> &'static str {
        if matches!(self, Self::Differences(_)) { ", $_now != $after" } else { "" }
    }

    /// Calls of the functions that [`event`](Self::event) uses, to find out whether the server denies one of them.
    pub(super) fn calls(&self) -> &'static str {
        match self {
            Self::Record | Self::View(_) | Self::Links(_) => "rand::uuid::v7()",
            Self::Differences(Digest::Without) => "rand::uuid::v7(), value::diff(1, 2)",
            Self::Differences(Digest::With) => "rand::uuid::v7(), value::diff(1, 2), crypto::blake3('')",
        }
    }

    /// The time that an event waits for an earlier one. Differences apply in one order only; a record is complete without
    /// those before it.
    pub(super) fn hold(&self) -> Duration {
        match self {
            Self::Record | Self::View(_) | Self::Links(_) => Duration::ZERO,
            Self::Differences(_) => HOLD,
        }
    }

    /// The expression by which a snapshot reads `$this`, a whole record.
    pub(super) fn row(&self) -> Fragment {
        Fragment::new("VALUE [id, ").then(self.of_this()).text("]")
    }

    fn of_this(&self) -> Fragment {
        match self {
            Self::Record | Self::Differences(Digest::Without) => Fragment::new("$this"),
            Self::View(object) => object.clone(),
            Self::Links(links) => Fragment::new(format!("[$this, {}]", links.join(", "))),
            Self::Differences(Digest::With) => Fragment::new(format!("$this, {}", digest("$this"))),
        }
    }
}

impl FilterSet {
    pub(super) fn new(filter: Tree) -> Self {
        // The names that the filter binds are bound where the filter is used first, and mean the same here.
        Self { filter: filter.into_fragment().unnamed() }
    }

    /// True if the record was in the set before the change.
    pub(super) fn contained(&self) -> Fragment {
        self.contains("$before")
    }

    /// True if this record, which may be NONE, is in the set.
    fn contains(&self, record: &str) -> Fragment {
        let found = Fragment::new("(SELECT VALUE true FROM ONLY ").text(record).text(" WHERE ");
        found.then(self.filter.clone()).text(") = true")
    }

    /// The record before the change, or NONE if it was not in the set then.
    fn before(&self) -> Fragment {
        Fragment::new("IF ").then(self.contained()).text(" { $before }")
    }

    /// The record after the change, or NONE if it is not in the set then.
    fn now(&self) -> Fragment {
        Fragment::new("(IF ").then(self.contains("$_now")).text(" { $_now })")
    }

    /// The action of the change on the set, in the words of the events of records.
    fn action(&self) -> Fragment {
        let action = Fragment::new("IF !").then(self.contains("$_now")).text(" { 'DELETE' } ELSE IF ");
        action.then(self.contained()).text(" { 'UPDATE' } ELSE { 'CREATE' }")
    }
}

/// Sets `$_now` to the record as the program is to see it after the change, or to NONE if there is none.
///
/// A record that an inner change has moved out of the filter is shown as it was when it passed last, because the change
/// after which it does not pass is not reported.
fn now(watched: &Watched) -> Fragment {
    let now = Fragment::new("LET $_now = (SELECT * FROM ONLY ($after ?? $before).id); ");
    match watched {
        Watched::Table | Watched::Set(_) => now,
        Watched::Filtered(filter) => {
            let now = now.text("LET $_now = IF $_now == NONE OR $_now == $after OR ");
            now.then(filter.contains("$_now")).text(" { $_now } ELSE { $after }; ")
        }
    }
}

/// The differences. After inner changes, whose differences were sent before, the whole record as it is now.
fn differences(watched: &Watched) -> Fragment {
    let [before, now] = match watched {
        Watched::Table | Watched::Filtered(_) => ["$before", "$_now"].map(Fragment::new),
        Watched::Set(set) => [set.before(), set.now()],
    };
    let differences = Fragment::new("IF $_now == $after { value::diff(").then(before).text(", ").then(now.clone());
    let whole = differences.text(") } ELSE { value::diff(").then(now.clone()).text(" == NONE, ");
    whole.then(now).text(") }")
}

fn action(watched: &Watched) -> Fragment {
    match watched {
        Watched::Table | Watched::Filtered(_) => {
            Fragment::new("IF $_now == NONE { 'DELETE' } ELSE IF $event == 'DELETE' { 'UPDATE' }")
        }
        Watched::Set(set) => set.action(),
    }
}

/// The record after the change, or the last state of a deleted one.
const SHOWN: &str = "$_now ?? $after ?? $before";

/// Measured: of the changes of one record in one transaction, one in twelve is late without this.
const HOLD: Duration = Duration::from_millis(5);

fn digest(record: &str) -> String {
    format!("crypto::blake3(<string> {record})")
}
