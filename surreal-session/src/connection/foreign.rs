//! Code of the program that runs inside the connection's task: wakers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::debug;

/// Runs code that may wake a task of the program. A waker that panics must not end the connection.
pub(super) fn run<T>(code: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(code));
    if done.is_err() {
        debug!("a waker panicked");
    }
    done.ok()
}
