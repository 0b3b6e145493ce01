//! Builders of one statement: what they have in common, and how they are sent.

use std::time::Duration;

use super::fragment::Fragment;
use super::{Query, Response};
use crate::error::{Error, Result};
use crate::protocol::Operation;
use crate::session::{CallFuture, Scope};

/// A builder of one statement, as [`batch`](crate::Queryable::batch) accepts it. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a batch",
    label = "not a builder of one statement",
    note = "run SurrealQL text by itself or in a transaction: `session.query(..)` may have several statements"
)]
pub trait Statement: Send + Sized + 'static {
    /// The result of awaiting it, without errors.
    type Output;

    /// Returns where it runs, and how long its reply may take.
    #[doc(hidden)]
    fn call(&self) -> &Call;

    /// Returns the name of the statement in messages.
    #[doc(hidden)]
    fn operation(&self) -> Operation;

    /// Returns the statement with its values.
    #[doc(hidden)]
    fn surql(&self) -> Fragment;

    /// Reads the result of the statement, which is the one at `index`.
    #[doc(hidden)]
    fn read(&self, response: &Response, index: usize) -> Result<Self::Output>;

    /// Returns the error for a result without a record, if the statement must return one.
    #[doc(hidden)]
    fn missing(&self) -> Option<Error> {
        None
    }

    /// Returns the request.
    #[doc(hidden)]
    fn query(&self) -> Query {
        let Call { scope, deadline } = self.call().clone();
        self.surql().into_query(scope, self.operation(), deadline)
    }
}

/// The session or transaction of a statement, and its deadline.
#[doc(hidden)]
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

/// The methods that every builder of one statement has; the path leads to its `Call`.
macro_rules! builder_methods {
    ($($call:ident).+) => {
        /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.$($call).+.deadline = Some(deadline);
            self
        }

        /// Calls `apply` with this builder and the value if there is one: `.apply_if(limit, |q, limit| q.limit(limit))`.
        pub fn apply_if<O>(self, value: Option<O>, apply: impl FnOnce(Self, O) -> Self) -> Self {
            match value {
                Some(value) => apply(self, value),
                None => self,
            }
        }

        /// Returns the statement and the names bound to it, for logs. Never shows a value.
        pub fn to_surql(&self) -> String
        where
            Self: $crate::query::Statement,
        {
            $crate::query::Statement::surql(self).to_surql()
        }
    };
}

pub(super) use builder_methods;

/// Sends a statement and reads its result. Everything is encoded before the future is made.
pub(super) fn send<S: Statement>(statement: S) -> CallFuture<S::Output> {
    let query = statement.query();
    Box::pin(async move {
        let response = query.run().await?.named(statement.operation());
        expect(&response, 1)?;
        statement.read(&response, 0)
    })
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
