//! Timers of calls, for any runtime or executor.
//!
//! A call may be polled by another runtime than the connection's, or by none. A timer of the connection's runtime does not
//! fire while that runtime does not run, and panics after its end. So a timer belongs to the runtime that polls it, and to
//! the connection's runtime only if there is no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep, sleep_until};

use super::deadline::Deadline;
use super::foreign;
use super::state::ConnectionState;

/// Waits until an instant.
///
/// Without a runtime that could wake it, it is ready at once: the connection is over then, and with it the wait.
#[derive(Debug)]
pub(crate) struct Timer {
    until: Instant,
    connection: Arc<ConnectionState>,
    /// Made at the first poll, and again when another runtime polls.
    sleep: Option<(Id, Pin<Box<Sleep>>)>,
}

impl Timer {
    pub(super) fn new(until: Instant, connection: Arc<ConnectionState>) -> Self {
        Self { until, connection, sleep: None }
    }

    /// Makes sure that the timer is one of `runtime`; fails if that has none.
    fn prepare(&mut self, runtime: &Handle) -> Option<&mut Pin<Box<Sleep>>> {
        let id = runtime.id();
        if self.sleep.as_ref().is_none_or(|(of, _)| *of != id) {
            let is_home = self.connection.known_home().is_some_and(|home| home.id() == id);
            let sleep = if is_home { sleep_on(runtime, self.until) } else { try_sleep(runtime, self.until)? };
            self.sleep = Some((id, Box::pin(sleep)));
        }
        self.sleep.as_mut().map(|(_, sleep)| sleep)
    }

    fn poll_at_home(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.connection.end.get().is_some() {
            return Poll::Ready(());
        }
        // The runtime may be shut down at this moment.
        let polled = foreign::run(|| {
            let home = self.connection.known_home().cloned();
            home.and_then(|home| self.prepare(&home).map(|sleep| sleep.as_mut().poll(cx))).unwrap_or(Poll::Ready(()))
        });
        polled.unwrap_or(Poll::Ready(()))
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.until {
            return Poll::Ready(());
        }
        match Handle::try_current() {
            Ok(runtime) => match self.prepare(&runtime) {
                Some(sleep) => sleep.as_mut().poll(cx),
                None => self.poll_at_home(cx),
            },
            Err(_) => self.poll_at_home(cx),
        }
    }
}

/// Waits for `work` until `at`; `None` if it takes longer.
pub(super) async fn within<T>(
    connection: &Arc<ConnectionState>,
    at: Instant,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = Timer::new(at, Arc::clone(connection)) => None,
    }
}

/// Waits for work in the connection's runtime, which ends at its deadline. If that runtime does not run, the caller's own
/// timer ends the wait a little later, with `None`.
pub(super) async fn while_driven<T>(
    connection: &Arc<ConnectionState>,
    deadline: Deadline,
    work: impl Future<Output = T>,
) -> Option<T> {
    let home = connection.known_home().map(Handle::id);
    let is_at_home = Handle::try_current().is_ok_and(|current| Some(current.id()) == home);
    if is_at_home { Some(work.await) } else { within(connection, deadline.at + SLACK, work).await }
}

/// The time that a caller waits longer than the driver for the end of its call.
const SLACK: Duration = Duration::from_millis(100);

fn sleep_on(runtime: &Handle, until: Instant) -> Sleep {
    let _entered = runtime.enter();
    sleep_until(until)
}

/// A timer of a runtime that may have been built without timers.
///
/// Tokio (1.54) can only be asked by trying, which panics. So it is tried once for each runtime, and not at all in a
/// program that does not survive panics.
fn try_sleep(runtime: &Handle, until: Instant) -> Option<Sleep> {
    static WITHOUT_TIMERS: Mutex<Vec<Id>> = Mutex::new(Vec::new());
    let without = || WITHOUT_TIMERS.lock().unwrap_or_else(PoisonError::into_inner);
    if cfg!(panic = "abort") || without().contains(&runtime.id()) {
        return None;
    }
    let sleep = catch_unwind(AssertUnwindSafe(|| sleep_on(runtime, until))).ok();
    if sleep.is_none() {
        without().push(runtime.id());
    }
    sleep
}
