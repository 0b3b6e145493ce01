//! The state that the handles of a connection share with its task.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;

use super::end::End;
use crate::protocol::RequestId;

#[derive(Debug)]
pub(super) struct ConnectionState {
    next_id: AtomicI64,
    /// One permit for each call that may be queued or in flight.
    pub(super) capacity: Arc<Semaphore>,
    /// Set once, when the connection ends.
    pub(super) end: OnceLock<End>,
    /// The number of attached sessions, as far as the client knows.
    pub(super) attached: AtomicUsize,
}

impl ConnectionState {
    pub(super) fn new(max_calls: usize) -> Self {
        Self {
            next_id: AtomicI64::new(1),
            capacity: Arc::new(Semaphore::new(max_calls.clamp(1, Semaphore::MAX_PERMITS))),
            end: OnceLock::new(),
            attached: AtomicUsize::new(0),
        }
    }

    pub(super) fn next_id(&self) -> RequestId {
        RequestId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns true if a request may have had this id.
    pub(super) fn was_used(&self, id: RequestId) -> bool {
        (1..self.next_id.load(Ordering::Relaxed)).contains(&id.0)
    }
}
