//! The results of a query, statement by statement.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::codec;
use crate::error::{Error, Result, ServerError};
use crate::protocol::{Outcome, Statement, first_failure, is_echo, misfit, read_statements};
use crate::transaction::Witness;

/// What a [`Query`](super::Query) gave: one result for each statement, in their order.
///
/// LET, USE, BEGIN and COMMIT are statements too and have results of their own (NONE). Nothing is decoded until it is
/// [taken](Self::take).
#[derive(Debug)]
pub struct Response {
    statements: Vec<Statement>,
    /// For a query that may have written something in a transaction.
    witness: Option<Witness>,
}

impl Response {
    /// Takes the reply to a `query` request apart.
    pub(crate) fn read(reply: &Bytes) -> Result<Self> {
        Ok(Self::new(read_statements(reply)?, None))
    }

    pub(super) fn new(statements: Vec<Statement>, witness: Option<Witness>) -> Self {
        Self { statements, witness }
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
    /// In a transaction, a result of a write that does not fit `T` makes the [transaction](crate::Transaction) fail.
    ///
    /// # Errors
    ///
    /// The statement's error if it failed, or its cause if it was only not executed because another one failed;
    /// [`Decode`](crate::ErrorKind::Decode), which names record and path, if the result does not fit `T`;
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there is no such statement.
    pub fn take<'de, T: Deserialize<'de>>(&'de self, index: usize) -> Result<T> {
        let result = self.result(index)?;
        codec::decode_row(result).map_err(|error| {
            let error = misfit(result, &error).with_statement(index);
            if let Some(witness) = &self.witness {
                witness.fail(&error);
            }
            error
        })
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
        match self.first_failure() {
            Some((index, error)) => Err(Error::from_statement(index, error.clone())),
            None => Ok(self),
        }
    }

    /// Whether there is a statement at `index` that succeeded.
    pub(super) fn is_ok(&self, index: usize) -> bool {
        self.statements.get(index).is_some_and(|statement| matches!(statement.outcome, Outcome::Ok(_)))
    }

    /// The failure that [`check`](Self::check) tells of.
    pub(super) fn first_failure(&self) -> Option<(usize, &ServerError)> {
        first_failure(&self.statements)
    }

    fn cause(&self, index: usize, error: &ServerError) -> Error {
        let real = if is_echo(error) { self.first_failure() } else { None };
        let (index, error) = real.filter(|(_, real)| !is_echo(real)).unwrap_or((index, error));
        Error::from_statement(index, error.clone())
    }
}
