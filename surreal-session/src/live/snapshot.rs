//! Reading the records first, so that a stream reports their changes from there on.
//!
//! The live query is registered first, then the records are read in pages. An event that arrives before a read is sent was
//! committed before, so the read contains it: such events only mark their records, which are read once more after the
//! last page.
//!
//! An event that arrives later may be contained in the records that were read, or not. Each read therefore ends with a
//! position, as events have one: an event with a later position was computed after the read, and is certainly news. Of
//! the others, the states are compared. An event after which its record is as it was read is contained, and so are the
//! earlier ones of that record. If one is left that is neither, its record is read again; this concerns only transactions
//! that were being committed while their record was read.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::LiveStream;
use super::follower::Followed;
use super::history::{Arrival, EventPosition, History, ReadState, RecordChange};
use super::pages::{BATCH, Pages, ReadRow, ReadRows, RecordReader};
use crate::codec;
use crate::connection::{Cleanup, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::value::RecordId;

/// Reads the records. The stream goes on with the changes that they do not contain.
pub(super) async fn read<T, D, Row: DeserializeOwned>(
    reader: &RecordReader,
    stream: &mut LiveStream<T, D>,
    max_records: usize,
    deadline: Deadline,
) -> Result<Vec<Row>> {
    let mut reading = Reading { reader, max_records, batch: BATCH, deadline, snapshot: Snapshot::default() };
    for _ in 0..READS {
        reading.snapshot.begin(stream);
        reading.pages(stream).await?;
        reading.settle(stream).await?;
        if !reading.snapshot.has_gap() {
            break;
        }
    }
    let Snapshot { mut rows, arrivals, mut history, states, is_unsorted, .. } = reading.snapshot;
    rows.retain(|row| states.get(&row.id).is_some_and(|state| state.state.is_some()));
    if is_unsorted {
        rows.sort_by_cached_key(|row| codec::decode::<RecordId>(&row.id).ok());
    }
    history.note_snapshot(states);
    stream.begin_with(arrivals, history);
    rows.iter().map(ReadRow::decode).collect()
}

struct Reading<'a> {
    reader: &'a RecordReader,
    max_records: usize,
    /// The maximum number of records of one read. It shrinks if their reply is too large.
    batch: usize,
    deadline: Deadline,
    snapshot: Snapshot,
}

/// The records as far as they were read, and the events that they may not contain.
#[derive(Default)]
struct Snapshot {
    rows: Vec<ReadRow>,
    /// The index of each record in `rows`.
    index: HashMap<Bytes, usize>,
    /// The records that were read, also those that were not found.
    states: HashMap<Bytes, ReadState>,
    /// The records to read again: they contain what has arrived of them.
    marked: HashSet<Bytes>,
    arrivals: VecDeque<Arrival>,
    history: History,
    /// Set if a record was added that belongs between others.
    is_unsorted: bool,
}

impl Reading<'_> {
    /// Reads all pages. The events meanwhile mark their records.
    async fn pages<T, D>(&mut self, stream: &mut LiveStream<T, D>) -> Result<()> {
        let mut pages = self.reader.pages();
        while !matches!(pages, Pages::Over) {
            let page = self.reader.page(&mut pages, self.batch, self.deadline);
            let snapshot = &mut self.snapshot;
            match beside(page, stream, |arrival| snapshot.mark(arrival)).await {
                Ok(read) => snapshot.add(read),
                Err(error) if error.kind() == ErrorKind::TooLarge && self.batch > 1 => self.batch /= 2,
                Err(error) => return Err(error),
            }
            self.check()?;
        }
        Ok(())
    }

    /// Reads the marked records until each event is either contained in its record or newer.
    async fn settle<T, D>(&mut self, stream: &mut LiveStream<T, D>) -> Result<()> {
        for _ in 0..ROUNDS {
            // The events that the server sent before it read the records arrive before this reply.
            let scope = &self.reader.scope;
            scope.session().call(scope.request("ping").finish(), self.deadline, Cleanup::Nothing).await?;
            while let Some(arrival) = stream.try_next() {
                self.snapshot.take(arrival);
            }
            self.snapshot.mark_unsettled();
            let marked: Vec<Bytes> = self.snapshot.marked.drain().collect();
            if marked.is_empty() {
                break;
            }
            for ids in marked.chunks(self.batch) {
                let snapshot = &mut self.snapshot;
                let records = self.reader.records(ids, self.deadline);
                let read = beside(records, stream, |arrival| snapshot.take(arrival)).await?;
                snapshot.replace(ids, read);
                self.check()?;
            }
        }
        self.snapshot.remove_contained();
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.snapshot.rows.len() <= self.max_records {
            return Ok(());
        }
        let message = format!("more than {} records match (`max_records`)", self.max_records);
        Err(Error::new(ErrorKind::TooManyRecords, message).answered())
    }
}

/// Waits for a read, and takes the items of the stream meanwhile: its queue is bounded.
async fn beside<T, D, O>(
    read: impl Future<Output = O>,
    stream: &mut LiveStream<T, D>,
    mut take: impl FnMut(Arrival),
) -> O {
    let mut read = pin!(read);
    poll_fn(|cx| {
        // Before the read is polled: what arrives before its reply is taken before.
        while let Poll::Ready(Some(arrival)) = stream.poll_item(cx) {
            take(arrival);
        }
        read.as_mut().poll(cx)
    })
    .await
}

