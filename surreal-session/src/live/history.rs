//! The changes that a stream has seen, and how a new one relates to them.
//!
//! # The order of the changes of one record
//!
//! The server (3.3.5) sends the events of each commit from a separate task, and inside a client's transaction those of
//! each query likewise. So an event can arrive before the event of an earlier change: measured, one in two thousand for
//! changes that are committed one after another, and one in five inside one transaction.
//!
//! Each event therefore carries a UUID (version 7), which the server makes when it computes the event. One process makes
//! these in strictly ascending order, even if its clock is set back. A change of a record sees the change before it, so
//! its event is computed later and has the greater UUID. How much later an event arrives, and how fast the program takes
//! events, has no influence on this order. Two processes, the nodes of a cluster, make UUIDs by two clocks.
//!
//! [`History`] keeps the greatest UUID of each record. Its memory is bounded, so it forgets the smallest UUIDs first and
//! keeps the greatest one that it has forgotten or that was dropped before it was noted. A change of an unknown record is
//! certainly new if its UUID is greater than that. Otherwise a later change may have been seen and forgotten, and the
//! stream reports a gap.
//!
//! # The records of a snapshot
//!
//! [`snapshot`](super::snapshot) notes the states of the records that the program has read. An event after which a
//! record is in the noted state tells nothing new. A late event can do that for some seconds.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::Action;
use super::follower::Followed;
use crate::codec::reader::{Reader, Remaining};
use crate::codec::{self, DecodeError, NONE};
use crate::error::{Error, Result};
use crate::protocol::{Event, EventKind};
use crate::value::Uuid;

/// An item of the stream's queue, its event parsed.
pub(super) type Arrival = Followed<Result<RecordChange>>;

/// One change of a record. Its event is parsed once, when it leaves the queue.
#[derive(Debug)]
pub(super) struct RecordChange {
    pub(super) action: Action,
    /// The record's id, encoded.
    pub(super) record: Bytes,
    /// `None` in the events of a live query that the program's own text has registered.
    pub(super) position: Option<EventPosition>,
    /// The data for the program, encoded.
    pub(super) data: Bytes,
    /// The part of the event that is the same after two changes if the record is.
    state: Bytes,
    /// True if the differences lead from any state to the record's present one, after changes inside the change.
    pub(super) is_whole: bool,
}

/// The position of a change among all changes that one server computes.
pub(super) type EventPosition = Uuid;

impl RecordChange {
    /// Parses an event of a live query of this client; see [`projection`](super::projection).
    pub(super) fn read(frame: &Bytes) -> Result<Self> {
        Self::parse(frame).map_err(malformed)
    }

    /// Parses an event of a live query that the program's own text has registered.
    pub(super) fn read_plain(frame: &Bytes) -> Result<Self> {
        let plain = |event: Event| {
            let (action, position, state) = (action(event.kind)?, None, Bytes::new());
            Ok(Self { action, record: event.record, position, data: event.data, state, is_whole: false })
        };
        Event::read(frame).and_then(plain).map_err(malformed)
    }

    fn parse(frame: &Bytes) -> Result<Self, DecodeError> {
        let event = Event::read(frame)?;
        let mut elements = Elements::of(&event.data)?;
        let (head, data) = elements.head_and_data()?;
        let state = elements.next()?.unwrap_or_else(|| data.clone());
        let kind = elements.next()?.map_or(Ok(event.kind), |action| EventKind::read(&action))?;
        let is_whole = elements.next()?.map_or(Ok(false), |is_whole| codec::decode(&is_whole))?;
        let position = Some(codec::decode(&head)?);
        Ok(Self { action: action(kind)?, record: event.record, position, data, state, is_whole })
    }

    /// The state of the record after the change, or `None` if there is no record then.
    pub(super) fn state(&self) -> Option<StateHash> {
        (self.action != Action::Delete).then(|| StateHash::of(&self.state))
    }
}

fn action(kind: EventKind) -> Result<Action, DecodeError> {
    match kind {
        EventKind::Create => Ok(Action::Create),
        EventKind::Update => Ok(Action::Update),
        EventKind::Delete => Ok(Action::Delete),
        EventKind::Killed | EventKind::Other => Err(DecodeError::new("unknown action")),
    }
}

fn malformed(error: DecodeError) -> Error {
    Error::protocol("an event of a live query is malformed").with_source(error)
}

/// The elements of an array, as events carry and a snapshot reads it.
pub(super) struct Elements<'a> {
    array: &'a Bytes,
    reader: Reader<'a>,
    left: Remaining,
}

impl<'a> Elements<'a> {
    pub(super) fn of(array: &'a Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(array);
        let left = Remaining::of(reader.array()?);
        Ok(Self { array, reader, left })
    }

