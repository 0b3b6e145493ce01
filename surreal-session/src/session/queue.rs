//! A queue for a turn, joined when a call is first polled.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::unconstrained;

use crate::connection::{Client, Deadline};

/// Calls that run one after another, in the order in which they joined.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<()>>);

/// A place in a queue. It moves with the call from the caller's task to another one, and is given up when dropped.
pub(crate) struct Place {
    turn: Pin<Box<dyn Future<Output = Turn> + Send>>,
    /// Set if there was nobody in front.
    taken: Option<Turn>,
}

/// The turn of a call. The next call has its turn when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its drop")] OwnedMutexGuard<()>);

impl Queue {
    /// Joins the queue now, behind everybody who joined before.
    pub(crate) fn join(&self) -> Place {
        let lock = Arc::clone(&self.0).lock_owned();
        // Unconstrained: a task that has used up its budget would otherwise be told to come again, and not join.
        let mut turn: Pin<Box<dyn Future<Output = Turn> + Send>> =
            Box::pin(unconstrained(async move { Turn(lock.await) }));
        // The first poll joins. The task that waits for the turn replaces the waker.
        let taken = match turn.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        };
        Place { turn, taken }
    }
}

impl Place {
    /// Whether nobody was in front when this place was taken.
    pub(crate) fn is_first(&self) -> bool {
        self.taken.is_some()
    }

    /// Waits for the turn; `None` if it did not come in time.
    pub(crate) async fn turn(self, client: &Client, deadline: Deadline) -> Option<Turn> {
        let Self { turn, taken } = self;
        if taken.is_some() {
            return taken;
        }
        client.within(deadline.at, turn).await
    }
}
