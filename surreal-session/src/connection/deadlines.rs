//! The deadlines of the calls in flight, behind one timer.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::protocol::RequestId;

/// The deadlines, earliest first, and the timer that wakes for the earliest.
#[derive(Debug)]
pub(super) struct Deadlines {
    set: BTreeSet<(Instant, RequestId)>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadlines {
    pub(super) fn new() -> Self {
        Self { set: BTreeSet::new(), timer: None }
    }

    pub(super) fn insert(&mut self, deadline: Instant, id: RequestId) {
        self.set.insert((deadline, id));
    }

    pub(super) fn remove(&mut self, deadline: Instant, id: RequestId) {
        self.set.remove(&(deadline, id));
    }

    /// Gives the next call whose deadline has passed, or arranges to be woken for the one after.
    ///
    /// The timer is only ever moved when it fires or when an earlier deadline came: most calls are answered long
    /// before, and a timer moved for each of them would cost more than the calls.
    pub(super) fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<RequestId> {
        loop {
            let Some(&(earliest, id)) = self.set.first() else { return Poll::Pending };
            if earliest <= Instant::now() {
                self.set.pop_first();
                return Poll::Ready(id);
            }
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(earliest)));
            if timer.is_elapsed() || timer.deadline() > earliest {
                timer.as_mut().reset(earliest);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
