//! In which order the changes of one record were made.
//!
//! The server (3.3.5) hands on the events of each commit in a task of its own, and those of each query in a transaction of
//! the client likewise. So a change may overtake the one before it: measured, one in two thousand of those that are
//! committed one after another, and one in five of those in one transaction. The time in an event says what came
//! first: a change of a record sees the one before it, so it is made later.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use crate::value::Datetime;

/// The times of the last changes.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// By the hashes of the records' ids. Invariant: each is in `recent`, and no other.
    last: HashMap<u64, Last>,
    recent: VecDeque<u64>,
    hasher: RandomState,
}

/// The last change of a record.
#[derive(Debug, Clone, Copy)]
struct Last {
    /// By the server's clock, in nanoseconds.
    made: i128,
    seen: Instant,
}

impl Order {
    /// Notes a change that was made at this time; says whether a later one of the same record was noted just before.
    pub(super) fn is_superseded(&mut self, record: &[u8], made: Datetime) -> bool {
        let record = self.hasher.hash_one(record);
        let made = i128::from(made.timestamp()) * 1_000_000_000 + i128::from(made.subsec_nanos());
        let change = Last { made, seen: Instant::now() };
        match self.last.get_mut(&record) {
            Some(last) if change.was_overtaken_by(*last) => true,
            Some(last) => {
                *last = change;
                false
            }
            None => {
                self.last.insert(record, change);
                self.recent.push_back(record);
                self.forget();
                false
            }
        }
    }

    fn forget(&mut self) {
        if self.recent.len() > REMEMBERED
            && let Some(oldest) = self.recent.pop_front()
        {
            self.last.remove(&oldest);
        }
    }
}

impl Last {
    /// A change is overtaken by little. If it is earlier by much, the server's clock was set back, and it is the later one.
    fn was_overtaken_by(self, last: Self) -> bool {
        (1..LATE.as_nanos().cast_signed()).contains(&(last.made - self.made)) && self.seen < last.seen + LATE
    }
}

/// How much later than the one after it a change can come.
const LATE: Duration = Duration::from_secs(2);

/// Of how many records it is known when they have changed.
const REMEMBERED: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u32) -> Datetime {
        Datetime::from_timestamp(10, nanos).unwrap()
    }

    #[test]
    fn change_before_the_last_one_of_its_record_is_superseded() {
        let mut order = Order::default();
        for (record, nanos, expected) in
            [("a", 5, false), ("b", 3, false), ("a", 5, false), ("a", 4, true), ("a", 6, false), ("a", 5, true)]
        {
            assert_eq!(order.is_superseded(record.as_bytes(), at(nanos)), expected, "{record} {nanos}");
        }
    }

    #[test]
    fn clock_that_was_set_back_is_believed() {
        let mut order = Order::default();
        let earlier = Datetime::from_timestamp(7, 0).unwrap();
        assert!(!order.is_superseded(b"a", at(5)));
        assert!(!order.is_superseded(b"a", earlier));
        assert!(!order.is_superseded(b"a", Datetime::from_timestamp(7, 1).unwrap()));
        assert!(order.is_superseded(b"a", earlier));
    }

    #[test]
    fn only_the_last_records_are_remembered() {
        let mut order = Order::default();
        for record in 0..=REMEMBERED {
            assert!(!order.is_superseded(&record.to_be_bytes(), at(5)));
        }
        assert_eq!((order.last.len(), order.recent.len()), (REMEMBERED, REMEMBERED));
        assert!(!order.is_superseded(&0_usize.to_be_bytes(), at(4)), "the first is forgotten");
        assert!(order.is_superseded(&REMEMBERED.to_be_bytes(), at(4)));
    }
}
