//! Code of the program that runs inside of the client's: wakers, and the function that gives the trace context.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::debug;

/// Runs code that calls the program's, such as a waker. A panic in it must not end the connection.
pub(super) fn run<T>(code: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(code));
    if done.is_err() {
        debug!("a function of the program panicked");
    }
    done.ok()
}
