//! The turn of a query in its transaction.
//!
//! A query joins the queue in the task of its caller, when it is first polled, and runs in a task of its own: its turn
//! ends when its reply arrives, also if the caller keeps the future and does not poll it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::task::AbortHandle;
use tracing::Instrument;

use super::State;
use crate::connection::Deadline;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Operation, Statement, first_failure};
use crate::session::{Background, Begun, Place};

/// A query of a transaction, shared by its task and its caller.
#[derive(Debug)]
struct Attempt {
    state: Arc<State>,
    surql: String,
    operation: Operation,
    progress: AtomicU8,
}

const WAITING: u8 = 0;
/// The server may have the request, or has it soon: nothing is in front.
const SENT: u8 = 1;
/// The transaction knows the result.
const ENDED: u8 = 2;
/// The caller left before the request was sent.
const LEFT: u8 = 3;

/// The caller's side. Dropped early, it stops the task; if the request was sent, the transaction has failed.
struct Caller {
    attempt: Arc<Attempt>,
    task: AbortHandle,
    is_answered: bool,
}

/// The task's side, from the request to the reply.
struct Flight<'a>(&'a Attempt);

impl State {
    /// Runs `query` when the queries that joined the queue before it have their replies, and notes its result.
    ///
    /// Queries join in the order of their first poll.
    pub(crate) async fn in_turn(
        self: &Arc<Self>,
        surql: String,
        operation: Operation,
        deadline: Deadline,
        query: impl Future<Output = Result<Vec<Statement>>> + Send + 'static,
    ) -> Result<Vec<Statement>> {
        self.check_open()?;
        self.verdict.check()?;
        let (place, begun) = (self.queue.join(), Begun::default());
        let progress = AtomicU8::new(if place.is_first() { SENT } else { WAITING });
        let attempt = Arc::new(Attempt { state: Arc::clone(self), surql, operation, progress });
        let run = Arc::clone(&attempt).run(place, deadline, begun.clone(), query).instrument(self.span().clone());
        let mut run = Background::spawn(self.client(), &begun, deadline, run);
        let mut caller = Caller { attempt, task: run.task.abort_handle(), is_answered: false };
        // Dropped here: `Caller` fails the transaction, unless the request was not sent yet.
        let result = run.result().await;
        caller.is_answered = run.task.is_finished();
        result
    }
}

impl Attempt {
    async fn run(
        self: Arc<Self>,
        place: Place,
        deadline: Deadline,
        begun: Begun,
        query: impl Future<Output = Result<Vec<Statement>>> + Send,
    ) -> Result<Vec<Statement>> {
        let turn = place.turn(self.state.client(), deadline).await;
        let _turn = turn.ok_or_else(|| no_turn(&self.operation, deadline))?;
        self.state.verdict.check()?;
        if !self.advance(WAITING, SENT) && self.progress.load(Ordering::Acquire) == LEFT {
            return Err(Error::new(ErrorKind::Query, DROPPED));
        }
        begun.set();
        // Dropped here: the result is unknown, and `Flight` fails the transaction.
        let flight = Flight(&self);
        let outcome = query.await;
        flight.end(&outcome);
        outcome
    }

    /// Whether the progress was `from`; it is `to` then.
    fn advance(&self, from: u8, to: u8) -> bool {
        self.progress.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn fail_dropped(&self) {
        let error = Error::new(ErrorKind::Query, DROPPED).with_delivery(Delivery::Unknown);
        self.state.verdict.fail(&self.surql, &error);
    }
}

impl Flight<'_> {
    /// Notes the result of the query. One that was not sent has changed nothing.
    fn end(self, outcome: &Result<Vec<Statement>>) {
        let Self(Attempt { state, surql, .. }) = &self;
        match outcome {
            Ok(statements) => {
                if let Some((index, error)) = first_failure(statements) {
                    state.verdict.fail(surql, &Error::from_statement(index, error.clone()));
                }
            }
            Err(error) if error.delivery() == Delivery::NotSent => {}
            Err(error) => state.verdict.fail(surql, error),
        }
        self.0.advance(SENT, ENDED);
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if self.0.progress.load(Ordering::Acquire) == SENT {
            self.0.fail_dropped();
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        if !self.attempt.advance(WAITING, LEFT) {
            self.attempt.fail_dropped();
        }
        self.task.abort();
    }
}

/// The error of a call whose turn did not come in time.
pub(super) fn no_turn(call: impl fmt::Display, deadline: Deadline) -> Error {
    let message =
        format!("`{call}` timed out after {:?} waiting for earlier queries of the transaction", deadline.timeout);
    Error::new(ErrorKind::Timeout, message)
}

const DROPPED: &str = "its future was dropped before the reply came";
