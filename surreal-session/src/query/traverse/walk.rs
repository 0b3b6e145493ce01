//! The text of a traversal: from one array of ids to the next.

use std::ops::{Bound, RangeBounds};

use crate::protocol::{self, Operation};
use crate::query::condition::{Condition, Tree};
use crate::query::statement::{Call, Fragment};
use crate::value::escape_identifier;

#[derive(Debug, Clone)]
pub(super) struct Walk {
    pub(super) call: Call,
    /// The start of the walk in messages.
    origin: protocol::Target,
    /// The ids of the records before the last step, as an array.
    from: Fragment,
    step: Option<Step>,
}

/// The last step, whose clauses can still change.
#[derive(Debug, Clone)]
struct Step {
    arrow: &'static str,
    /// The edges; nothing for references.
    edges: Option<Target>,
    /// The records that it leads to; nothing if it ends at the edges.
    end: Option<Target>,
    /// The number of times that it is made, if not once.
    depth: Option<Fragment>,
}

#[derive(Debug, Clone)]
struct Target {
    table: &'static str,
    /// The field of a reference.
    field: Option<Fragment>,
    filter: Vec<Tree>,
}

impl Walk {
    pub(super) fn new(call: Call, origin: protocol::Target, from: Fragment) -> Self {
        Self { call, origin, from, step: None }
    }

    pub(super) fn operation(&self) -> Operation {
        Operation::statement("traverse", self.origin.clone())
    }

    /// Goes to the edges in a table.
    pub(super) fn follow(&mut self, arrow: &'static str, table: &'static str) {
        self.begin(Step { arrow, edges: Some(Target::new(table)), end: None, depth: None });
    }

    /// Goes on to the records that they lead to.
    pub(super) fn arrive(&mut self, table: &'static str) {
        if let Some(step) = &mut self.step {
            step.end = Some(Target::new(table));
        }
    }

    /// Goes to the records with a reference in this field.
    pub(super) fn go_back(&mut self, table: &'static str, field: Fragment) {
        let end = Target { field: Some(field), ..Target::new(table) };
        self.begin(Step { arrow: "<~", edges: None, end: Some(end), depth: None });
    }

    pub(super) fn filter_edges<R>(&mut self, condition: Condition<R>) {
        if let Some(Step { edges: Some(edges), .. }) = &mut self.step {
            edges.filter.push(condition.into_tree());
        }
    }

    pub(super) fn filter_end<R>(&mut self, condition: Condition<R>) {
        if let Some(Step { end: Some(end), .. }) = &mut self.step {
            end.filter.push(condition.into_tree());
        }
    }

    pub(super) fn repeat(&mut self, steps: impl RangeBounds<u16>) {
        if let Some(step) = &mut self.step {
            step.depth = Some(depth(steps));
        }
    }

    /// The ids of the records or edges at which it has arrived, as an array, each once.
    pub(super) fn into_fragment(self) -> Fragment {
        let Some(step) = self.step else {
            return self.from;
        };
        let steps = match &step.depth {
            Some(depth) => Fragment::new(".{").then(depth.clone()).text("+collect}(").then(step.surql()).text(")"),
            None => step.surql(),
        };
        // The result is an array of arrays, one for each record.
        Fragment::new("array::group(").then(self.from).then(steps).text(")")
    }

    /// The same as the target of a SELECT.
    ///
    /// If a SELECT reads from a function directly, the server (3.3.5) orders the ids and not the records.
    pub(super) fn into_source(self) -> Fragment {
        match self.step {
            Some(_) => Fragment::new("{ ").then(self.into_fragment()).text(" }"),
            None => self.into_fragment(),
        }
    }

    fn begin(&mut self, step: Step) {
        self.from = self.clone().into_fragment();
        self.step = Some(step);
    }
}

impl Step {
    fn surql(&self) -> Fragment {
        let targets = [&self.edges, &self.end].into_iter().flatten();
        targets.fold(Fragment::default(), |text, target| text.text(self.arrow).then(target.surql()))
    }
}

impl Target {
    fn new(table: &'static str) -> Self {
        Self { table, field: None, filter: Vec::new() }
    }

    fn surql(&self) -> Fragment {
        let table = Fragment::new("(").text(&escape_identifier(self.table));
        let table = self.field.iter().fold(table, |text, field| text.text(" FIELD ").then(field.clone()));
        match self.filter.is_empty() {
            true => table.text(")"),
            false => table.text(" WHERE ").then(Tree::all(self.filter.iter().cloned()).into_fragment()).text(")"),
        }
    }
}

/// The number of steps as SurrealQL: `1..3`, or `2..`.
fn depth(steps: impl RangeBounds<u16>) -> Fragment {
    let least = match steps.start_bound() {
        Bound::Included(least) => *least,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 1,
    };
    let most = match steps.end_bound() {
        Bound::Included(most) => Some(*most),
        Bound::Excluded(after) => Some(after.saturating_sub(1)),
        Bound::Unbounded => None,
    };
    let text = format!("{least}..{}", most.map_or_else(String::new, |most| most.to_string()));
    let end = most.unwrap_or(MAX);
    match (1..=MAX).contains(&least) && least <= end && end <= MAX {
        true => Fragment::new(text),
        false => {
            let given = most.map_or(text, |most| format!("{least}..={most}"));
            Fragment::default().refused(&format!("a depth of {given} is not a range between 1 and {MAX}"))
        }
    }
}

/// The largest number of steps that the server (3.3.5) makes.
const MAX: u16 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_a_range_that_the_server_takes() {
        for (fragment, expected) in [
            (depth(1..=3), "1..3"),
            (depth(1..4), "1..3"),
            (depth(2..), "2.."),
            (depth(..=2), "1..2"),
            (depth(..), "1.."),
            (depth(256..=256), "256..256"),
            (depth((Bound::Excluded(1), Bound::Unbounded)), "2.."),
        ] {
            assert_eq!(fragment.to_string(), expected);
        }
        for refused in [depth(0..=2), depth(1..1), depth(..=0), depth(1..=257), depth(257..)] {
            assert!(refused.is_refused(), "{refused}");
        }
        #[expect(clippy::reversed_empty_ranges, reason = "this is what is refused")]
        let reversed = depth(3..=1);
        assert!(reversed.is_refused(), "{reversed}");
    }
}
