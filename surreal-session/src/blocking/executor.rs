//! Running a future on the current thread, while the connections run on the thread for them.

use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use tokio::runtime::{Builder, Handle};

use crate::error::{Error, ErrorKind, Result};

thread_local! {
    /// Set while a closure of a transaction runs: the runtime that it finds is the one of this module.
    static IS_IN_CLOSURE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a future until its end, or until an instant; `None` if that comes first.
///
/// # Errors
///
/// Fails in an async context, and if the thread for connections cannot be started.
pub(super) fn run<F: IntoFuture>(future: F, until: Option<Instant>) -> Result<Option<F::Output>> {
    if Handle::try_current().is_ok() && !IS_IN_CLOSURE.get() {
        return Err(Error::argument(
            "`wait` would block an async runtime: write `.await` in async code, and `.wait_on(&handle)` in a blocking section of \
             it, with `Handle::current()`",
        ));
    }
    let _entered = connections()?.enter();
    let _polling = Scoped::set(false);
    Ok(block_on(future.into_future(), until))
}

/// Runs a closure that waits for calls while this thread polls the future around it.
pub(super) fn in_closure<T>(closure: impl FnOnce() -> T) -> T {
    let _closure = Scoped::set(true);
    closure()
}

/// Restores [`IS_IN_CLOSURE`] when dropped, also by a panic.
struct Scoped(bool);

impl Scoped {
    fn set(is_in_closure: bool) -> Self {
        Self(IS_IN_CLOSURE.replace(is_in_closure))
    }
}

impl Drop for Scoped {
    fn drop(&mut self) {
        IS_IN_CLOSURE.set(self.0);
    }
}

/// The runtime of all connections that were made without one. Its thread runs as long as the process.
fn connections() -> Result<&'static Handle> {
    static CONNECTIONS: OnceLock<Handle> = OnceLock::new();
    static START: Mutex<()> = Mutex::new(());
    if let Some(handle) = CONNECTIONS.get() {
        return Ok(handle);
    }
    let _start = START.lock().unwrap_or_else(PoisonError::into_inner);
    match CONNECTIONS.get() {
        Some(handle) => Ok(handle),
        None => start().map(|handle| CONNECTIONS.get_or_init(|| handle)),
    }
}

fn start() -> Result<Handle> {
    let failed = |error| Error::new(ErrorKind::Connect, "cannot start the thread for connections").with_source(error);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let handle = runtime.handle().clone();
    let run = move || runtime.block_on(pending::<()>());
    thread::Builder::new().name("surreal-session".into()).spawn(run).map_err(failed)?;
    Ok(handle)
}

/// Wakes a thread. Others that wait on the same thread, inside of the first wait, are not mistaken for it.
struct Unpark {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

fn block_on<F: Future>(future: F, until: Option<Instant>) -> Option<F::Output> {
    let unpark = Arc::new(Unpark { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&unpark));
    let (mut future, mut cx) = (pin!(future), Context::from_waker(&waker));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        while !unpark.is_woken.swap(false, Ordering::AcqRel) {
            let Some(until) = until else {
                thread::park();
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            thread::park_timeout(left);
        }
    }
}
