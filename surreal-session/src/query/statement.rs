//! What builders have in common: each is one statement, and knows how to read its result.

use std::time::Duration;

use super::fragment::Fragment;
use super::{Query, Response};
use crate::error::{Error, Result};
use crate::protocol::Operation;
use crate::session::{CallFuture, Scope};

/// A builder of one statement. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a batch",
    label = "not a builder of one statement",
    note = "a query with text of its own cannot be part of one: run it by itself, or in a transaction"
)]
pub trait Statement: Send + Sized + 'static {
    /// What awaiting it gives.
    type Output;

    /// Where it runs, and how long its reply may take.
    #[doc(hidden)]
    fn call(&self) -> &Call;

    /// The name of the statement in messages.
    #[doc(hidden)]
    fn operation(&self) -> Operation;

    /// The statement.
    #[doc(hidden)]
    fn surql(&self) -> Fragment;

    /// Reads the result of the statement, which is the one at `index`.
    #[doc(hidden)]
    fn read(&self, response: &Response, index: usize) -> Result<Self::Output>;

    /// The error if it gives no record, where there has to be one.
    #[doc(hidden)]
    fn missing(&self) -> Option<Error> {
        None
    }

    /// The request.
    #[doc(hidden)]
    fn query(&self) -> Query {
        let Call { scope, deadline } = self.call().clone();
        self.surql().into_query(scope, self.operation(), deadline)
    }
}

/// Where a statement runs, and how long its reply may take.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) scope: Scope,
    pub(crate) deadline: Option<Duration>,
}

impl Call {
    pub(crate) fn new(scope: Scope) -> Self {
        Self { scope, deadline: None }
    }
}

/// Fails if there are more results than statements were sent: some text in them had statements of its own.
pub(super) fn expect(response: &Response, statements: usize) -> Result<()> {
    let results = response.len();
    if results <= statements {
        return Ok(());
    }
    let message = format!(
        "{statements} statements were built and {results} were carried out: a text of SurrealQL in them, such as that of \
         `Condition::raw`, ends the statement and begins another"
    );
    Err(Error::argument(message).answered())
}

/// Sends a statement and reads its result. Everything is encoded before the future is made.
pub(super) fn send<S: Statement>(statement: S) -> CallFuture<S::Output> {
    let query = statement.query();
    Box::pin(async move {
        let response = query.run().await?.named(statement.operation());
        expect(&response, 1)?;
        statement.read(&response, 0)
    })
}
