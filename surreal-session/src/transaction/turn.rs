//! The turn of a query in its transaction.
//!
//! A query joins the queue in the task of its caller, when it is first polled, and runs in a separate task: its turn ends
//! when its reply arrives, even if the caller keeps the future and does not poll it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::task::AbortHandle;

use super::TransactionInner;
use crate::connection::Deadline;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Operation, Request, StatementResult, first_failure, read_statements};
use crate::session::{Background, Begun, Ticket};

/// A query of a transaction, shared by its task and its caller.
#[derive(Debug)]
struct QueuedQuery {
    transaction: Arc<TransactionInner>,
    surql: String,
    operation: Operation,
    progress: AtomicU8,
}

const WAITING: u8 = 0;
/// The server may have the request, or gets it soon: the queue in front is empty.
const SENT: u8 = 1;
/// The transaction knows the result.
const ENDED: u8 = 2;
/// The caller left before the request was sent.
const LEFT: u8 = 3;

/// The caller's side. Dropped early, it stops the task; if the request was sent, it fails the transaction.
struct CallerGuard {
    query: Arc<QueuedQuery>,
    task: AbortHandle,
    is_answered: bool,
}

/// The task's side, from the request to the reply. Dropped early, it fails the transaction.
struct ReplyGuard<'a>(&'a QueuedQuery);

/// Sends a query of a transaction when the queries that joined the queue before it have their replies, and notes its result.
///
/// Queries join in the order of their first poll. `surql` names the query in the error of later calls, if it fails.
pub(crate) async fn query(
    transaction: &Arc<TransactionInner>,
    surql: String,
    request: Request,
    deadline: Deadline,
) -> Result<Vec<StatementResult>> {
    transaction.check_open()?;
    transaction.first_failure.check()?;
    let (ticket, begun) = (transaction.queue.join(), Begun::default());
    let progress = AtomicU8::new(if ticket.is_first() { SENT } else { WAITING });
    let operation = request.operation.clone();
    let query = Arc::new(QueuedQuery { transaction: Arc::clone(transaction), surql, operation, progress });
    let run = Arc::clone(&query).run(ticket, deadline, begun.clone(), request);
    let mut run = Background::spawn(transaction.client(), &begun, deadline, run);
    let mut caller = CallerGuard { query, task: run.task.abort_handle(), is_answered: false };
    // Dropped here: `CallerGuard` fails the transaction, unless the request was not sent yet.
    let result = run.result().await;
    caller.is_answered = run.task.is_finished();
    result.map_err(undone)
}

impl QueuedQuery {
    async fn run(
        self: Arc<Self>,
        ticket: Ticket,
        deadline: Deadline,
        begun: Begun,
        request: Request,
    ) -> Result<Vec<StatementResult>> {
        let turn = ticket.turn(self.transaction.client(), deadline).await;
        let _turn = turn.ok_or_else(|| no_turn(&self.operation, deadline))?;
        self.transaction.first_failure.check()?;
        if !self.advance(WAITING, SENT) && self.progress.load(Ordering::Acquire) == LEFT {
            return Err(Error::new(ErrorKind::Query, DROPPED));
        }
        begun.set();
        // Dropped here: the result is unknown, and `ReplyGuard` fails the transaction.
        let guard = ReplyGuard(&self);
        let reply = self.transaction.call(request, deadline).await;
        let outcome = reply.and_then(|reply| read_statements(&reply)).map_err(undone);
        guard.end(&outcome);
        outcome
    }

    /// Returns true if the progress was `from`, and sets it to `to`.
    fn advance(&self, from: u8, to: u8) -> bool {
        self.progress.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn fail_dropped(&self) {
        let error = Error::new(ErrorKind::Query, DROPPED).rolled_back();
        self.transaction.first_failure.note(&self.surql, &error);
    }
}

impl ReplyGuard<'_> {
    /// Notes the result of the query. One that was not sent has changed nothing.
    fn end(self, outcome: &Result<Vec<StatementResult>>) {
        let Self(QueuedQuery { transaction, surql, operation, .. }) = &self;
        match outcome {
            Ok(statements) => {
                if let Some((index, error)) = first_failure(statements) {
                    let error = match operation.is_statement() {
                        true => Error::from_operation(operation, error.clone()).with_statement(index),
                        false => Error::from_statement(index, error.clone()),
                    };
                    transaction.first_failure.note(surql, &error);
                }
            }
            Err(error) if error.delivery() == Delivery::NotSent => {}
            Err(error) => transaction.first_failure.note(surql, error),
        }
        self.0.advance(SENT, ENDED);
    }
}

impl Drop for ReplyGuard<'_> {
    fn drop(&mut self) {
        if self.0.progress.load(Ordering::Acquire) == SENT {
            self.0.fail_dropped();
        }
    }
}

impl Drop for CallerGuard {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        if !self.query.advance(WAITING, LEFT) {
            self.query.fail_dropped();
        }
        self.task.abort();
    }
}

/// The error of a call before the commit. If the call may have been carried out, or the connection is lost, the transaction
/// fails with it and is never committed, so that nothing is kept.
pub(super) fn undone(error: Error) -> Error {
    let is_undone = error.delivery() == Delivery::Unknown || error.kind() == ErrorKind::Disconnected;
    if is_undone { error.rolled_back() } else { error }
}

/// The error of a call whose turn did not come in time.
pub(super) fn no_turn(call: impl fmt::Display, deadline: Deadline) -> Error {
    deadline.call_timed_out_waiting_for(call, "earlier queries of the transaction")
}

const DROPPED: &str = "its future was dropped before the reply came";
