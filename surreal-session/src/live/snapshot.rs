//! Reading the records first, so that a stream reports their changes from there on.
//!
//! The live query is registered first, then the records are read. An event that arrives meanwhile may be contained in the
//! records that were read, or not. The event does not say which, because no event carries a version of the store. So the
//! states are compared: an event after which its record is as it was read is contained, and so are the events of
//! earlier changes of that record. If the last event of a record leads to another state than the one that was read, the
//! records are read again.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::LiveStream;
use super::history::{Arrival, Elements, EventPosition, History, RecordChange, StateHash};
use crate::codec::reader::{Reader, Remaining};
use crate::codec::{self, DecodeError};
use crate::connection::{Cleanup, Deadline, QueueItem};
use crate::error::Result;
use crate::protocol::{malformed, record_decode_error};
use crate::query::{Query, Response, Scope};

/// Reads the records that `select` selects. The stream goes on with the changes that they do not contain.
pub(super) async fn read<T, D, Row: DeserializeOwned>(
    scope: &Scope,
    stream: &mut LiveStream<T, D>,
    select: impl Fn() -> Query,
    deadline: Deadline,
) -> Result<Vec<Row>> {
    let (mut arrivals, mut history) = (VecDeque::new(), History::default());
    let mut attempts = ATTEMPTS;
    loop {
        // These were committed before the records are read.
        arrivals.extend(stream.drain());
        note_contained(&mut arrivals, &mut history);
        let (_, request, _) = select().into_request()?;
        let response = Response::read(&scope.session().call(request, deadline, Cleanup::Nothing).await?)?;
        // The events that the server sent before it read the records arrive before this reply.
        scope.session().call(scope.request("ping").finish(), deadline, Cleanup::Nothing).await?;
        arrivals.extend(stream.drain());
        let rows = rows(response.result(0)?).map_err(|error| malformed("query", error))?;
        let states = states(&rows);
        attempts -= 1;
        if remove_contained(&states, &mut arrivals, &mut history) || attempts == 0 {
            history.note_snapshot(states);
            stream.begin_with(arrivals, history);
            return rows.iter().map(SnapshotRow::decode).collect();
        }
    }
}

/// Removes the changes, which a later read contains, and notes them: the event of an earlier change may arrive after it.
fn note_contained(arrivals: &mut VecDeque<Arrival>, history: &mut History) {
    arrivals.retain(|arrival| match arrival {
        QueueItem::Event(change) => {
            if let Ok(RecordChange { record, position: Some(position), .. }) = change {
                history.note_position(record, *position);
            }
            false
        }
        QueueItem::Missed(missed) => {
            history.note_loss(missed.last);
            false
        }
        QueueItem::Identity(_) | QueueItem::End(_) => true,
    });
}

/// Removes the changes that the records contain. Returns whether each record is then as its last event says.
fn remove_contained(
    states: &HashMap<Bytes, StateHash>,
    arrivals: &mut VecDeque<Arrival>,
    history: &mut History,
) -> bool {
    // By record: the last change, and the last one that leads to the state that was read.
    let (mut last, mut contained) = (HashMap::new(), HashMap::new());
    for (index, arrival) in arrivals.iter().enumerate() {
        let Some((change, position)) = change(arrival) else { continue };
        if states.get(&change.record).copied() == change.state() {
            keep_later(&mut contained, &change.record, (position, index));
        }
        keep_later(&mut last, &change.record, (position, index));
    }
    for (record, (position, _)) in &contained {
        history.note_position(record, *position);
    }
    let mut index = 0..;
    arrivals.retain(|arrival| {
        let index = index.next().unwrap_or(usize::MAX);
        let Some((change, position)) = change(arrival) else { return true };
        // A change that was made before the contained one and arrives after it is left in: the stream reports it.
        let until = contained.get(&change.record);
        until.is_none_or(|(until, last)| position > *until || index > *last)
    });
    last == contained && !arrivals.iter().any(|arrival| matches!(arrival, QueueItem::Missed(_)))
}

/// The change that an item is. A malformed event is an error when the program takes it.
fn change(arrival: &Arrival) -> Option<(&RecordChange, EventPosition)> {
    let QueueItem::Event(Ok(change)) = arrival else { return None };
    change.position.map(|position| (change, position))
}

fn keep_later(changes: &mut HashMap<Bytes, (EventPosition, usize)>, record: &Bytes, change: (EventPosition, usize)) {
    let last = changes.entry(record.clone()).or_insert(change);
    *last = change.max(*last);
}

/// One record as it was read.
struct SnapshotRow {
    id: Bytes,
    data: Bytes,
    state: StateHash,
}

impl SnapshotRow {
    fn of(array: &Bytes) -> Result<Self, DecodeError> {
        let mut elements = Elements::of(array)?;
        let (id, data) = elements.head_and_data()?;
        let state = StateHash::of(&elements.next()?.unwrap_or_else(|| data.clone()));
        Ok(Self { id, data, state })
    }

    fn decode<Row: DeserializeOwned>(&self) -> Result<Row> {
        codec::decode(&self.data).map_err(|error| record_decode_error(&self.id, &error))
    }
}

fn rows(result: &Bytes) -> Result<Vec<SnapshotRow>, DecodeError> {
    let mut reader = Reader::new(result);
    let mut rows = Vec::new();
    let mut left = Remaining::of(reader.array()?);
    while left.next(&mut reader)? {
        rows.push(SnapshotRow::of(&result.slice_ref(reader.skip()?))?);
    }
    Ok(rows)
}

fn states(rows: &[SnapshotRow]) -> HashMap<Bytes, StateHash> {
    // Copied: a slice of the reply would keep all of it.
    rows.iter().map(|row| (Bytes::copy_from_slice(&row.id), row.state)).collect()
}

/// The maximum number of reads while the records change faster than they can be read. After that, a change may be repeated.
const ATTEMPTS: usize = 10;
