//! The results of a query, statement by statement.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::codec::reader::Reader;
use crate::codec::{self, NONE};
use crate::error::{Error, Result, ServerError};
use crate::protocol::{Operation, Outcome, StatementResult, decode_error, first_failure, is_echo, read_statements};
use crate::record::tuples;
use crate::transaction::DecodeGuard;

/// The results of a [`Query`](super::Query): one for each statement, in their order.
///
/// LET, USE, BEGIN and COMMIT are statements too, and their result is NONE. Results are decoded by [`take`](Self::take).
#[must_use = "a failed statement is only an error if `check`, `take` or `take_all` is called; or use `execute`"]
#[derive(Debug)]
pub struct Response {
    statements: Vec<StatementResult>,
    /// The name of the builder that it is the answer to; `None` for text.
    operation: Option<Operation>,
    /// Set for a query that may have written something in a transaction.
    decode_guard: Option<DecodeGuard>,
}

impl Response {
    /// Reads the reply to a `query` request.
    pub(crate) fn read(reply: &Bytes) -> Result<Self> {
        Ok(Self::new(read_statements(reply)?, None))
    }

    pub(super) fn new(statements: Vec<StatementResult>, decode_guard: Option<DecodeGuard>) -> Self {
        Self { statements, operation: None, decode_guard }
    }

