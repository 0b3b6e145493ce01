//! The results of a query, statement by statement.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::codec;
use crate::error::{Error, Result, ServerError};
use crate::protocol::{Outcome, Statement, misfit, read_statements};

/// What a [`Query`](super::Query) gave: one result for each statement, in their order.
///
/// LET, USE, BEGIN and COMMIT are statements too and have results of their own (NONE). Nothing is decoded until it is
/// [taken](Self::take).
#[derive(Debug)]
pub struct Response {
    statements: Vec<Statement>,
}

impl Response {
    /// Takes the reply to a `query` request apart.
    pub(crate) fn read(reply: &Bytes) -> Result<Self> {
        Ok(Self { statements: read_statements(reply)? })
    }

    /// How many statements there were.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether the text had no statement at all.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// How long the server says that the statement at `index` took.
    pub fn time(&self, index: usize) -> Option<Duration> {
        self.statements.get(index)?.time
    }

    /// Decodes the result of the statement at `index`, counted from 0.
    ///
    /// A `Vec` takes any number of rows. Everything else takes the value itself, or the only row of a result of one
    /// row; an `Option` is `None` for NONE, NULL and a result of no rows. Taking does not consume: text may be borrowed
    /// from the response, and a result may be taken twice.
    ///
    /// # Errors
    ///
    /// The statement's error if it failed, or its cause if it was only not executed because another one failed;
    /// [`Decode`](crate::ErrorKind::Decode), which names record and path, if the result does not fit `T`;
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there is no such statement.
    pub fn take<'de, T: Deserialize<'de>>(&'de self, index: usize) -> Result<T> {
        let result = self.result(index)?;
        codec::decode_row(result).map_err(|error| misfit(result, &error).with_statement(index))
    }

    /// The result of the statement at `index` as it came.
    pub(crate) fn result(&self, index: usize) -> Result<&Bytes> {
        let statement = self.statements.get(index).ok_or_else(|| {
            let count = self.statements.len();
            Error::argument(format!("there is no statement {index}: the query has {count}")).answered()
        })?;
        match &statement.outcome {
            Outcome::Ok(result) => Ok(result),
            Outcome::Failed(error) => Err(self.cause(index, error)),
        }
    }

    /// Gives the response back if every statement succeeded.
    ///
    /// # Errors
    ///
    /// The first failure that is not just the echo of another: in a failed transaction block most statements
    /// report only that they were not executed.
    pub fn check(self) -> Result<Self> {
        let first = self.failures().find(|(_, error)| !is_echo(error)).or_else(|| self.failures().next());
        match first.map(|(index, error)| Error::from_statement(index, error.clone())) {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    fn failures(&self) -> impl Iterator<Item = (usize, &ServerError)> {
        self.statements.iter().enumerate().filter_map(|(index, statement)| match &statement.outcome {
            Outcome::Failed(error) => Some((index, error)),
            Outcome::Ok(_) => None,
        })
    }

    fn cause(&self, index: usize, error: &ServerError) -> Error {
        let real = if is_echo(error) { self.failures().find(|(_, other)| !is_echo(other)) } else { None };
        let (index, error) = real.unwrap_or((index, error));
        Error::from_statement(index, error.clone())
    }
}

/// Whether a statement only failed because its transaction did.
fn is_echo(error: &ServerError) -> bool {
    error.kind() == "Query" && (error.is_detail("NotExecuted") || error.is_detail("Cancelled"))
}
