//! Calls that wait for their turn and run to their end, whether or not their callers wait.
//!
//! The changes of a session and the queries of a transaction each have a [`Queue`]: the server (3.3.5) does not keep the
//! order of requests. A call joins its queue in the task of its caller, when it is first polled. The rest of it runs as a
//! [`Background`] call in a task of the connection's runtime.

use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::{JoinHandle, unconstrained};

use crate::connection::{Client, Deadline, carried, not_driven, runtime_gone};
use crate::error::{Delivery, Result};

/// Calls that run one after another, in the order in which they joined.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<()>>);

/// A place in a queue. It moves with the call from the caller's task to another one, and is given up when dropped.
pub(crate) struct Ticket {
    turn: Pin<Box<dyn Future<Output = Turn> + Send>>,
    /// Set if the queue was empty.
    taken: Option<Turn>,
}

/// The turn of a call. The next call has its turn when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its drop")] OwnedMutexGuard<()>);

/// A call in a task on the runtime of the connection. Dropping this does not stop it.
#[derive(Debug)]
pub(crate) struct Background<T> {
    pub(crate) task: JoinHandle<Result<T>>,
    begun: Begun,
    client: Client,
    deadline: Deadline,
}

/// Set before a call sends anything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begun(Arc<AtomicBool>);

impl Queue {
    /// Joins the queue now, behind every call that joined before.
    pub(crate) fn join(&self) -> Ticket {
        let lock = Arc::clone(&self.0).lock_owned();
        // Unconstrained: in a task that has used up its budget, the first poll would not join.
        let mut turn: Pin<Box<dyn Future<Output = Turn> + Send>> =
            Box::pin(unconstrained(async move { Turn(lock.await) }));
        // The first poll joins. The task that waits for the turn replaces the waker.
        let taken = match turn.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        };
        Ticket { turn, taken }
    }
}

impl Ticket {
    /// Returns true if the queue was empty when this ticket was taken.
    pub(crate) fn is_first(&self) -> bool {
        self.taken.is_some()
    }

    /// Waits for the turn; `None` if it does not come in time.
    pub(crate) async fn turn(self, client: &Client, deadline: Deadline) -> Option<Turn> {
        let Self { turn, taken } = self;
        if taken.is_some() { taken } else { client.within(deadline.at, turn).await }
    }
}

impl Begun {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl<T: Send + 'static> Background<T> {
    /// Starts `call`, which ends at its deadline and sets `begun` before it sends anything.
    pub(crate) fn spawn(
        client: &Client,
        begun: &Begun,
        deadline: Deadline,
        call: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Self {
        let task = client.spawn(carried(call));
        Self { task, begun: begun.clone(), client: client.clone(), deadline }
    }

    /// Waits for the result.
    pub(crate) async fn result(&mut self) -> Result<T> {
        let error = match self.client.while_driven(self.deadline, &mut self.task).await {
            Some(Ok(result)) => return result,
            Some(Err(error)) => error,
            None => return Err(not_driven("the call did not end", self.deadline)),
        };
        let error = match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => error,
        };
        let delivery = if self.begun.0.load(Ordering::Acquire) { Delivery::Unknown } else { Delivery::NotSent };
        Err(runtime_gone(delivery).with_source(error))
    }
}
