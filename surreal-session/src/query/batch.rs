//! Several statements in one request.
//!
//! [`Batch`], [`AtomicBatch`] and [`SettledBatch`] differ in what a failure means. `statements` makes the request from the
//! builders and reads their results from the answer.

mod statements;

use std::fmt;
use std::time::Duration;

use super::statement::{apply_if, expect};
use super::{Fragment, Query, Response, Scope};
use crate::connection::Patience;
use crate::error::Result;
use crate::protocol::Operation;
use crate::session::CallFuture;
pub use statements::Statements;
use statements::{BatchPart, BatchResponse, check};

/// Statements to run in one request: awaiting it returns the results of all of them, or the first error.
///
/// Takes a tuple of up to twelve builders, or a `Vec` of builders of one type, and returns a tuple or a `Vec` of what
/// awaiting each of them would return. They run in their order, each as if it were sent alone: if one fails, the others are
/// carried out all the same, except in a transaction, whose first failure ends it. Use [`atomic`](Self::atomic) for all or
/// nothing, and [`settle`](Self::settle) for a result of each.
///
/// An empty `Vec` sends no request.
///
/// # Errors
///
/// The first failure, with the index and the text of the statement.
/// [`PartlyApplied`](crate::ErrorKind::PartlyApplied) if others were carried out that may have changed something: running
/// the batch again would repeat them.
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), before anything is sent, for a builder of another session or
/// transaction.
///
/// # Cancel safety
///
/// See [`CallFuture`]. After a dropped call any number of the statements may have been carried out; of an atomic batch all
/// or none.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # surreal_session_embedded::example(async |session| {
/// let ada = session.create::<User>().id("ada").content(NewUser { name: "Ada".into() });
/// let bob = session.create::<User>().id("bob").content(NewUser { name: "Bob".into() });
/// let (ada, bob) = session.batch((ada, bob)).atomic().await?;
/// assert_eq!((ada.name.as_str(), bob.name.as_str()), ("Ada", "Bob"));
///
/// let (users, length) =
///     session.batch((session.select::<User>(), session.run::<i64>("array::len").args(([1, 2],)))).await?;
/// assert_eq!((users.len(), length), (2, 2));
/// # Ok(()) });
/// ```
#[must_use = "nothing is run until this is awaited"]
pub struct Batch<B>(BatchInner<B>);

/// Statements of which all or none take effect: awaiting it returns the results of all of them, or the failure.
///
/// Made by [`Batch::atomic`]. The statements are a transaction, which sees what [`Transaction`](crate::Transaction)
/// describes under *Isolation*. In an open transaction they are part of that one.
///
/// # Errors
///
/// The failure that stopped it, with the index and the text of the statement. A write of one record that finds none fails as
/// well. [`Conflict`](crate::ErrorKind::Conflict) if another transaction was first to commit a write to the same record: the
/// batch may be run again. After these errors no statement has taken effect.
///
/// If a record does not fit its type, the error is [`Decode`](crate::ErrorKind::Decode) and says that the whole batch was
/// committed. If [`Error::delivery`](crate::Error::delivery) is unknown, the batch may or may not have been committed.
#[must_use = "nothing is run until this is awaited"]
pub struct AtomicBatch<B>(BatchInner<B>);

/// Statements of which each has its own result: awaiting it returns a tuple or a `Vec` of `Result`s.
///
/// Made by [`Batch::settle`].
///
/// # Errors
///
/// Those of the request as a whole, if it was not sent, lost or refused.
#[must_use = "nothing is run until this is awaited"]
pub struct SettledBatch<B>(BatchInner<B>);

#[derive(Clone)]
struct BatchInner<B> {
    scope: Scope,
    statements: B,
    deadline: Patience,
}

impl<B: Statements> Batch<B> {
    pub(super) fn new(scope: Scope, statements: B) -> Self {
        Self(BatchInner { scope, statements, deadline: Patience::default() })
    }

    /// Makes the batch all or nothing: if a statement fails, none of them takes effect.
    pub fn atomic(self) -> AtomicBatch<B> {
        AtomicBatch(self.0)
    }

    /// Returns a result for each statement, instead of the first error.
    pub fn settle(self) -> SettledBatch<B> {
        SettledBatch(self.0)
    }
}

