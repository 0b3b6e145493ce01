//! Counters of a proxy, and random times.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use uuid::Uuid;

#[derive(Debug)]
pub(super) struct Traffic {
    started: Instant,
    accepted: AtomicUsize,
    cuts: AtomicUsize,
    requests_per_second: Mutex<Vec<usize>>,
}

impl Traffic {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            accepted: AtomicUsize::new(0),
            cuts: AtomicUsize::new(0),
            requests_per_second: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn count_accepted(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(super) fn count_cut(&self) {
        self.cuts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }

    pub(super) fn count_request(&self) {
        self.with_requests(|requests| *requests.last_mut().unwrap() += 1);
    }

    pub(super) fn requests_per_second(&self) -> Vec<usize> {
        self.with_requests(|requests| requests.clone())
    }

    /// Calls `f` with the requests of all seconds, the current one included.
    fn with_requests<T>(&self, f: impl FnOnce(&mut Vec<usize>) -> T) -> T {
        let mut requests = self.requests_per_second.lock().unwrap();
        let seconds = usize::try_from(self.started.elapsed().as_secs()).unwrap();
        requests.resize(seconds + 1, 0);
        f(&mut requests)
    }
}

/// A random time of the range.
pub(super) fn random(range: &Range<Duration>) -> Duration {
    let fraction = f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX);
    range.start + range.end.saturating_sub(range.start).mul_f64(fraction)
}
