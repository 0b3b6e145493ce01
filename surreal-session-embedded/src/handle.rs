//! The server's thread, and the handle to it.
//!
//! One thread per server owns a runtime and everything that runs in it. The handle holds a
//! channel that stops the server and one that closes when the thread ends. The reasons: the server's parser and executor recurse deeper than a
//! default stack allows; the server must not depend on the runtime that started it, which may be the single thread of a
//! test; and dropping a handle must not wait.

use std::io;
use std::thread;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tokio::sync::{oneshot, watch};

use crate::StartError;
use crate::server::{Server, Settings};
use crate::socket::Ending;

type Outcome = Result<(), StartError>;

/// A server that is starting. Dropping this stops the server.
pub(crate) struct Starting {
    outcome: oneshot::Receiver<Outcome>,
    handle: Handle,
}

/// A running server. Dropping this stops the server without waiting for its end.
pub(crate) struct Handle {
    /// Dropping this stops the server in order.
    stop: watch::Sender<Ending>,
    /// Invariant: nothing is sent. The channel closes when the thread ends, for whatever reason.
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
    /// Stops the server and waits for the end of its thread.
    pub(crate) async fn stop(self, ending: Ending) {
        self.stop.send_replace(ending);
        drop(self.stop);
        let _ = self.ended.await;
    }
}

/// Starts the server's thread.
///
/// Neither this function nor any that it calls is generic, so that the server's code is generated once, with this crate,
/// and not in every program that uses it.
pub(crate) fn spawn(settings: Settings) -> Result<Starting, StartError> {
    let (stop, stopped) = watch::channel(Ending::Orderly);
    let (report, outcome) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    thread::Builder::new()
        .name("surrealdb".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            run(settings, stopped, report);
            drop(end);
        })
        .map_err(StartError::Thread)?;
    Ok(Starting { outcome, handle: Handle { stop, ended } })
}

fn run(settings: Settings, stop: watch::Receiver<Ending>, report: oneshot::Sender<Outcome>) {
    match build_runtime() {
        Ok(runtime) => {
            runtime.block_on(serve(settings, stop, report));
            // Only tasks of clients that could not be closed are left.
            runtime.shutdown_timeout(LEFTOVERS);
        }
        Err(error) => report_outcome(report, Err(StartError::Thread(error))),
    }
}

async fn serve(settings: Settings, mut stop: watch::Receiver<Ending>, report: oneshot::Sender<Outcome>) {
    match Server::open(settings).await {
        Ok(server) => {
            report_outcome(report, Ok(()));
            // The handle notes the ending just before it drops the sender.
            while stop.changed().await.is_ok() {}
            let ending = *stop.borrow();
            server.close(ending).await;
        }
        Err(error) => report_outcome(report, Err(error)),
    }
}

fn report_outcome(report: oneshot::Sender<Outcome>, outcome: Outcome) {
    // If the caller is gone, dropping its `Starting` has stopped the server: there is no receiver for the outcome.
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

/// The least number of workers that the `surreal` program uses.
const MIN_WORKERS: usize = 4;

/// Enough for the deepest statement that the parser accepts. Frames are larger without optimisation.
const STACK_BYTES: usize = if cfg!(debug_assertions) { 24 << 20 } else { 16 << 20 };

const LEFTOVERS: Duration = Duration::from_millis(500);