macro_rules! batch_methods {
    ($name:ident, $form:expr) => {
        impl<B: Statements> $name<B> {
            /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline). Deadlines of the
            /// builders do not count.
            pub fn deadline(mut self, deadline: Duration) -> Self {
                self.0.deadline.end_after(deadline);
                self
            }

            /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
            /// [`Connect::fail_fast`](crate::Connect::fail_fast).
            pub fn fail_fast(mut self) -> Self {
                self.0.deadline.fail_fast();
                self
            }

            apply_if! {}

            /// Returns the statements and the names bound to them, for logs. Never shows a value.
            pub fn to_surql(&self) -> String {
                let form: fn(&Scope) -> BatchForm = $form;
                BatchInner::<B>::text(&self.0.statements.parts(), form(&self.0.scope)).to_surql()
            }
        }

        impl<B: Clone> Clone for $name<B> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<B> fmt::Debug for $name<B> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

batch_methods! { Batch, |_| BatchForm::Separate }
batch_methods! { AtomicBatch, BatchForm::atomic_in }
batch_methods! { SettledBatch, |_| BatchForm::Separate }

/// The way in which the statements are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BatchForm {
    Separate,
    /// In a transaction that is open: a write of one record that finds none fails on the server.
    Guarded,
    /// The same in a transaction block.
    Block,
}

impl BatchForm {
    fn atomic_in(scope: &Scope) -> Self {
        if scope.transaction().is_some() { Self::Guarded } else { Self::Block }
    }

    /// The number of results before those of the statements, and after them.
    fn offset(self) -> usize {
        usize::from(self == Self::Block)
    }
}

impl<B: Statements> BatchInner<B> {
    /// Encodes everything.
    fn request(&self, form: BatchForm) -> BatchRequest {
        let parts = self.statements.parts();
        let text = Self::text(&parts, form);
        let text = match check(&parts, &self.scope) {
            Ok(()) => text,
            Err(error) => Fragment::default().failed(error).then(text),
        };
        let query = text.into_query(self.scope.clone(), Operation::batch(parts.len()), self.deadline);
        BatchRequest { query, parts, offset: form.offset() }
    }

    fn text(parts: &[BatchPart], form: BatchForm) -> Fragment {
        let pieces = parts.iter().map(|part| match form {
            BatchForm::Separate => part.surql.clone(),
            BatchForm::Guarded | BatchForm::Block => part.guarded(),
        });
        match form {
            BatchForm::Separate | BatchForm::Guarded => Fragment::default().joined(pieces, ";\n"),
            BatchForm::Block => Fragment::new("BEGIN;\n").joined(pieces, ";\n").text(";\nCOMMIT"),
        }
    }
}

/// An encoded batch.
struct BatchRequest {
    query: Query,
    parts: Vec<BatchPart>,
    offset: usize,
}

impl BatchRequest {
    /// Sends the batch, unless it is empty.
    async fn send(self) -> Result<BatchResponse> {
        let response = match self.parts.is_empty() {
            true => Response::new(Vec::new(), None),
            false => self.query.run().await?,
        };
        expect(&response, self.parts.len() + 2 * self.offset)?;
        Ok(BatchResponse::new(response, self.parts, self.offset))
    }
}

impl<B: Statements> IntoFuture for Batch<B> {
    type Output = Result<B::Output>;
    type IntoFuture = CallFuture<B::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.0.request(BatchForm::Separate);
        let BatchInner { scope, statements, .. } = self.0;
        Box::pin(async move {
            let watch = request.query.watch();
            let work = async move {
                let answer = request.send().await?;
                statements.read(&answer).map_err(|error| match scope.transaction() {
                    // The transaction rolls back all of them.
                    Some(_) => error,
                    None => answer.partly_applied(error),
                })
            };
            watch.observe(work).await
        })
    }
}

impl<B: Statements> IntoFuture for AtomicBatch<B> {
    type Output = Result<B::Output>;
    type IntoFuture = CallFuture<B::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.0.request(BatchForm::atomic_in(&self.0.scope));
        let statements = self.0.statements;
        Box::pin(async move {
            let watch = request.query.watch();
            let work = async move {
                let answer = request.send().await?;
                answer.check_kept()?;
                let unread = "all of the batch was carried out, but a result cannot be read";
                statements.read(&answer).map_err(|error| error.in_context(unread))
            };
            watch.observe(work).await
        })
    }
}

impl<B: Statements> IntoFuture for SettledBatch<B> {
    type Output = Result<B::Settled>;
    type IntoFuture = CallFuture<B::Settled>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.0.request(BatchForm::Separate);
        let statements = self.0.statements;
        Box::pin(async move {
            let watch = request.query.watch();
            let work = async move {
                let answer = request.send().await?;
                Ok(statements.settle(&answer))
            };
            watch.observe(work).await
        })
    }
}
