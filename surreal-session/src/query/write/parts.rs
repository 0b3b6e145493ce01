//! CREATE, UPDATE, UPSERT and DELETE: a verb and its clauses.

use std::time::Duration;

use super::{Returning, Shape, Verb};
use crate::error::{Error, Result};
use crate::protocol::{Operation, Target};
use crate::query::Response;
use crate::query::condition::Tree;
use crate::query::fragment::Fragment;
use crate::query::statement::Call;
use crate::session::Scope;

/// The clauses of a write, in the order in which the server wants them.
#[derive(Debug, Clone)]
pub(in crate::query) struct Parts {
    pub(in crate::query) call: Call,
    verb: Verb,
    pub(in crate::query) place: Place,
    pub(in crate::query) data: Option<Fragment>,
    pub(in crate::query) filter: Vec<Tree>,
    pub(in crate::query) timeout: Option<Duration>,
}

/// What a statement works on.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Place {
    pub(in crate::query) target: Fragment,
    /// What it is called in messages.
    pub(in crate::query) subject: String,
    pub(in crate::query) reach: Reach,
}

/// Which records a target stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Reach {
    One,
    Several,
    Table,
}

impl Parts {
    pub(in crate::query) fn new(scope: Scope, verb: Verb, place: Place) -> Self {
        Self { call: Call::new(scope), verb, place, data: None, filter: Vec::new(), timeout: None }
    }

    pub(in crate::query) fn operation(&self) -> Operation {
        Operation::statement(self.verb.name(), Target::shown(self.place.subject.clone()))
    }

    pub(in crate::query) fn surql<S: Shape, R: Returning>(&self) -> Fragment {
        self.clauses().text(" RETURN ").text(S::clause::<R>()).timeout(self.timeout)
    }

    /// The statement up to what it gives back.
    pub(in crate::query) fn clauses(&self) -> Fragment {
        let filter = (!self.filter.is_empty()).then(|| Tree::all(self.filter.clone()).for_write().into_fragment());
        let (target, filter) = match filter {
            Some(filter) if filter.reads_others() && self.place.reach != Reach::One => (self.found(filter), None),
            other => (self.place.target.clone(), other),
        };
        let mut statement = Fragment::new(self.verb.keyword()).text(" ").then(target);
        if let Some(data) = &self.data {
            statement = statement.text(" ").then(data.clone());
        }
        match filter {
            Some(filter) => statement.text(" WHERE ").then(filter),
            None => statement,
        }
    }

    /// The ids of the records that pass the filter, found before the first of them is written.
    ///
    /// The server (3.3.5) writes record by record, and looks at the next one when the one before is changed or deleted: a
    /// filter that follows a link to it would see the change.
    fn found(&self, filter: Fragment) -> Fragment {
        let target = self.place.target.clone();
        let ids = Fragment::new("(SELECT VALUE id FROM ").then(target.clone()).text(" WHERE ").then(filter).text(")");
        match (self.verb, self.place.reach) {
            // An upsert that finds nothing makes a record in the table.
            (Verb::Upsert, Reach::Table) => Fragment::new("(").then(ids).text(" ?: ").then(target).text(")"),
            (Verb::Upsert, _) => ids.refused("an upsert of several ids cannot be filtered by what other records have"),
            _ => ids,
        }
    }

    pub(in crate::query) fn read<S: Shape, R: Returning>(
        &self,
        response: &Response,
        index: usize,
    ) -> Result<S::Output<R>> {
        S::read::<R>(response, index, || self.no_record())
    }

    /// The error if there is no record, where there has to be one.
    pub(in crate::query) fn missing<S: Shape>(&self) -> Option<Error> {
        S::NEEDS_RECORD.then(|| self.no_record())
    }

    fn no_record(&self) -> Error {
        self.verb.missing(&self.place.subject, !self.filter.is_empty())
    }
}
