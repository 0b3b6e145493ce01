//! CREATE, UPDATE, UPSERT and DELETE: a verb and its clauses.

use std::time::Duration;

use super::{Returning, Shape};
use crate::error::{Error, ErrorKind, Result};
use crate::query::Response;
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
    pub(in crate::query) condition: Option<Fragment>,
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

#[derive(Debug, Clone, Copy)]
pub(in crate::query) enum Verb {
    Create,
    Update,
    Upsert,
    Delete,
    Relate,
}

impl Verb {
    fn keyword(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Upsert => "UPSERT",
            Self::Delete => "DELETE",
            Self::Relate => "RELATE",
        }
    }

    /// Why a write may have touched nothing without failing.
    fn explain(self, subject: &str) -> String {
        let (action, missing) = match self {
            Self::Create | Self::Relate => ("create", ""),
            Self::Update => ("update", "it does not exist, or "),
            Self::Upsert => ("create, update", ""),
            Self::Delete => ("delete", "it does not exist, or "),
        };
        format!("no record came back for `{subject}`: {missing}this session may not {action} or read it")
    }
}

impl Parts {
    pub(in crate::query) fn new(scope: Scope, verb: Verb, place: Place) -> Self {
        Self { call: Call::new(scope), verb, place, data: None, condition: None, timeout: None }
    }

    pub(in crate::query) fn surql<S: Shape, R: Returning>(&self) -> Fragment {
        let mut statement = Fragment::new(self.verb.keyword()).text(" ").then(self.place.target.clone());
        if let Some(data) = &self.data {
            statement = statement.text(" ").then(data.clone());
        }
        if let Some(condition) = &self.condition {
            statement = statement.text(" WHERE ").then(condition.clone());
        }
        statement.text(" RETURN ").text(S::clause::<R>()).then(timeout(self.timeout))
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
        Error::new(ErrorKind::NotFound, self.verb.explain(&self.place.subject)).answered()
    }
}

/// The clause that limits how long the server works on a statement.
pub(in crate::query) fn timeout(limit: Option<Duration>) -> Fragment {
    match limit {
        Some(limit) => Fragment::new(" TIMEOUT ").value(&value::Duration::from(limit)),
        None => Fragment::default(),
    }
}
