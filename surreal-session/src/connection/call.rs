//! Commands to the driver, and the sides of calls and streams that their owners hold.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::Instant;
use tracing::{Span, debug};

use super::event_queue::{EventQueue, QueueItem};
use super::frame_queue::FrameQueue;
use super::routes::Route;
use super::watch::Watched;
use crate::error::Result;
use crate::protocol::{LiveId, Reply, Request, RequestId, SessionId, TransactionId};

/// A message to the driver. All of them use one queue, so that the messages of one task arrive in its order.
///
/// The queue is unbounded, because most of its senders may not wait. Permits limit the calls. Each other message belongs
/// to something that a call has opened before: an abandoned call, a session or transaction to clean up, a stream, a change
/// of a session.
#[derive(Debug)]
pub(super) enum Command {
    Call(Box<NewCall>),
    /// The caller was dropped before the reply.
    Abandon(RequestId),
    /// Something on the server has no owner any more.
    Clean(Cleanup),
    /// Adds a stream to an existing live query.
    Follow(LiveId, Route),
    /// Adds a stream to a live query that has others.
    Join(LiveId, Route),
    /// A stream was dropped.
    Unfollow(EventQueue),
    /// A live query was killed by this client.
    Killed(LiveId),
    /// An item for all streams of a session; `None` is the default session.
    Tell(Option<SessionId>, QueueItem),
    Close,
}

/// A request and its caller.
#[derive(Debug)]
pub(super) struct NewCall {
    pub(super) request: Request,
    pub(super) deadline: Instant,
    pub(super) cleanup: Cleanup,
    /// The stream of the live query that the request registers.
    pub(super) live: Option<Route>,
    /// Receives the parts of a streamed reply.
    pub(super) frames: Option<FrameQueue>,
    pub(super) caller: Caller,
    /// Receives the reply if it arrives after the deadline.
    pub(super) late: Option<oneshot::Sender<Result<Reply>>>,
    /// Held until the reply or the deadline: it bounds the number of calls.
    pub(super) permit: OwnedSemaphorePermit,
}

#[derive(Debug)]
pub(super) struct Caller {
    pub(super) reply: oneshot::Sender<Result<Reply>>,
    /// The time from the beginning of the call to its deadline, for the message of a timeout.
    pub(super) timeout: Duration,
    pub(super) span: Span,
    /// The call, if something listens.
    pub(super) watched: Option<Arc<Watched>>,
}

impl Caller {
    /// Notes that the request is written to its socket.
    pub(super) fn sent(&self, at: Option<Instant>) {
        if let (Some(watched), Some(at)) = (&self.watched, at) {
            watched.sent(at);
        }
    }

    /// Notes that the request has its reply, or gets none. The spans are let go, so that they end in the caller's task.
    pub(super) fn answered(&mut self) {
        if let Some(watched) = self.watched.take() {
            watched.answered();
        }
        self.span = Span::none();
    }
}

/// The clean-up to run if the caller is gone when the reply arrives.
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
    /// The clean-up that is needed after this reply.
    pub(super) fn after(self, reply: &Result<Reply>) -> Self {
        let Self::CancelBegun = self else { return self };
        match reply.as_ref().map(Reply::begun) {
            Ok(Ok(Some(transaction))) => Self::Cancel(transaction),
            Ok(Ok(None)) | Err(_) => Self::Nothing,
            Ok(Err(error)) => {
                debug!(%error, "a transaction was begun and cannot be cancelled: its id cannot be read");
                Self::Nothing
            }
        }
    }
}

/// The caller's side of a call that the driver has.
///
/// If it is dropped before the reply arrives, it tells the driver. If it is dropped after that and before the reply is
/// read, it starts the clean-up. Between the two, the driver finds the receiver closed and starts the clean-up itself.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: RequestId,
    pub(super) cleanup: Cleanup,
    pub(super) reply: oneshot::Receiver<Result<Reply>>,
    pub(super) commands: mpsc::UnboundedSender<Command>,
    pub(super) is_done: bool,
}

impl Future for InFlight {
    type Output = Result<Result<Reply>, oneshot::error::RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.reply).poll(cx);
        if polled.is_ready() {
            self.is_done = true;
        }
        polled
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.is_done {
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
