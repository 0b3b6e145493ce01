//! What a connection reports about itself.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::error::Error;
use crate::protocol::SessionId;

/// An event of a connection; see [`Surreal::events`](crate::Surreal::events).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// A socket was opened.
    #[non_exhaustive]
    Connected {
        /// The URL of the endpoint.
        endpoint: String,
    },
    /// A socket was lost. Its sessions move to others.
    #[non_exhaustive]
    Disconnected {
        /// The URL of the endpoint.
        endpoint: String,
        /// The code of the server's close frame, such as 1013 if the server could not deliver events quickly enough; `None` if
        /// the socket was lost without one.
        close_code: Option<u16>,
        /// The reason, with the code and the text of the server's close frame if there was one.
        error: Error,
    },
    /// A socket could not be opened; another attempt follows.
    #[non_exhaustive]
    Reconnecting {
        /// The URL of the endpoint.
        endpoint: String,
        /// The number of attempts that have failed in a row.
        attempt: u32,
        /// The pause before the next attempt at this endpoint.
        after: Duration,
        /// The failure of the last attempt.
        error: Error,
    },
    /// A session was opened again on another socket, with its identity, namespace, database and variables.
    #[non_exhaustive]
    SessionRestored {
        /// The session, which has the same id as before.
        session: SessionId,
    },
    /// A session could not be opened again: its calls fail with this error.
    #[non_exhaustive]
    SessionLost {
        /// The session.
        session: SessionId,
        /// The reason.
        error: Error,
    },
    /// The identity of a session was renewed.
    #[non_exhaustive]
    TokenRenewed {
        /// The session.
        session: SessionId,
    },
    /// Events were dropped, because the stream was not read for a while.
    #[non_exhaustive]
    Missed {
        /// The number of events.
        count: u64,
    },
    /// The connection is over for good. No event follows.
    #[non_exhaustive]
    Closed {
        /// The reason: of kind [`Closed`](crate::ErrorKind::Closed) if the program closed the connection.
        error: Error,
    },
}

/// The events of a connection, from the call of [`Surreal::events`](crate::Surreal::events) on.
///
/// The stream ends after [`ConnectionEvent::Closed`]. It keeps the connection neither open nor busy: while it is not read, up
/// to 256 events wait, and the oldest of them are replaced by [`ConnectionEvent::Missed`].
pub struct ConnectionEvents(State);

enum State {
    Waiting(BoxFuture<'static, (Result<ConnectionEvent, RecvError>, Receiver)>),
    Last(Box<ConnectionEvent>),
    Over,
}

type Receiver = broadcast::Receiver<ConnectionEvent>;

/// The sender of a connection's events.
#[derive(Debug)]
pub(super) struct Events(broadcast::Sender<ConnectionEvent>);

impl Events {
    pub(super) fn emit(&self, event: ConnectionEvent) {
        // Fails if nobody listens.
        let _ = self.0.send(event);
    }

    /// `end` is asked after the subscription, so that the last event is not missed.
    pub(super) fn subscribe(&self, end: impl FnOnce() -> Option<Error>) -> ConnectionEvents {
        let waiting = State::waiting(self.0.subscribe());
        ConnectionEvents(end().map_or(waiting, |error| State::Last(Box::new(ConnectionEvent::Closed { error }))))
    }
}

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl State {
    fn waiting(mut events: Receiver) -> Self {
        Self::Waiting(Box::pin(async move {
            let received = events.recv().await;
            (received, events)
        }))
    }
}

impl ConnectionEvents {
    /// Returns the next event; `None` after the end of the connection.
    ///
    /// # Cancel safety
    ///
    /// No event is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<ConnectionEvent> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for ConnectionEvents {
    type Item = ConnectionEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConnectionEvent>> {
        if let State::Waiting(next) = &mut self.0 {
            let (received, events) = ready!(next.poll_unpin(cx));
            self.0 = match received {
                Ok(event @ ConnectionEvent::Closed { .. }) => State::Last(Box::new(event)),
                Err(RecvError::Closed) => State::Over,
                Ok(event) => {
                    self.0 = State::waiting(events);
                    return Poll::Ready(Some(event));
                }
                Err(RecvError::Lagged(count)) => {
                    self.0 = State::waiting(events);
                    return Poll::Ready(Some(ConnectionEvent::Missed { count }));
                }
            };
        }
        match std::mem::replace(&mut self.0, State::Over) {
            State::Last(event) => Poll::Ready(Some(*event)),
            State::Waiting(_) | State::Over => Poll::Ready(None),
        }
    }
}

impl fmt::Debug for ConnectionEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionEvents").finish_non_exhaustive()
    }
}

/// The number of events that wait for a reader.
const WAITING: usize = 256;
