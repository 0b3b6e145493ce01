//! The statements of a batch, and their results in the answer.

use crate::error::{Error, ErrorKind, Result, ServerError};
use crate::query::effect::may_write;
use crate::query::statement::Statement;
use crate::query::{Fragment, Response, Scope};
use crate::record::tuples;

/// Builders that can run as a batch: a tuple of up to twelve, or a `Vec` of builders of one type. Sealed.
///
/// SurrealQL text, a [`Query`](crate::Query), cannot be part of a batch: the number of its statements is not known, and a
/// RETURN in it would skip the statements after it.
///
/// ```compile_fail,E0277
/// # use surreal_session::prelude::*;
/// # fn example(session: Session) {
/// let batch = session.batch((session.run::<i64>("count"), session.query("CREATE user; CREATE user")));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot run as a batch",
    label = "neither a tuple of builders nor a `Vec` of builders",
    note = "pass builders without `.await`: `session.batch((first, second))`",
    note = "run SurrealQL text by itself or in a transaction: `session.query(..)` may have several statements"
)]
pub trait Statements: Send + 'static {
    /// The results without errors.
    type Output;

    /// The result of each.
    type Settled;

    #[doc(hidden)]
    fn parts(&self) -> Vec<BatchPart>;

    #[doc(hidden)]
    fn read(&self, answer: &BatchResponse) -> Result<Self::Output>;

    #[doc(hidden)]
    fn settle(&self, answer: &BatchResponse) -> Self::Settled;
}

macro_rules! statements {
    ($([$type:ident $_type:ident $_name:ident $index:tt])+) => {
        #[diagnostic::do_not_recommend]
        impl<$($type: Statement),+> Statements for ($($type,)+) {
            type Output = ($($type::Output,)+);
            type Settled = ($(Result<$type::Output>,)+);

            fn parts(&self) -> Vec<BatchPart> {
                vec![$(BatchPart::of(&self.$index)),+]
            }

            fn read(&self, answer: &BatchResponse) -> Result<Self::Output> {
                Ok(($(answer.read(&self.$index, $index)?,)+))
            }

            fn settle(&self, answer: &BatchResponse) -> Self::Settled {
                ($(answer.read(&self.$index, $index),)+)
            }
        }
    };
}

tuples! { statements }

#[diagnostic::do_not_recommend]
impl<S: Statement> Statements for Vec<S> {
    type Output = Vec<S::Output>;
    type Settled = Vec<Result<S::Output>>;

    fn parts(&self) -> Vec<BatchPart> {
        self.iter().map(BatchPart::of).collect()
    }

    fn read(&self, answer: &BatchResponse) -> Result<Self::Output> {
        self.iter().enumerate().map(|(index, statement)| answer.read(statement, index)).collect()
    }

    fn settle(&self, answer: &BatchResponse) -> Self::Settled {
        self.iter().enumerate().map(|(index, statement)| answer.read(statement, index)).collect()
    }
}

/// One statement of a batch, and what the answer needs to know about it.
#[derive(Debug)]
pub struct BatchPart {
    scope: Scope,
    pub(super) surql: Fragment,
    /// The error for a result without a record, if the statement must return one.
    missing: Option<Error>,
}

impl BatchPart {
    fn of<S: Statement>(statement: &S) -> Self {
        let scope = statement.call().scope.clone();
        let surql = statement.surql().closed(&scope);
        Self { scope, surql, missing: statement.missing() }
    }

    /// The statement, which fails on the server if it returns no record and must return one.
    pub(super) fn guarded(&self) -> Fragment {
        match self.missing {
            Some(_) => {
                let guard = format!("; IF !$_row {{ THROW '{MISSING}' }}; $_row }}");
                Fragment::new("{ LET $_row = (").then(self.surql.clone()).text(")").text(&guard)
            }
            None => self.surql.clone(),
        }
    }

    fn may_write(&self) -> bool {
        may_write(&self.surql.to_string())
    }
}

/// Finds the errors that are known before anything is sent.
pub(super) fn check(parts: &[BatchPart], scope: &Scope) -> Result<()> {
    for (index, part) in parts.iter().enumerate() {
        if !part.scope.is_same(scope) {
            let message = format!("statement {index} of the batch was made in another session or transaction");
            return Err(Error::argument(message).with_statement(index));
        }
        let in_batch = |error: Error| error.in_context(format_args!("statement {index} of the batch"));
        part.surql.check().map_err(|error| in_batch(error).with_statement(index))?;
    }
    Ok(())
}

/// The error of a guarded statement that returns no record.
const MISSING: &str = "surreal-session: no record";

/// The results of a batch, by the index of the statement.
#[derive(Debug)]
pub struct BatchResponse {
    response: Response,
    parts: Vec<BatchPart>,
    /// The number of results before those of the statements.
    offset: usize,
}

impl BatchResponse {
    pub(super) fn new(response: Response, parts: Vec<BatchPart>, offset: usize) -> Self {
        Self { response, parts, offset }
    }

    /// Reads the result of the statement at `index`.
    fn read<S: Statement>(&self, statement: &S, index: usize) -> Result<S::Output> {
        statement.read(&self.response, index + self.offset).map_err(|error| self.name(index, error))
    }

    /// Fails with the reason if an atomic batch was rolled back.
    pub(super) fn check_kept(&self) -> Result<()> {
        let Some((at, server)) = self.response.first_failure() else { return Ok(()) };
        let index = at.checked_sub(self.offset).filter(|index| *index < self.parts.len());
        Err(match index {
            Some(index) => self.name(index, self.failure(index, server)),
            None => uncommitted(server),
        })
    }

    /// The error of a statement: its own error where the server only reports that the guard has thrown.
    fn failure(&self, index: usize, server: &ServerError) -> Error {
        match &self.parts[index].missing {
            Some(missing) if server.kind() == "Thrown" && server.message().ends_with(MISSING) => missing.clone(),
            _ => Error::from_statement(index, server.clone()),
        }
    }

    /// Marks the error if other statements of the batch were carried out that may have changed something.
    pub(super) fn partly_applied(&self, error: Error) -> Error {
        let Some(failed) = error.statement() else { return error };
        let is_done = |index: usize| self.response.is_ok(index) && self.parts[index].may_write();
        if !(0..self.parts.len()).any(|index| index != failed && is_done(index)) {
            return error;
        }
        let message = format!("statement {failed} of the batch failed, and others were carried out");
        Error::partly_applied(message, error).with_statement(failed)
    }

    /// Names the statement in its error, which says nothing about the others: `partly_applied` does.
    fn name(&self, index: usize, error: Error) -> Error {
        error.with_statement(index).with_partial(false).in_context(format_args!("`{}`", self.parts[index].surql))
    }
}

fn uncommitted(server: &ServerError) -> Error {
    let unknown = server.error_kind() == ErrorKind::CommitUnknown;
    let what = if unknown { "may or may not have been committed" } else { "was not committed" };
    Error::from_answer(format!("the batch {what}: {}", server.message()), server.clone())
}