    /// The first two elements, which are never missing.
    pub(super) fn head_and_data(&mut self) -> Result<(Bytes, Bytes), DecodeError> {
        match (self.element()?, self.element()?) {
            (Some(head), Some(data)) => Ok((head, data)),
            _ => Err(DecodeError::new("an event or a row of a live query has too few elements")),
        }
    }

    /// The next element, or `None` if it is NONE or there are no more.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, DecodeError> {
        Ok(self.element()?.filter(|element| element != NONE))
    }

    fn element(&mut self) -> Result<Option<Bytes>, DecodeError> {
        match self.left.next(&mut self.reader)? {
            true => self.reader.skip().map(|element| Some(self.array.slice_ref(element))),
            false => Ok(None),
        }
    }
}

/// A hash of the state of a record. The server writes one state always in the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StateHash(u64);

impl StateHash {
    pub(super) fn of(encoded: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        encoded.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// The last change of each record, and the records of a snapshot.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The position of the last change of each record, by the hash of the record's id.
    ///
    /// Invariant: no position is less than `forgotten`.
    last: HashMap<u64, EventPosition>,
    /// Invariant: the entries of `last`, the smallest position first.
    positions: BTreeSet<(EventPosition, u64)>,
    /// The greatest position that was forgotten, or dropped before it was noted.
    forgotten: Option<EventPosition>,
    hasher: RandomState,
    /// The records that the program has read, while events about them may be late.
    snapshot: Option<SnapshotState>,
}

/// The relation of a change to the other changes of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recency {
    /// No later change was noted.
    Last,
    /// No later change was noted, and the program has read the record as it is after the change.
    Repeated,
    /// A later change was noted before.
    Superseded,
    /// A later change may have been noted and forgotten.
    Unknown,
}

impl History {
    /// Notes a change, and compares it with those noted before.
    pub(super) fn note(&mut self, change: &RecordChange) -> Recency {
        let Some(position) = change.position else { return Recency::Last };
        match self.note_position(&change.record, position) {
            Recency::Last if self.is_repetition(change) => Recency::Repeated,
            place => place,
        }
    }

    /// Notes the position of a change of a record.
    pub(super) fn note_position(&mut self, record: &[u8], position: EventPosition) -> Recency {
        let record = self.hasher.hash_one(record);
        match self.last.get(&record) {
            Some(last) if position < *last => return Recency::Superseded,
            Some(last) => drop(self.positions.remove(&(*last, record))),
            None if self.forgotten.is_some_and(|forgotten| position <= forgotten) => return Recency::Unknown,
            None => {}
        }
        self.insert(record, position);
        Recency::Last
    }

    /// Returns true if a later change of the record was noted.
    pub(super) fn is_superseded(&self, record: &[u8], position: EventPosition) -> bool {
        self.last.get(&self.hasher.hash_one(record)).is_some_and(|last| position < *last)
    }

    /// Notes that events were dropped, with the greatest of their positions: each of them may have been the last one of
    /// its record.
    pub(super) fn note_loss(&mut self, last: Option<EventPosition>) {
        while let Some(first) = self.positions.first().copied().filter(|(position, _)| Some(*position) < last) {
            self.positions.remove(&first);
            self.last.remove(&first.1);
        }
        self.forgotten = self.forgotten.max(last);
    }

    /// Notes the records that the program has read.
    pub(super) fn note_snapshot(&mut self, mut states: HashMap<Bytes, ReadState>) {
        states.retain(|_, read| read.state.is_some());
        self.snapshot = Some(SnapshotState { states, until: Instant::now() + REPETITIONS });
    }

    /// The records that the program has read, while events about them may be late.
    pub(super) fn snapshot(&mut self) -> Option<&SnapshotState> {
        self.snapshot.take_if(|snapshot| snapshot.is_over());
        self.snapshot.as_ref()
    }

    fn is_repetition(&mut self, change: &RecordChange) -> bool {
        self.snapshot.take_if(|snapshot| snapshot.is_over());
        self.snapshot.as_mut().is_some_and(|snapshot| snapshot.contains(change))
    }

    fn insert(&mut self, record: u64, position: EventPosition) {
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

/// A record as it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadState {
    /// `None` if it was not found.
    pub(super) state: Option<StateHash>,
    /// Changes with later positions were made after the read.
    pub(super) position: Option<EventPosition>,
}

impl ReadState {
    /// Returns true if a change was certainly made after the read.
    pub(super) fn is_before(self, change: EventPosition) -> bool {
        self.position.is_some_and(|position| position < change)
    }
}

/// The records as the program has read them, by their ids.
#[derive(Debug)]
pub(super) struct SnapshotState {
    states: HashMap<Bytes, ReadState>,
    until: Instant,
}

impl SnapshotState {
    /// Returns true if a change leads to the state that was read. If it does not, the record is in another state from here on.
    fn contains(&mut self, change: &RecordChange) -> bool {
        let is_read = self.leads_to_read(change);
        if !is_read {
            self.states.remove(&change.record);
        }
        is_read
    }

