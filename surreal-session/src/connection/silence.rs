//! The loss of a connection without notice: no more bytes arrive.
//!
//! The server (3.3.5) pings every five seconds, so that a healthy connection is never silent for long. Bytes are counted
//! rather than frames: a large frame on a slow line takes longer than the limit, and the pings wait behind it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::end::End;

#[derive(Debug)]
pub(super) struct Silence {
    limit: Duration,
    /// The number of bytes that had come, and the time at which the last of them were noticed.
    received: u64,
    since: Instant,
    /// Set when the limit has passed. If the process was suspended, bytes may wait to be read.
    grace: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Silence {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, received: 0, since: Instant::now(), grace: None, timer: None }
    }

    /// Ready when nothing has come for the limit, and for a moment after that.
    ///
    /// As for deadlines, the timer is moved only when it fires.
    pub(super) fn poll(&mut self, received: u64, cx: &mut Context<'_>) -> Poll<End> {
        if received != self.received {
            (self.received, self.since, self.grace) = (received, Instant::now(), None);
        }
        loop {
            // A limit too long for the clock is none.
            let Some(over) = self.grace.or_else(|| self.since.checked_add(self.limit)) else { return Poll::Pending };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(over)));
            if timer.deadline() > over || timer.is_elapsed() {
                timer.as_mut().reset(over);
            }
            ready!(timer.as_mut().poll(cx));
            let now = Instant::now();
            match self.grace {
                _ if now < over => {}
                None => self.grace = Some(now + GRACE),
                Some(_) => return Poll::Ready(self.end()),
            }
        }
    }

    /// Begins to wait again.
    pub(super) fn restart(&mut self) {
        (self.since, self.grace) = (Instant::now(), None);
    }

    fn end(&self) -> End {
        End::lost(format!("nothing came from the server for {:?}: the connection is lost", self.limit))
    }
}

/// Enough for the runtime to notice what waits in the socket.
const GRACE: Duration = Duration::from_millis(100);
