//! Deadlines: of one call, and of all calls in flight.

use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{Error, ErrorKind};
use crate::protocol::RequestId;

/// The time by which a call must end. Made once, when the call is first polled, and passed to all of its requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// The time that the call had in all, for messages.
    pub(crate) timeout: Duration,
    pub(crate) at: Instant,
    /// Set if the call fails at once instead of waiting for a socket.
    pub(crate) fails_fast: bool,
}

/// How long a call may take, and whether it waits for a socket, where the program says so.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Patience {
    pub(super) time: Option<Duration>,
    pub(super) fails_fast: bool,
}

impl Patience {
    pub(crate) fn end_after(&mut self, time: Duration) {
        self.time = Some(time);
    }

    pub(crate) fn fail_fast(&mut self) {
        self.fails_fast = true;
    }
}

impl From<Option<Duration>> for Patience {
    fn from(time: Option<Duration>) -> Self {
        Self { time, fails_fast: false }
    }
}

impl Deadline {
    /// The deadline of a call that begins now.
    pub(super) fn of(timeout: Duration) -> Self {
        Self { timeout, at: after(timeout), fails_fast: false }
    }

    pub(crate) fn failing_fast(self, fails_fast: bool) -> Self {
        Self { fails_fast, ..self }
    }

    /// The time until the deadline.
    pub(crate) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// The error of a call that was not sent by this deadline because it had to wait for `what`.
    pub(crate) fn timed_out_waiting_for(self, what: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Timeout, format!("timed out after {:?} waiting for {what}", self.timeout))
    }

    /// The same error, with the name of the call.
    pub(crate) fn call_timed_out_waiting_for(self, call: impl fmt::Display, what: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Timeout, format!("`{call}` timed out after {:?} waiting for {what}", self.timeout))
    }
}

/// The instant `time` from now; a time too long to express becomes thirty years.
pub(super) fn after(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(24 * 365 * 30);
    Instant::now() + time.min(FAR)
}

/// The deadlines of the calls in flight, earliest first, and the timer that wakes for the earliest.
#[derive(Debug)]
pub(super) struct Deadlines {
    set: BTreeSet<(Instant, RequestId)>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadlines {
    pub(super) fn new() -> Self {
        Self { set: BTreeSet::new(), timer: None }
    }

    pub(super) fn insert(&mut self, deadline: Instant, id: RequestId) {
        self.set.insert((deadline, id));
    }

    pub(super) fn remove(&mut self, deadline: Instant, id: RequestId) {
        self.set.remove(&(deadline, id));
    }

    /// Returns true if the timer does not wake for the earliest deadline.
    pub(super) fn needs_timer(&self) -> bool {
        let Some((earliest, _)) = self.set.first() else { return false };
        self.timer.as_ref().is_none_or(|timer| timer.is_elapsed() || timer.deadline() > *earliest)
    }

    /// Returns the next call whose deadline has passed, or arranges to be woken for the one after.
    ///
    /// The timer is only ever moved when it fires or when an earlier deadline came: most calls are answered long
    /// before, and a timer moved for each of them would cost more than the calls.
    pub(super) fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<RequestId> {
        loop {
            let Some(&(earliest, id)) = self.set.first() else { return Poll::Pending };
            if earliest <= Instant::now() {
                self.set.pop_first();
                return Poll::Ready(id);
            }
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(earliest)));
            if timer.is_elapsed() || timer.deadline() > earliest {
                timer.as_mut().reset(earliest);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
