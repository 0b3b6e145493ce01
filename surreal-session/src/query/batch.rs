//! Several statements in one request.
//!
//! [`Batch`] is what [`Queryable::batch`](crate::Queryable::batch) makes; what else stands here are its type
//! parameters, which a program seldom writes.

mod answer;
mod part;
mod statements;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use answer::Answer;
use part::Part;
pub use statements::Statements;

pub use super::statement::Statement;
use super::statement::expect;
use super::{Fragment, Query, Response};
use crate::error::Result;
use crate::protocol::Operation;
use crate::session::{CallFuture, Scope};

/// Builders that run in one request when awaited, giving a tuple (or `Vec`) of what each gives.
///
/// The statements run one after the other, in their order. Each commits by itself, and one that fails does not stop
/// those after it: [`atomic`](Self::atomic) makes them one transaction, [`settle`](Self::settle) tells of each what
/// became of it. In a [`Transaction`](crate::Transaction) they are part of it, so that they are kept as a whole or not
/// at all without either.
///
/// # Errors
///
/// The first error that one of the builders would give, with its index as [`Error::statement`](crate::Error::statement)
/// and its text in the message. If another statement of the batch that may write was carried out, that error is the
/// source of one of [`PartlyApplied`](crate::ErrorKind::PartlyApplied): running the batch again would repeat it.
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), before anything is sent, for a builder that was made in
/// another session or transaction.
///
/// # Cancel safety
///
/// See [`CallFuture`]. After a dropped call any number of the statements may have been carried out; of an atomic batch
/// all or none.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let (users, length) =
///     session.batch((session.select::<User>(), session.run::<i64>("array::len").args(([1, 2],)))).await?;
///
/// let ada = session.create::<User>().id("ada").content(NewUser { name: "Ada".into() });
/// let bob = session.create::<User>().id("bob").content(NewUser { name: "Bob".into() });
/// let (ada, bob) = session.batch((ada, bob)).atomic().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is run until this is awaited"]
pub struct Batch<B, M = EachAlone> {
    scope: Scope,
    statements: B,
    deadline: Option<Duration>,
    mode: PhantomData<fn() -> M>,
}

/// The statements of a batch stand alone; the first error is its error.
#[derive(Debug)]
#[non_exhaustive]
pub struct EachAlone;

/// The statements of a batch are one transaction.
#[derive(Debug)]
#[non_exhaustive]
pub struct Atomic;

/// The statements of a batch stand alone, and each has its own result.
#[derive(Debug)]
#[non_exhaustive]
pub struct Settled;

impl<B: Statements> Batch<B> {
    pub(super) fn new(scope: Scope, statements: B) -> Self {
        Self { scope, statements, deadline: None, mode: PhantomData }
    }

    /// Makes the batch all or nothing: if any of the statements fails, none of them has done anything.
    ///
    /// That goes also for a write of one record that finds none. The statements are a transaction of their own, which
    /// sees what [`Transaction`](crate::Transaction) says under *Isolation*; in a transaction that is open they are
    /// part of that one.
    ///
    /// # Errors
    ///
    /// The failure that stopped it, with the statement's index and text, never what it made of the others.
    /// [`Conflict`](crate::ErrorKind::Conflict) if another transaction was first to commit a write to the same record:
    /// the batch may be run again. After these nothing is kept. If a record does not fit its type, which is found out
    /// only after the commit, the error is [`Decode`](crate::ErrorKind::Decode) and says that all of it was committed.
    /// Whenever [`Error::delivery`](crate::Error::delivery) is unknown, it may or may not have been.
    pub fn atomic(self) -> Batch<B, Atomic> {
        self.becoming()
    }

    /// Gives a result for each statement, instead of failing with the first error.
    ///
    /// # Errors
    ///
    /// Those of the request as a whole, if it was not sent, was lost or was refused.
    pub fn settle(self) -> Batch<B, Settled> {
        self.becoming()
    }

    fn becoming<M>(self) -> Batch<B, M> {
        let Self { scope, statements, deadline, .. } = self;
        Batch { scope, statements, deadline, mode: PhantomData }
    }
}

impl<B: Statements, M> Batch<B, M> {
    /// Sets how long to wait for the reply; see [`Query::deadline`](super::Query::deadline). Deadlines of the builders
    /// do not count.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Encodes everything, in `block` if there is one to be put around.
    fn request(&self, guard: Guard, block: Option<[&str; 2]>) -> Result<Request> {
        let parts: Vec<Part> = self.statements.parts();
        part::check(&parts, &self.scope)?;
        let pieces = parts.iter().map(|part| match guard {
            Guard::Records => part.guarded(),
            Guard::Nothing => part.surql.clone(),
        });
        let [open, close] = block.unwrap_or_default();
        let text = Fragment::new(open).joined(pieces, ";\n").text(close);
        let query = text.into_query(self.scope.clone(), Operation::batch(), self.deadline);
        Ok(Request { query, parts, offset: usize::from(block.is_some()) })
    }
}

/// What is made sure on the server: nothing more than each statement does by itself, or that records are there where
/// there have to be some.
#[derive(Clone, Copy)]
enum Guard {
    Nothing,
    Records,
}

/// A batch in the form that it is sent in.
struct Request {
    query: Query,
    parts: Vec<Part>,
    /// How many results come before those of the parts.
    offset: usize,
}

impl Request {
    /// Sends the batch. One without statements is no request.
    async fn send(self) -> Result<Answer> {
        let response = match self.parts.is_empty() {
            true => Response::new(Vec::new(), None),
            false => self.query.await?,
        };
        expect(&response, self.parts.len() + 2 * self.offset)?;
        Ok(Answer::new(response, self.parts, self.offset))
    }
}

impl<B: Statements> IntoFuture for Batch<B> {
    type Output = Result<B::Output>;
    type IntoFuture = CallFuture<B::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.request(Guard::Nothing, None);
        let Self { scope, statements, .. } = self;
        Box::pin(async move {
            let answer = request?.send().await?;
            statements.read(&answer).map_err(|error| match scope.transaction() {
                // Nothing of it is kept, which the transaction sees to.
                Some(_) => error,
                None => answer.partly_applied(error),
            })
        })
    }
}

impl<B: Statements> IntoFuture for Batch<B, Settled> {
    type Output = Result<B::Settled>;
    type IntoFuture = CallFuture<B::Settled>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.request(Guard::Nothing, None);
        let statements = self.statements;
        Box::pin(async move {
            let answer = request?.send().await?;
            Ok(statements.settle(&answer))
        })
    }
}

impl<B: Statements> IntoFuture for Batch<B, Atomic> {
    type Output = Result<B::Output>;
    type IntoFuture = CallFuture<B::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let alone = self.scope.transaction().is_none();
        let request = self.request(Guard::Records, alone.then_some(["BEGIN;\n", ";\nCOMMIT"]));
        let statements = self.statements;
        Box::pin(async move {
            let answer = request?.send().await?;
            answer.check_kept()?;
            let unread = "all of the batch was carried out, but a result cannot be read";
            statements.read(&answer).map_err(|error| error.in_context(unread))
        })
    }
}

impl<B, M> fmt::Debug for Batch<B, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}
