//! What travels between a handle and the driver.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::Instant;
use tracing::{Span, debug};

use super::event_queue::{EventQueue, QueueItem};
use super::routes::Route;
use crate::error::Result;
use crate::protocol::{LiveId, Reply, Request, RequestId, SessionId, TransactionId};

/// A message to the driver. All of them use one queue, so that the messages of one task arrive in its order.
///
/// The queue has no limit of its own, as most of its senders may not wait. Calls are limited by their permits, and each
/// of the other messages by something that a call has opened before: an abandoned call, a session or transaction to
/// clean up, a stream, a change of a session.
#[derive(Debug)]
pub(super) enum Command {
    Call(Box<Call>),
    /// The caller has gone before the reply.
    Abandon(RequestId),
    /// Something on the server belongs to nobody any more.
    Clean(Cleanup),
    /// A stream is to be fed by a live query that exists already.
    Follow(LiveId, Route),
    /// A stream has gone.
    Unfollow(EventQueue),
    /// A live query was killed by this client.
    Killed(LiveId),
    /// Something happened to all streams of a session; `None` is the default one.
    Tell(Option<SessionId>, QueueItem),
    Close,
}

/// A request and who waits for its reply.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) request: Request,
    pub(super) deadline: Instant,
    pub(super) cleanup: Cleanup,
    /// The stream that is fed by the live query that the request registers.
    pub(super) live: Option<Route>,
    pub(super) caller: Caller,
    /// Gets the reply if it comes after the deadline.
    pub(super) late: Option<oneshot::Sender<Result<Reply>>>,
    /// Held until the reply or the deadline: it bounds the number of calls.
    pub(super) permit: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) struct Caller {
    pub(super) reply: oneshot::Sender<Result<Reply>>,
    /// How long the caller is willing to wait, for the message of a timeout.
    pub(super) patience: std::time::Duration,
    pub(super) span: Span,
}

/// What undoes a call whose reply found nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Cleanup {
    #[default]
    Nothing,
    Detach(SessionId),
    /// Cancels the transaction that the reply names.
    CancelBegun,
    Cancel(TransactionId),
}

impl Cleanup {
    /// What is left to undo now that the reply is known.
    pub(super) fn after(self, reply: &Result<Reply>) -> Self {
        let Self::CancelBegun = self else { return self };
        match reply.as_ref().map(Reply::begun) {
            Ok(Ok(Some(transaction))) => Self::Cancel(transaction),
            Ok(Ok(None)) | Err(_) => Self::Nothing,
            Ok(Err(error)) => {
                debug!(%error, "a transaction was begun that nobody can cancel: its id cannot be read");
                Self::Nothing
            }
        }
    }
}

/// A call that the driver has, as its caller sees it.
///
/// Dropped before its reply, it tells the driver. Dropped after the reply came but before it was read, it undoes what
/// the call had opened: between these two, the driver finds the receiver closed and does the same.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: RequestId,
    pub(super) cleanup: Cleanup,
    pub(super) reply: oneshot::Receiver<Result<Reply>>,
    pub(super) commands: mpsc::UnboundedSender<Command>,
    pub(super) done: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Done,
}

impl Future for InFlight {
    type Output = Result<Result<Reply>, oneshot::error::RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.reply).poll(cx);
        if polled.is_ready() {
            self.done = Progress::Done;
        }
        polled
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.done == Progress::Done {
            return;
        }
        self.reply.close();
        let command = match self.reply.try_recv() {
            Ok(reply) => Command::Clean(self.cleanup.after(&reply)),
            Err(_) => Command::Abandon(self.id),
        };
        // Fails only when the connection is over, and everything on the server with it.
        let _ = self.commands.send(command);
    }
}

/// A live stream's side of its queue. Dropping it kills the live query, unless other streams follow it.
pub(crate) struct Subscription {
    pub(crate) queue: EventQueue,
    commands: mpsc::UnboundedSender<Command>,
}

impl Subscription {
    pub(super) fn new(queue: EventQueue, commands: mpsc::UnboundedSender<Command>) -> Self {
        Self { queue, commands }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.queue.mark_gone();
        // Fails only when the connection is over, and the live query with it.
        let _ = self.commands.send(Command::Unfollow(self.queue.clone()));
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.queue.live_id()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::event_queue::Capacity;
    use super::*;

    #[test]
    fn dropped_subscription_tells_the_driver_without_the_lock() {
        let (commands, mut receiver) = mpsc::unbounded_channel();
        let queue = EventQueue::new(Capacity::default());
        let locked = queue.lock();
        drop(Subscription::new(queue.clone(), commands));
        drop(locked);
        assert!(queue.is_gone());
        assert!(matches!(receiver.try_recv(), Ok(Command::Unfollow(gone)) if gone.is(&queue)));
    }
}
