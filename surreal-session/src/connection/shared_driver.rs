//! The driver of a link, shared by its task and the callers.
//!
//! The task serves the socket. A caller that finds the driver free writes its request itself, which saves the wake-up of the
//! task; what the socket does not take at once is left to the task, whose waker it is written with. A caller that does not
//! find it free puts the request into the queue of commands.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::task::Poll;

use super::call::NewCall;
use super::driver::Driver;
use super::end::End;

/// The driver, until its link is over.
#[derive(Debug, Clone)]
pub(super) struct SharedDriver(Arc<Mutex<Option<Driver>>>);

/// The driver in its task. If that is dropped, the link is over.
struct Task(SharedDriver);

impl SharedDriver {
    pub(super) fn new(driver: Driver) -> Self {
        Self(Arc::new(Mutex::new(Some(driver))))
    }

    /// Serves the link until it is closed or lost, then ends every call on it.
    pub(super) async fn run(self) {
        let task = Task(self);
        let end = poll_fn(|cx| {
            // A caller that panicked while it wrote has left the driver in the middle of something.
            let Ok(mut driver) = task.0.0.lock() else { return Poll::Ready(End::panicked()) };
            driver.as_mut().map_or_else(|| Poll::Ready(End::runtime_gone()), |driver| driver.poll(cx))
        })
        .await;
        if let Some(driver) = task.0.take() {
            driver.finish(end).await;
        }
    }

    /// Writes a request to the socket if the driver is free. Returns it otherwise.
    pub(super) fn try_send(&self, call: NewCall) -> Option<NewCall> {
        let mut driver = match self.0.try_lock() {
            Ok(driver) => driver,
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => return Some(call),
        };
        match driver.as_mut() {
            Some(driver) => driver.try_send(call),
            None => Some(call),
        }
    }

    fn take(&self) -> Option<Driver> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Not under the lock: it ends the calls, which runs foreign wakers.
        drop(self.0.take());
    }
}
