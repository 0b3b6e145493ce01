//! CREATE, UPDATE, UPSERT and DELETE: a verb and its clauses.

use std::time::Duration;

use super::{Returning, Shape, Verb};
use crate::error::{Error, Result};
use crate::query::Response;
use crate::query::condition::Tree;
use crate::query::fragment::Fragment;
use crate::query::statement::Call;
use crate::session::Scope;
use crate::value;

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
}

impl Parts {
    pub(in crate::query) fn new(scope: Scope, verb: Verb, place: Place) -> Self {
        Self { call: Call::new(scope), verb, place, data: None, filter: Vec::new(), timeout: None }
    }

    pub(in crate::query) fn surql<S: Shape, R: Returning>(&self) -> Fragment {
        self.clauses().text(" RETURN ").text(S::clause::<R>()).then(timeout(self.timeout))
    }

    /// The statement up to what it gives back.
    pub(in crate::query) fn clauses(&self) -> Fragment {
        let mut statement = Fragment::new(self.verb.keyword()).text(" ").then(self.place.target.clone());
        if let Some(data) = &self.data {
            statement = statement.text(" ").then(data.clone());
        }
        if !self.filter.is_empty() {
            statement = statement.text(" WHERE ").then(Tree::all(self.filter.clone()).into_fragment());
        }
        statement
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

/// The clause that limits how long the server works on a statement.
pub(in crate::query) fn timeout(limit: Option<Duration>) -> Fragment {
    match limit {
        Some(limit) => Fragment::new(" TIMEOUT ").value(&value::Duration::from(limit)),
        None => Fragment::default(),
    }
}