    /// Names the operation in the error of its statement, instead of the statement's index.
    pub(crate) fn named(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Returns the number of statements.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Returns whether the text had no statements.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Returns the time that the server reports for the statement at `index`.
    pub fn time(&self, index: usize) -> Option<Duration> {
        self.statements.get(index)?.time
    }

    /// Decodes the result of the statement at `index`, counted from 0.
    ///
    /// A `Vec` takes any number of rows. Any other type takes the value itself, or the only row of a result with one row.
    /// An `Option` is `None` for NONE, NULL and a result without rows. The response keeps the result: text may borrow from
    /// it, and a result may be taken twice.
    ///
    /// In a [transaction](crate::Transaction), a result of a write that does not fit `T` makes the transaction fail.
    ///
    /// # Errors
    ///
    /// The error of the statement if it failed, or the cause if it was not executed because another one failed;
    /// [`Decode`](crate::ErrorKind::Decode), which names record and path, if the result does not fit `T`;
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there is no such statement.
    pub fn take<'de, T: Deserialize<'de>>(&'de self, index: usize) -> Result<T> {
        let result = self.result(index)?;
        codec::decode_row(result).map_err(|error| {
            let error = decode_error(result, &error).with_statement(index);
            if let Some(guard) = &self.decode_guard {
                guard.fail(&error);
            }
            error
        })
    }

    /// Returns the encoded result of the statement at `index`.
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

    /// Decodes the results of all statements as a tuple with an element for each statement.
    ///
    /// Each element is decoded as by [`take`](Self::take). Use `()` for a statement without a result, such as LET.
    ///
    /// # Errors
    ///
    /// Like [`check`](Self::check) if a statement failed, and like [`take`](Self::take) if a result does not fit;
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if there are more or fewer statements than elements.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("CREATE user SET name = 'Ada', age = 36; CREATE user SET name = 'Bob', age = 7").await?;
    /// let text = "SELECT VALUE name FROM user WHERE age >= 18 LIMIT 20; RETURN count(SELECT 1 FROM user)";
    /// let (names, total): (Vec<String>, usize) = session.query(text).await?.take_all()?;
    /// assert_eq!((names, total), (vec!["Ada".to_owned()], 2));
    /// # Ok(()) });
    /// ```
    pub fn take_all<'de, T: Results<'de>>(&'de self) -> Result<T> {
        if let Some(error) = self.failure() {
            return Err(error);
        }
        let (statements, elements) = (self.len(), T::COUNT);
        if statements != elements {
            let message = format!("a tuple of {elements} cannot take the results of {statements} statements");
            return Err(Error::argument(message).answered());
        }
        T::decode(self)
    }

    /// Returns the response if every statement succeeded, and an error otherwise.
    ///
    /// # Errors
    ///
    /// The first failure that is the cause of others: in a failed transaction block most statements report only that they
    /// were not executed.
    pub fn check(self) -> Result<Self> {
        match self.failure() {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    /// Returns whether the statement at `index` exists and succeeded.
    pub(super) fn is_ok(&self, index: usize) -> bool {
        self.statements.get(index).is_some_and(|statement| matches!(statement.outcome, Outcome::Ok(_)))
    }

    /// Returns the first failure of a transaction block that is not caused by another.
    pub(super) fn first_failure(&self) -> Option<(usize, &ServerError)> {
        first_failure(&self.statements)
    }

    /// The number of rows of all results.
    pub(super) fn rows(&self) -> usize {
        let rows = |statement: &StatementResult| match &statement.outcome {
            Outcome::Ok(result) if **result == *NONE => 0,
            Outcome::Ok(result) => Reader::new(result).array().map_or(1, |length| length.unwrap_or(1)),
            Outcome::Failed(_) => 0,
        };
        self.statements.iter().map(rows).sum()
    }

    /// Returns the cause of the first failure.
    pub(super) fn failure(&self) -> Option<Error> {
        let mut statements = self.statements.iter().enumerate();
        let (index, error) = statements.find_map(|(index, statement)| Some((index, statement.error()?)))?;
        Some(self.cause(index, error))
    }

    /// Returns the error of a statement, or the error of the statement that caused it.
    ///
    /// In a failed transaction block every statement after BEGIN fails, and one of them is the cause (server 3.3.5).
    fn cause(&self, index: usize, error: &ServerError) -> Error {
        let begin = self.statements[..index].iter().rposition(|statement| statement.error().is_none());
        let block = self.statements.iter().enumerate().skip(begin.map_or(0, |begin| begin + 1));
        let mut failures = block.map_while(|(index, statement)| Some((index, statement.error()?)));
        // If none is the cause, only the commit failed: it is the last and has the reason.
        let last = failures.clone().last();
        let is_block = failures.clone().any(|(_, error)| is_echo(error));
        let real = if is_echo(error) { failures.find(|(_, other)| !is_echo(other)).or(last) } else { None };
        let (index, error) = real.unwrap_or((index, error));
        let error = match &self.operation {
            Some(operation) => Error::from_operation(operation, error.clone()).with_statement(index),
            None => Error::from_statement(index, error.clone()),
        };
        error.with_partial(self.has_applied(begin.filter(|_| is_block)))
    }

    /// Returns whether a statement other than `begin` may have been applied, in spite of the failure of others.
    fn has_applied(&self, begin: Option<usize>) -> bool {
        // In a transaction, nothing is kept.
        self.decode_guard.is_none() && (0..self.len()).any(|index| Some(index) != begin && self.is_ok(index))
    }
}

/// The result of [`Response::take_all`]: a tuple of up to twelve, with an element for each statement. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple of results",
    note = "write the result of one statement as a tuple with a comma: `(Vec<User>,)`"
)]
pub trait Results<'de>: Sized {
    #[doc(hidden)]
    const COUNT: usize;

    #[doc(hidden)]
    fn decode(response: &'de Response) -> Result<Self>;
}

macro_rules! results {
    ($([$type:ident $_type:ident $_name:ident $index:tt])+) => {
        impl<'de, $($type: Deserialize<'de>),+> Results<'de> for ($($type,)+) {
            const COUNT: usize = [$($index),+].len();

            fn decode(response: &'de Response) -> Result<Self> {
                Ok(($(response.take::<$type>($index)?,)+))
            }
        }
    };
}

tuples! { results }

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Server 3.0 has no result for a COMMIT that fails.
    #[test]
    fn commit_that_conflicts_is_retryable_on_all_servers() {
        let begun = BTreeMap::from([("status", "OK"), ("result", "")]);
        let why = "Query not executed: Transaction conflict: Write conflict, retry the transaction. This transaction can be \
                   retried";
        let failed = BTreeMap::from([("status", "ERR"), ("kind", "Internal"), ("result", why)]);
        let reply = codec::encode(&[begun, failed.clone(), failed]).unwrap();
        let error = Response::read(&reply).unwrap().check().unwrap_err();
        assert!(error.is_conflict() && error.is_retryable() && error.is_safe_to_repeat(), "{error:?}");
    }
}
