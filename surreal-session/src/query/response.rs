//! The results of a query, statement by statement.

use std::time::Duration;

use serde::Deserialize;

use super::{Results, results};
use crate::codec;
use crate::error::{Error, Result, ServerError};
use crate::protocol::{Outcome, Statement, misfit};

/// What a [`Query`](super::Query) gave: one result for each statement, in their order.
///
/// LET, USE, BEGIN and COMMIT are statements too and have results of their own (NONE). Nothing is decoded until it is
/// [taken](Self::take).
#[derive(Debug)]
pub struct Response {
    statements: Vec<Statement>,
}

impl Response {
    pub(super) fn new(statements: Vec<Statement>) -> Self {
        Self { statements }
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
        let statement = self.statements.get(index).ok_or_else(|| {
            let count = self.statements.len();
            Error::argument(format!("there is no statement {index}: the query has {count}")).answered()
        })?;
        match &statement.outcome {
            Outcome::Ok(result) => {
                codec::decode_row(result).map_err(|error| misfit(result, &error).with_statement(index))
            }
            Outcome::Failed(error) => Err(self.cause(index, error)),
        }
    }

    /// Decodes the results of all statements at once, as a tuple with an element for each of them.
    ///
    /// Each element is taken as by [`take`](Self::take); `()` stands for a statement without a result, such as LET.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check) if a statement failed, and like [`take`](Self::take) if a result does not fit;
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there are more or fewer statements than elements.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use surreal_session::prelude::*;
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// let text = "SELECT VALUE name FROM user WHERE age >= 18 LIMIT 20; RETURN count(SELECT 1 FROM user)";
    /// let (names, total): (Vec<String>, usize) = session.query(text).await?.take_all()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_all<'de, T: Results<'de>>(&'de self) -> Result<T> {
        if let Some(error) = self.failure() {
            return Err(error);
        }
        let (statements, elements) = (self.len(), results::count::<T>());
        if statements != elements {
            let message = format!("a tuple of {elements} cannot take the results of {statements} statements");
            return Err(Error::argument(message).answered());
        }
        results::decode(self)
    }

    /// Gives the response back if every statement succeeded.
    ///
    /// # Errors
    ///
    /// The first failure that is not just the echo of another: in a failed transaction block most statements
    /// report only that they were not executed.
    pub fn check(self) -> Result<Self> {
        match self.failure() {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    /// The first failure, or what caused it.
    fn failure(&self) -> Option<Error> {
        let mut statements = self.statements.iter().enumerate();
        let (index, error) = statements.find_map(|(index, statement)| Some((index, statement.error()?)))?;
        Some(self.cause(index, error))
    }

    /// The error of a statement, or the one that it is an echo of.
    ///
    /// In a transaction block that failed, every statement behind BEGIN has, and one of them is the cause (server 3.3.5).
    fn cause(&self, index: usize, error: &ServerError) -> Error {
        let begin = self.statements[..index].iter().rposition(|statement| statement.error().is_none());
        let block = self.statements.iter().enumerate().skip(begin.map_or(0, |begin| begin + 1));
        let mut failures = block.map_while(|(index, statement)| Some((index, statement.error()?)));
        let real = if is_echo(error) { failures.find(|(_, other)| !is_echo(other)) } else { None };
        let (index, error) = real.unwrap_or((index, error));
        Error::from_statement(index, error.clone())
    }
}

/// Whether a statement only failed because its transaction did.
fn is_echo(error: &ServerError) -> bool {
    error.kind() == "Query" && (error.is_detail("NotExecuted") || error.is_detail("Cancelled"))
}
