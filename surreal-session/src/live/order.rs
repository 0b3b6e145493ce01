//! The order in which the changes of one record were made.
//!
//! The server (3.3.5) sends the events of each commit from a task of its own, and inside a client's transaction those of
//! each query likewise. So an event can arrive before the event of an earlier change: measured, one in two thousand for
//! changes that are committed one after another, and one in five inside one transaction.
//!
//! Each event therefore carries a UUID (version 7), which the server makes when it computes the event. One process makes
//! these in strictly ascending order, even if its clock is set back. A change of a record sees the change before it, so
//! its event is computed later and has the greater UUID. How much later an event arrives, and how fast the program takes
//! events, has no influence on this order.
//!
//! [`Order`] keeps the greatest UUID of each record. Its memory is bounded, so it forgets the smallest UUIDs first and
//! keeps the greatest one that it has forgotten, or that was dropped unseen. An event of an unknown record is certainly new if its UUID is greater
//! than that; otherwise a later change may have been seen and forgotten, and the stream reports a gap.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use crate::value::Uuid;

/// The position of a change among all changes that one server computes.
pub(super) type Position = Uuid;

/// The position of the last change of each record.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// By the hash of the record's id.
    ///
    /// Invariant: no position is less than `forgotten`.
    last: HashMap<u64, Position>,
    /// Invariant: the entries of `last`, the smallest position first.
    positions: BTreeSet<(Position, u64)>,
    /// The greatest position that was forgotten, or dropped before it was noted.
    forgotten: Option<Position>,
    hasher: RandomState,
}

/// How a change relates to the other changes of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// No later change was noted.
    Last,
    /// A later change was noted before.
    Superseded,
    /// A later change may have been noted and forgotten.
    Unknown,
}

impl Order {
    /// Notes a change of a record.
    pub(super) fn note(&mut self, record: &[u8], position: Position) -> Place {
        let record = self.hasher.hash_one(record);
        match self.last.get(&record) {
            Some(last) if position < *last => return Place::Superseded,
            Some(last) => drop(self.positions.remove(&(*last, record))),
            None if self.forgotten.is_some_and(|forgotten| position <= forgotten) => return Place::Unknown,
            None => {}
        }
        self.insert(record, position);
        Place::Last
    }

    /// Notes that events were dropped, with the greatest of their positions: each of them may have been the last one of
    /// its record.
    pub(super) fn note_loss(&mut self, last: Option<Position>) {
        while let Some(first) = self.positions.first().copied().filter(|(position, _)| Some(*position) < last) {
            self.positions.remove(&first);
            self.last.remove(&first.1);
        }
        self.forgotten = self.forgotten.max(last);
    }

    fn insert(&mut self, record: u64, position: Position) {
        self.last.insert(record, position);
        self.positions.insert((position, record));
        self.forget();
    }

    fn forget(&mut self) {
        if self.positions.len() > REMEMBERED
            && let Some((position, record)) = self.positions.pop_first()
        {
            self.last.remove(&record);
            self.forgotten = self.forgotten.max(Some(position));
        }
    }
}

/// How many records' last changes are kept: some 3 MB if all are used.
const REMEMBERED: usize = 32_768;

#[cfg(test)]
mod tests {
    use super::*;

    fn position(number: u64) -> Position {
        uuid::Uuid::from_u64_pair(number, 0).into()
    }

    #[test]
    fn change_before_the_last_one_of_its_record_is_superseded() {
        let mut order = Order::default();
        for (record, number, expected) in [
            ("a", 5, Place::Last),
            ("b", 3, Place::Last),
            ("a", 5, Place::Last),
            ("a", 4, Place::Superseded),
            ("a", 6, Place::Last),
            ("a", 5, Place::Superseded),
        ] {
            assert_eq!(order.note(record.as_bytes(), position(number)), expected, "{record} {number}");
        }
    }

    #[test]
    fn change_is_unknown_only_if_a_later_one_may_have_been_forgotten() {
        let mut order = Order::default();
        let records = REMEMBERED as u64;
        // Positions 1, 2, 3 … and of these the first two do not fit.
        for number in 1..=records + 2 {
            assert_eq!(order.note(&number.to_be_bytes(), position(number)), Place::Last);
        }
        assert_eq!((order.last.len(), order.positions.len()), (REMEMBERED, REMEMBERED));
        assert_eq!(order.note(b"new", position(records + 3)), Place::Last);
        // Now 1, 2 and 3 are forgotten.
        assert_eq!(order.note(&1_u64.to_be_bytes(), position(0)), Place::Unknown);
        assert_eq!(order.note(&3_u64.to_be_bytes(), position(3)), Place::Unknown);
        assert_eq!(order.note(&records.to_be_bytes(), position(4)), Place::Superseded);
    }

    #[test]
    fn change_that_may_be_older_than_a_lost_one_is_unknown() {
        let mut order = Order::default();
        assert_eq!(order.note(b"a", position(1)), Place::Last);
        assert_eq!(order.note(b"b", position(9)), Place::Last);
        order.note_loss(Some(position(7)));
        assert_eq!(order.note(b"a", position(5)), Place::Unknown);
        assert_eq!(order.note(b"a", position(6)), Place::Unknown);
        assert_eq!(order.note(b"c", position(6)), Place::Unknown);
        assert_eq!(order.note(b"c", position(8)), Place::Last);
        assert_eq!(order.note(b"b", position(6)), Place::Superseded);
        assert_eq!(order.note(b"b", position(10)), Place::Last);
        // An earlier loss does not take anything back.
        order.note_loss(Some(position(2)));
        assert_eq!(order.note(b"d", position(7)), Place::Unknown);
        order.note_loss(None);
        assert_eq!(order.note(b"d", position(11)), Place::Last);
    }

    #[test]
    fn memory_is_bounded_whatever_arrives() {
        let mut order = Order::default();
        for number in (0..2 * REMEMBERED as u64).rev() {
            order.note(&(number % 50_000).to_be_bytes(), position(number));
        }
        assert!(order.last.len() <= REMEMBERED && order.positions.len() == order.last.len());
    }

    /// Whatever arrives in whatever order: the last change that counts as such is the last one that was made, or an
    /// unknown place was reported after it.
    #[test]
    fn no_older_change_is_taken_for_the_last_one_in_silence() {
        let mut order = Order::default();
        let (records, mut random) = (2 * REMEMBERED as u64, 1_u64);
        let mut newest = HashMap::new();
        for _ in 0..6 * records {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (record, number) = ((random >> 33) % records, random >> 20);
            let place = order.note(&record.to_be_bytes(), position(number));
            let last = newest.entry(record).or_insert(number);
            assert!(place != Place::Last || number >= *last, "{record} {number} {last}");
            *last = number.max(*last);
        }
    }
}