impl Snapshot {
    /// Begins a new read. It contains all changes whose events have arrived, or were lost.
    fn begin<T, D>(&mut self, stream: &mut LiveStream<T, D>) {
        let Self { mut arrivals, mut history, .. } = std::mem::take(self);
        arrivals.extend(std::iter::from_fn(|| stream.try_next()));
        arrivals.retain(|arrival| match arrival {
            Followed::Event(Ok(RecordChange { record, position: Some(position), .. })) => {
                history.note_position(record, *position);
                false
            }
            Followed::Missed(missed) => {
                history.note_loss(missed.last);
                false
            }
            // The changes in between are contained.
            Followed::Again(_) => false,
            Followed::Event(_) | Followed::Ended(_) => true,
        });
        *self = Self { arrivals, history, ..Self::default() };
    }

    /// Takes an event whose record is read later.
    fn mark(&mut self, arrival: Arrival) {
        match change(&arrival) {
            Some((change, position)) => {
                self.history.note_position(&change.record, position);
                self.mark_record(&change.record);
            }
            None => self.keep(arrival),
        }
    }

    /// Takes an event whose record may have been read.
    fn take(&mut self, arrival: Arrival) {
        let is_marked = change(&arrival).is_some_and(|(change, _)| self.marked.contains(&change.record));
        if is_marked { self.mark(arrival) } else { self.keep(arrival) }
    }

    fn keep(&mut self, arrival: Arrival) {
        if let Followed::Missed(missed) = &arrival {
            self.history.note_loss(missed.last);
        }
        self.arrivals.push_back(arrival);
    }

    fn mark_record(&mut self, id: &Bytes) {
        if !self.marked.contains(id) {
            // Copied: a slice would keep the whole frame.
            self.marked.insert(Bytes::copy_from_slice(id));
        }
    }

    fn add(&mut self, ReadRows { rows, position }: ReadRows) {
        for row in rows {
            // Copied: a slice would keep the whole reply.
            let id = Bytes::copy_from_slice(&row.id);
            self.states.insert(id.clone(), ReadState { state: Some(row.state), position });
            match self.index.get(&id) {
                Some(index) => self.rows[*index] = row,
                None => {
                    self.index.insert(id, self.rows.len());
                    self.rows.push(row);
                }
            }
        }
    }

    /// Notes records that were read by their ids.
    fn replace(&mut self, ids: &[Bytes], read: ReadRows) {
        for id in ids {
            self.states.insert(id.clone(), ReadState { state: None, position: read.position });
        }
        let before = self.rows.len();
        self.add(read);
        self.is_unsorted |= self.rows.len() > before;
    }

    /// Marks the records of events that may be contained or not. Their next read contains these events.
    fn mark_unsettled(&mut self) {
        let unsettled = self.positions();
        let is_unsettled = |id: &Bytes, of_record: &Positions| {
            let Some(read) = self.states.get(id) else { return true };
            of_record.others.iter().any(|other| {
                let is_news = read.is_before(other.0) || self.history.is_superseded(id, other.0);
                Some(*other) > of_record.contained && !is_news
            })
        };
        let unsettled: HashSet<Bytes> =
            unsettled.into_iter().filter(|(id, of_record)| is_unsettled(id, of_record)).map(|(id, _)| id).collect();
        for id in &unsettled {
            self.mark_record(id);
        }
        for arrival in std::mem::take(&mut self.arrivals) {
            self.take(arrival);
        }
    }

    /// Removes the events that the records contain.
    fn remove_contained(&mut self) {
        let positions = self.positions();
        for (id, of_record) in &positions {
            if let Some((position, _)) = of_record.contained {
                self.history.note_position(id, position);
            }
        }
        let mut index = 0..;
        self.arrivals.retain(|arrival| {
            let index = index.next().unwrap_or(usize::MAX);
            let Some((change, position)) = change(arrival) else { return true };
            let contained = positions.get(&change.record).and_then(|of_record| of_record.contained);
            contained.is_none_or(|contained| (position, index) > contained)
        });
    }

    /// By record: the last event that leads to the state that was read, and the others.
    fn positions(&self) -> HashMap<Bytes, Positions> {
        let mut positions: HashMap<Bytes, Positions> = HashMap::new();
        for (index, arrival) in self.arrivals.iter().enumerate() {
            let Some((change, position)) = change(arrival) else { continue };
            let of_record = positions.entry(change.record.clone()).or_default();
            match self.states.get(&change.record) {
                Some(read) if read.state == change.state() => {
                    of_record.contained = of_record.contained.max(Some((position, index)));
                }
                _ => of_record.others.push((position, index)),
            }
        }
        positions
    }

    fn has_gap(&self) -> bool {
        self.arrivals.iter().any(|arrival| matches!(arrival, Followed::Missed(_) | Followed::Again(_)))
    }
}

/// The events of one record, by their positions and their order of arrival.
#[derive(Default)]
struct Positions {
    contained: Option<(EventPosition, usize)>,
    others: Vec<(EventPosition, usize)>,
}

/// The change that an item is. A malformed event is an error when the program takes it.
fn change(arrival: &Arrival) -> Option<(&RecordChange, EventPosition)> {
    let Followed::Event(Ok(change)) = arrival else { return None };
    change.position.map(|position| (change, position))
}

/// The maximum number of times that all records are read, because events were lost meanwhile. After that, the stream begins
/// with a gap.
const READS: usize = 3;

/// The maximum number of times that a record is read again while it is being changed. After that, the stream waits for the
/// event that decides.
const ROUNDS: usize = 20;
