//! The ids of what a walk has come to.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::walk::Walk;
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::Response;
use crate::query::fragment::Fragment;
use crate::query::statement::{Call, Statement, send};
use crate::record::Record;
use crate::session::CallFuture;
use crate::value::Id;

/// The ids of the records that a walk has come to, given when awaited: each once, in no order.
///
/// The records themselves are not read: an id is there also if the identity may not see its record.
///
/// # Errors
///
/// Like [`Traverse`](crate::graph::Traverse).
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
#[must_use = "nothing is read until this is awaited"]
pub struct Reached<T> {
    walk: Walk,
    marker: PhantomData<fn() -> T>,
}

impl<T: Record> Reached<T> {
    pub(super) fn new(walk: Walk) -> Self {
        Self { walk, marker: PhantomData }
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.walk.set_deadline(deadline);
        self
    }

    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<T: Record> Statement for Reached<T> {
    type Output = Vec<Id<T, T::Key>>;

    fn call(&self) -> &Call {
        self.walk.call()
    }

    fn operation(&self) -> Operation {
        self.walk.operation()
    }

    fn surql(&self) -> Fragment {
        Fragment::new("RETURN ").then(self.walk.clone().into_fragment())
    }

    fn read(&self, response: &Response, index: usize) -> Result<Self::Output> {
        response.take(index)
    }
}

impl<T: Record> IntoFuture for Reached<T> {
    type Output = Result<Vec<Id<T, T::Key>>>;
    type IntoFuture = CallFuture<Vec<Id<T, T::Key>>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

/// The statement, without the values.
impl<T> fmt::Debug for Reached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reached({})", self.walk.clone().into_fragment())
    }
}
