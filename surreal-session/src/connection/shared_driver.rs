//! The driver of a link, shared by its task and the callers.
//!
//! The task serves the socket. A caller that finds the driver free writes its request itself, which saves a wake-up of the
//! task. It writes with the waker of the task, to which it leaves what the socket does not take at once. A caller that does
//! not find the driver free puts its request into the queue of commands.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::task::{Context, Poll};

use super::call::NewCall;
use super::driver::Driver;
use super::end::End;

/// The driver, until its link is over.
#[derive(Clone)]
pub(super) struct SharedDriver(Arc<Mutex<Option<Driver>>>);

/// The driver in its task. If that is dropped, the link is over.
struct Task(SharedDriver);

impl SharedDriver {
    pub(super) fn new(driver: Driver) -> Self {
        Self(Arc::new(Mutex::new(Some(driver))))
    }

    /// Serves the link until it is closed or lost, then ends every call on it.
    pub(super) fn run(self) -> impl Future<Output = ()> {
        // Before the first poll: a runtime that shuts down drops the future without one.
        let task = Task(self);
        async move {
            let end = poll_fn(|cx| task.0.poll(cx)).await;
            if let Some(driver) = task.0.take() {
                driver.finish(end).await;
            }
        }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<End> {
        let mut driver = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        driver.as_mut().map_or_else(|| Poll::Ready(End::runtime_gone()), |driver| driver.poll(cx))
    }

    /// Writes a request to the socket if the driver is free. Returns it otherwise.
    pub(super) fn try_send(&self, call: NewCall) -> Option<NewCall> {
        match self.0.try_lock() {
            Ok(mut driver) => match driver.as_mut() {
                Some(driver) => driver.try_send(call),
                None => Some(call),
            },
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => Some(call),
        }
    }

    fn take(&self) -> Option<Driver> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Without the requests that wait in it, which may hold passwords.
impl fmt::Debug for SharedDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedDriver(..)")
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Not under the lock: it ends the calls, which runs foreign wakers.
        drop(self.0.take());
    }
}
