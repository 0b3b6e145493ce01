//! The two kinds of runtime that every asynchronous test runs on, and the blocking interface.
//!
//! The test is boxed, so that the runtime's code is compiled once and not once per test.

use std::panic::resume_unwind;
use std::pin::Pin;

use surreal_session::Error;
use surreal_session::blocking::Wait;
use tokio::runtime::{Builder, Runtime};

/// Runs a test on a runtime with one thread, as `#[tokio::test]` does.
///
/// # Panics
///
/// If the test does.
pub fn on_one_thread(test: Pin<Box<dyn Future<Output = ()>>>) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

/// Runs a test as a task of a runtime with four workers.
///
/// # Panics
///
/// If the test does.
pub fn on_four_workers(test: Pin<Box<dyn Future<Output = ()> + Send>>) {
    let runtime = four_workers();
    if let Err(failed) = runtime.block_on(runtime.spawn(test)) {
        resume_unwind(failed.into_panic());
    }
}

/// Runs a test on this thread, and the tasks that it spawns on a runtime with four workers.
///
/// # Panics
///
/// If the test does.
pub fn beside_four_workers(test: Pin<Box<dyn Future<Output = ()>>>) {
    four_workers().block_on(test);
}

/// Waits for a test as a program without `async` waits for a call: its connections run on the thread for them.
///
/// # Panics
///
/// If the test does.
pub fn without_a_runtime(test: Pin<Box<dyn Future<Output = ()>>>) {
    let test = async {
        test.await;
        Ok::<_, Error>(())
    };
    test.wait().unwrap();
}

fn four_workers() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}