    fn leads_to_read(&self, change: &RecordChange) -> bool {
        let state = change.state();
        state.is_some() && self.states.get(&change.record).is_some_and(|read| read.state == state)
    }

    /// Returns true if the read contains this change and those before it.
    pub(super) fn certainly_contains(&self, change: &RecordChange) -> bool {
        self.leads_to_read(change) && self.may_contain(change)
    }

    /// Returns true if only a later event tells whether the read contains this change.
    pub(super) fn is_undecided(&self, change: &RecordChange) -> bool {
        self.may_contain(change) && !self.leads_to_read(change)
    }

    fn may_contain(&self, change: &RecordChange) -> bool {
        let read = self.states.get(&change.record);
        read.is_some_and(|read| change.position.is_some_and(|position| !read.is_before(position)))
    }

    fn is_over(&self) -> bool {
        self.states.is_empty() || Instant::now() >= self.until
    }
}

/// The number of records whose last changes are kept: some 3 MB if all are used.
const REMEMBERED: usize = 32_768;

/// The time within which a late event is recognised as a repetition of the snapshot.
const REPETITIONS: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn position(number: u64) -> EventPosition {
        uuid::Uuid::from_u64_pair(number, 0).into()
    }

    #[test]
    fn change_before_the_last_one_of_its_record_is_superseded() {
        let mut history = History::default();
        for (record, number, expected) in [
            ("a", 5, Recency::Last),
            ("b", 3, Recency::Last),
            ("a", 5, Recency::Last),
            ("a", 4, Recency::Superseded),
            ("a", 6, Recency::Last),
            ("a", 5, Recency::Superseded),
        ] {
            assert_eq!(history.note_position(record.as_bytes(), position(number)), expected, "{record} {number}");
        }
    }

    #[test]
    fn change_is_unknown_only_if_a_later_one_may_have_been_forgotten() {
        let mut history = History::default();
        let records = REMEMBERED as u64;
        // Positions 1, 2, 3 … and of these the first two do not fit.
        for number in 1..=records + 2 {
            assert_eq!(history.note_position(&number.to_be_bytes(), position(number)), Recency::Last);
        }
        assert_eq!((history.last.len(), history.positions.len()), (REMEMBERED, REMEMBERED));
        assert_eq!(history.note_position(b"new", position(records + 3)), Recency::Last);
        // Now 1, 2 and 3 are forgotten.
        assert_eq!(history.note_position(&1_u64.to_be_bytes(), position(0)), Recency::Unknown);
        assert_eq!(history.note_position(&3_u64.to_be_bytes(), position(3)), Recency::Unknown);
        assert_eq!(history.note_position(&records.to_be_bytes(), position(4)), Recency::Superseded);
    }

    #[test]
    fn change_that_may_be_older_than_a_lost_one_is_unknown() {
        let mut history = History::default();
        assert_eq!(history.note_position(b"a", position(1)), Recency::Last);
        assert_eq!(history.note_position(b"b", position(9)), Recency::Last);
        history.note_loss(Some(position(7)));
        assert_eq!(history.note_position(b"a", position(5)), Recency::Unknown);
        assert_eq!(history.note_position(b"a", position(6)), Recency::Unknown);
        assert_eq!(history.note_position(b"c", position(6)), Recency::Unknown);
        assert_eq!(history.note_position(b"c", position(8)), Recency::Last);
        assert_eq!(history.note_position(b"b", position(6)), Recency::Superseded);
        assert_eq!(history.note_position(b"b", position(10)), Recency::Last);
        // An earlier loss does not take anything back.
        history.note_loss(Some(position(2)));
        assert_eq!(history.note_position(b"d", position(7)), Recency::Unknown);
        history.note_loss(None);
        assert_eq!(history.note_position(b"d", position(11)), Recency::Last);
    }

    #[test]
    fn memory_is_bounded_whatever_arrives() {
        let mut history = History::default();
        for number in (0..2 * REMEMBERED as u64).rev() {
            history.note_position(&(number % 50_000).to_be_bytes(), position(number));
        }
        assert!(history.last.len() <= REMEMBERED && history.positions.len() == history.last.len());
    }

    /// Whatever arrives in whatever order: the last change that counts as such is the last one that was made, or an
    /// unknown place was reported after it.
    #[test]
    fn no_older_change_is_taken_for_the_last_one_in_silence() {
        let mut history = History::default();
        let (records, mut random) = (2 * REMEMBERED as u64, 1_u64);
        let mut newest = HashMap::new();
        for _ in 0..6 * records {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (record, number) = ((random >> 33) % records, random >> 20);
            let place = history.note_position(&record.to_be_bytes(), position(number));
            let last = newest.entry(record).or_insert(number);
            assert!(place != Recency::Last || number >= *last, "{record} {number} {last}");
            *last = number.max(*last);
        }
    }
}
