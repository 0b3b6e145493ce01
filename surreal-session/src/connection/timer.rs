//! Timers of calls, for any runtime or executor.
//!
//! A call may be polled by another runtime than the connection's, or by none. A timer of the connection's runtime does not
//! fire while that runtime does not run, and panics after its end. So a timer belongs to the runtime that polls it, and to
//! the connection's runtime only if there is no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, Sleep, sleep_until};

use super::foreign;
use super::state::ConnectionState;

/// Waits until an instant.
///
/// Without a runtime that could wake it, it is ready at once: the connection is over then, and with it the wait.
#[derive(Debug)]
pub(crate) struct Timer {
    until: Instant,
    /// The connection's runtime.
    home: Handle,
    connection: Arc<ConnectionState>,
    /// Made at the first poll, and again when another runtime polls.
    sleep: Option<(Id, Pin<Box<Sleep>>)>,
}

impl Timer {
    pub(super) fn new(until: Instant, home: Handle, connection: Arc<ConnectionState>) -> Self {
        Self { until, home, connection, sleep: None }
    }

    /// Makes sure that the timer is one of `runtime`; fails if that has none.
    fn prepare(&mut self, runtime: &Handle) -> Option<&mut Pin<Box<Sleep>>> {
        let id = runtime.id();
        if self.sleep.as_ref().is_none_or(|(of, _)| *of != id) {
            let sleep =
                if id == self.home.id() { sleep_on(runtime, self.until) } else { try_sleep(runtime, self.until)? };
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
            let home = self.home.clone();
            self.prepare(&home).map_or(Poll::Ready(()), |sleep| sleep.as_mut().poll(cx))
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
