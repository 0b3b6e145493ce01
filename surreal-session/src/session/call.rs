//! Calls that a program awaits.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::SessionInner;
use crate::connection::{Client, Deadline, Patience};
use crate::error::Result;
use crate::protocol::Operation;

/// The future of an awaited builder. It borrows nothing and may be spawned.
///
/// # Cancel safety
///
/// Dropped before its first poll, it has done nothing. Dropped later, the request may have been sent: the result of a
/// read is lost, and a write may or may not be carried out. The connection and other calls go on. Calls that change a
/// session or open something document more.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// A call of a session, a transaction or a connection, such as [`Session::signin`](crate::Session::signin).
///
/// It is a future: await it, spawn it, or join it with others. Nothing happens before its first poll. It borrows nothing.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// # surreal_session_embedded::example(async |session| {
/// session.set("tenant", "acme").deadline(Duration::from_secs(5)).await?;
/// # Ok(()) });
/// ```
#[must_use = "nothing happens until this is awaited"]
pub struct SessionCall<T> {
    client: Client,
    deadline: Patience,
    /// Taken at the first poll.
    start: Option<Start<T>>,
    running: Option<CallFuture<T>>,
}

type Start<T> = Box<dyn FnOnce(Deadline) -> CallFuture<T> + Send>;

impl<T> SessionCall<T> {
    /// A call that runs `start` at its first poll.
    pub(crate) fn new<F>(client: &Client, start: impl FnOnce(Deadline) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let start: Start<T> = Box::new(|deadline| Box::pin(start(deadline)));
        Self { client: client.clone(), deadline: Patience::default(), start: Some(start), running: None }
    }

    /// The same as a call of a session, which spans and observers show under this name.
    pub(crate) fn in_session<F>(
        session: &Arc<SessionInner>,
        operation: impl Into<Operation>,
        start: impl FnOnce(Deadline) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let (watched, operation) = (Arc::clone(session), operation.into());
        Self::new(&session.client, move |deadline| watched.watch(|| operation).observe(start(deadline)))
    }

    /// The same with the deadline of a builder.
    pub(crate) fn with_patience(mut self, deadline: Patience) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets how long the call may take from its first poll on, by default as long as
    /// [`Connect::deadline`](crate::Connect::deadline) says.
    ///
    /// The time covers everything: waiting for earlier changes of the session, and all requests of the call. It cannot
    /// be changed after the first poll.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.deadline.fail_fast();
        self
    }
}

impl<T> Future for SessionCall<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        if let Some(start) = self.start.take() {
            let deadline = self.client.deadline(self.deadline);
            self.running = Some(start(deadline));
        }
        self.running.as_mut().map_or(Poll::Pending, |running| running.as_mut().poll(cx))
    }
}

impl<T> fmt::Debug for SessionCall<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCall").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
