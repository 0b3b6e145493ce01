//! EXPLAIN: how the server would read.

use std::fmt;
use std::time::Duration;

use crate::error::Result;
use crate::protocol::Operation;
use crate::query::Response;
use crate::query::fragment::Fragment;
use crate::query::statement::{Call, Statement, send};
use crate::session::CallFuture;

/// How the server would find what a select reads, asked when awaited: its plan as text, a line for each step.
///
/// It is for people to read, and not the same in every version of the server.
///
/// # Errors
///
/// Like [`Select`](crate::query::Select).
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
#[must_use = "nothing is asked until this is awaited"]
pub struct Explain {
    call: Call,
    operation: Operation,
    select: Fragment,
}

impl Explain {
    pub(super) fn new(call: Call, operation: Operation, select: Fragment) -> Self {
        Self { call, operation, select }
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.call.deadline = Some(deadline);
        self
    }

    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl Statement for Explain {
    type Output = String;

    fn call(&self) -> &Call {
        &self.call
    }

    fn operation(&self) -> Operation {
        self.operation.clone()
    }

    fn surql(&self) -> Fragment {
        Fragment::new("EXPLAIN ").then(self.select.clone())
    }

    fn read(&self, response: &Response, index: usize) -> Result<String> {
        response.take(index)
    }
}

impl IntoFuture for Explain {
    type Output = Result<String>;
    type IntoFuture = CallFuture<String>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

/// The statement, without the values.
impl fmt::Debug for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Explain({})", self.select)
    }
}
