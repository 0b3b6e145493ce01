//! The server's thread, and the handle that others hold on it.
//!
//! One thread per server owns a runtime of its own and everything that runs in it; the handle holds only a switch
//! and a channel that closes when the thread ends. The reasons for this shape: the server's parser and executor
//! recurse deeper than a default stack allows; its life must not depend on the runtime that started it, which may
//! be a test's and single-threaded; and dropping a handle must not wait.

use std::io;
use std::thread;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::StartError;
use crate::server::{Server, Settings};

type Outcome = Result<(), StartError>;

/// A server that was asked to start. Dropping it stops the server.
pub(crate) struct Starting {
    outcome: oneshot::Receiver<Outcome>,
    handle: Handle,
}

/// A running server. Dropping it stops the server and does not wait for the end.
pub(crate) struct Handle {
    stop: DropGuard,
    /// Invariant: nothing is ever sent; it closes when the thread ends, in whichever way.
    ended: oneshot::Receiver<()>,
}

impl Starting {
    /// Waits until the server accepts connections.
    pub(crate) async fn started(self) -> Result<Handle, StartError> {
        match self.outcome.await {
            Ok(outcome) => outcome.map(|()| self.handle),
            Err(_) => Err(StartError::server("its thread ended before it was ready")),
        }
    }
}

impl Handle {
    /// Stops the server and waits until its thread has nothing left to do.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        let _ = self.ended.await;
    }
}

/// Starts the server's thread.
///
/// Free of generics, like everything that it calls, so that the server's code is generated with this crate and
/// not again with every program that uses it.
pub(crate) fn spawn(settings: Settings) -> Result<Starting, StartError> {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let (report, outcome) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    thread::Builder::new()
        .name("surrealdb".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            run(settings, &stopped, report);
            drop(end);
        })
        .map_err(StartError::Thread)?;
    let stop = stop.drop_guard();
    Ok(Starting { outcome, handle: Handle { stop, ended } })
}

fn run(settings: Settings, stop: &CancellationToken, report: oneshot::Sender<Outcome>) {
    match build_runtime() {
        Ok(runtime) => {
            runtime.block_on(serve(settings, stop, report));
            // What is left, if anything, belongs to clients that did not let themselves be closed.
            runtime.shutdown_timeout(LEFTOVERS);
        }
        Err(error) => tell(report, Err(StartError::Thread(error))),
    }
}

async fn serve(settings: Settings, stop: &CancellationToken, report: oneshot::Sender<Outcome>) {
    match Server::open(settings).await {
        Ok(server) => {
            tell(report, Ok(()));
            stop.cancelled().await;
            server.close().await;
        }
        Err(error) => tell(report, Err(error)),
    }
}

fn tell(report: oneshot::Sender<Outcome>, outcome: Outcome) {
    // A caller that is gone has thrown the switch by being dropped, so there is nobody left to be told.
    let _ = report.send(outcome);
}

fn build_runtime() -> io::Result<Runtime> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(processors.max(MIN_WORKERS))
        .thread_name("surrealdb-worker")
        .thread_stack_size(STACK_BYTES)
        .build()
}

/// What the server's own program takes, at least.
const MIN_WORKERS: usize = 4;

/// Enough for the deepest statement that the parser admits; frames are larger without optimisation.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 24 << 20 } else { 16 << 20 };

const LEFTOVERS: Duration = Duration::from_millis(500);
