//! The reply to a batch.

use super::part::{MISSING, Part};
use crate::error::{Error, ErrorKind, Result, ServerError};
use crate::query::Response;
use crate::query::statement::Statement;

/// The results of a batch, by the index that each statement has in it.
#[derive(Debug)]
pub struct Answer {
    response: Response,
    parts: Vec<Part>,
    /// How many results come before those of the batch.
    offset: usize,
}

impl Answer {
    pub(super) fn new(response: Response, parts: Vec<Part>, offset: usize) -> Self {
        Self { response, parts, offset }
    }

    /// What the statement at `index` gives.
    pub(super) fn read<S: Statement>(&self, statement: &S, index: usize) -> Result<S::Output> {
        statement.read(&self.response, index + self.offset).map_err(|error| self.name(index, error))
    }

    /// Fails with the reason if nothing of an atomic batch is kept.
    pub(super) fn check_kept(&self) -> Result<()> {
        let Some((at, server)) = self.response.first_failure() else { return Ok(()) };
        let index = at.checked_sub(self.offset).filter(|index| *index < self.parts.len());
        Err(match index {
            Some(index) => self.name(index, self.failure(index, server)),
            None => uncommitted(server),
        })
    }

    /// The error of a statement in words of its own, where the server only says that its guard has thrown.
    fn failure(&self, index: usize, server: &ServerError) -> Error {
        match &self.parts[index].missing {
            Some(missing) if server.kind() == "Thrown" && server.message().ends_with(MISSING) => missing.clone(),
            _ => Error::from_statement(index, server.clone()),
        }
    }

    /// Says that other statements of the batch were carried out, if they may have changed anything.
    pub(super) fn partly_applied(&self, error: Error) -> Error {
        let Some(failed) = error.statement() else { return error };
        let is_done = |index: usize| self.response.is_ok(index) && self.parts[index].may_write();
        if !(0..self.parts.len()).any(|index| index != failed && is_done(index)) {
            return error;
        }
        let message = format!("statement {failed} of the batch failed, and others were carried out");
        Error::partly_applied(message, error).with_statement(failed)
    }

    fn name(&self, index: usize, error: Error) -> Error {
        error.with_statement(index).in_context(format_args!("`{}`", self.parts[index].surql))
    }
}

fn uncommitted(server: &ServerError) -> Error {
    let unknown = server.error_kind() == ErrorKind::CommitUnknown;
    let what = if unknown { "may or may not have been committed" } else { "was not committed" };
    Error::from_answer(format!("the batch {what}: {}", server.message()), server.clone())
}
