//! A walk as SurrealQL: from one array of ids to the next.

use std::time::Duration;

use crate::protocol::{self, Operation};
use crate::query::condition::{Condition, Tree};
use crate::query::fragment::Fragment;
use crate::query::statement::Call;
use crate::value::escape_identifier;

#[derive(Debug, Clone)]
pub(super) struct Walk {
    call: Call,
    /// The start of the walk in messages.
    origin: protocol::Target,
    /// The ids of the records before the last step, as an array.
    from: Fragment,
    step: Option<Step>,
}

/// The last step, about which something can still be said.
#[derive(Debug, Clone)]
struct Step {
    arrow: &'static str,
    /// The edges; nothing for references.
    edges: Option<Target>,
    /// The records that it leads to; nothing if it ends at the edges.
    end: Option<Target>,
    /// How often it is made, if not once.
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

    pub(super) fn call(&self) -> &Call {
        &self.call
    }

    pub(super) fn set_deadline(&mut self, deadline: Duration) {
        self.call.deadline = Some(deadline);
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

    pub(super) fn repeat(&mut self, depth: Fragment) {
        if let Some(step) = &mut self.step {
            step.depth = Some(depth);
        }
    }

    /// The ids of what it has come to, as an array, each once.
    pub(super) fn into_fragment(self) -> Fragment {
        let Some(step) = self.step else {
            return self.from;
        };
        let steps = match &step.depth {
            Some(depth) => Fragment::new(".{").then(depth.clone()).text("+collect}(").then(step.surql()).text(")"),
            None => step.surql(),
        };
        // Each record of an array has an array of its own in the result.
        Fragment::new("array::group(").then(self.from).then(steps).text(")")
    }

    /// The same as what a SELECT reads from.
    ///
    /// Read right from a function, records are put in order before they are read (server 3.3.5), which is no order.
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
