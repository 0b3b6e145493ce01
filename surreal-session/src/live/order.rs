//! In which order the changes of one record were made.
//!
//! The server (3.3.5) hands on the events of each commit in a task of its own, so that now and then a change overtakes the
//! one before it: about one in two thousand of those that follow each other at once. The time in an event says what
//! came first: a change of a record sees the one before it committed, so it is made later.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use crate::value::Datetime;

/// The times of the last changes.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// By the hashes of the records' ids. Invariant: each is in `recent`, and no other.
    times: HashMap<u64, Datetime>,
    recent: VecDeque<u64>,
    hasher: RandomState,
}

impl Order {
    /// Notes a change; says whether a later change of the same record was noted before.
    pub(super) fn is_superseded(&mut self, record: &[u8], time: Datetime) -> bool {
        let record = self.hasher.hash_one(record);
        if let Some(last) = self.times.get_mut(&record) {
            let is_superseded = time < *last;
            *last = time.max(*last);
            return is_superseded;
        }
        self.times.insert(record, time);
        self.recent.push_back(record);
        if self.recent.len() > REMEMBERED
            && let Some(oldest) = self.recent.pop_front()
        {
            self.times.remove(&oldest);
        }
        false
    }
}

/// Of how many records it is known when they have changed: one overtakes another by milliseconds.
const REMEMBERED: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u32) -> Datetime {
        Datetime::from_timestamp(1, nanos).unwrap()
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
    fn only_the_last_records_are_remembered() {
        let mut order = Order::default();
        for record in 0..=REMEMBERED {
            assert!(!order.is_superseded(&record.to_be_bytes(), at(5)));
        }
        assert_eq!((order.times.len(), order.recent.len()), (REMEMBERED, REMEMBERED));
        assert!(!order.is_superseded(&0_usize.to_be_bytes(), at(4)), "the first is forgotten");
        assert!(order.is_superseded(&REMEMBERED.to_be_bytes(), at(4)));
    }
}
