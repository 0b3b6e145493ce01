//! The records as they are, and then their changes.
//!
//! The live query is registered first, then the records are read. Events that arrive meanwhile may be contained in what was
//! read, or not, and an event does not say which: no event carries a version of the store. So the states are compared. An
//! event after which its record is as it was read is contained, and so are the events of earlier changes of that record. If
//! the last event of a record leads to another state than the one that was read, the records are read again.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::order::{Order, Position};
use super::shown::Parts;
use super::{Identified, Live, LiveDiff, LiveStream};
use crate::codec::reader::{Reader, Remaining};
use crate::codec::{self, DecodeError};
use crate::connection::QueueItem;
use crate::error::Result;
use crate::protocol::{EventKind, Notification, malformed, misfit_of};
use crate::query::PatchOp;
use crate::record::Record;
use crate::session::CallFuture;

/// A [`Live`] query that begins with the records as they are; see [`Live::snapshot`] and [`LiveDiff::snapshot`].
///
/// It gives each record as an `R`, and each change as a `D`.
#[must_use = "nothing is registered until this is awaited"]
pub struct Snapshot<T, D = T, R = D> {
    live: Live<T, D>,
    rows: PhantomData<fn() -> R>,
}

impl<T, D> Live<T, D> {
    /// Reads the records first: awaiting this gives them, in the order of their ids, and the stream of what changes from
    /// there on.
    ///
    /// Every change of a transaction that began after the registration is in the records, in the stream, or in both. There is
    /// one hole: a transaction that began before the registration and is committed after the records were read is in
    /// neither, because the server (3.3.5) does not report it. The longest transaction of the program limits how long that
    /// can happen; a program that needs to be sure reads the records once more after that time. A change that the records
    /// already contain is not repeated if its event arrives within five seconds.
    ///
    /// The records are read again, up to ten times, if they change faster than they can be read.
    ///
    /// # Errors
    ///
    /// Like [`Live`]; [`Decode`](crate::ErrorKind::Decode) for a record that does not fit.
    ///
    /// # Cancel safety
    ///
    /// Like [`Live`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # surreal_session_embedded::example(async |session| {
    /// # session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
    /// let (users, mut changes) = session.live::<User>().snapshot().await?;
    /// let mut users: HashMap<Id<User>, User> = users.into_iter().map(|user| (user.id.clone(), user)).collect();
    /// # session.create::<User>().id("bob").content(NewUser { name: "Bob".into() }).await?;
    /// # session.delete::<User>().id("ada").await?;
    /// while let Some(event) = changes.next().await {
    ///     match event? {
    ///         LiveEvent::Change(change) if change.action == Action::Delete => drop(users.remove(&change.id)),
    ///         LiveEvent::Change(change) => drop(users.insert(change.id, change.data)),
    ///         LiveEvent::Gap(_) | LiveEvent::Ended(_) => break,
    ///     }
    /// #   if users.len() == 1 { break }
    /// }
    /// # assert_eq!(users.into_values().map(|user| user.name).collect::<Vec<_>>(), ["Bob"]);
    /// # Ok(()) });
    /// ```
    pub fn snapshot(self) -> Snapshot<T, D> {
        Snapshot { live: self, rows: PhantomData }
    }
}

impl<T: Record> LiveDiff<T> {
    /// Reads the records first, as [`Live::snapshot`] does: applied to them one after another, the differences give
    /// the records as they are.
    ///
    /// The server is asked for a digest with each event, to know which of them the records contain: this needs its
    /// functions `crypto::blake3` and `value::diff`, and fails where they are denied.
    ///
    /// # Errors
    ///
    /// Like [`Live::snapshot`].
    ///
    /// # Cancel safety
    ///
    /// Like [`Live`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use std::collections::HashMap;
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// let (users, mut changes) = session.live::<User>().diff().snapshot().await?;
    /// let mut users: HashMap<Id<User>, User> = users.into_iter().map(|user| (user.id.clone(), user)).collect();
    /// while let Some(event) = changes.next().await {
    ///     let LiveEvent::Change(change) = event? else { break };
    ///     match change.action {
    ///         Action::Delete => drop(users.remove(&change.id)),
    ///         // The record comes whole, in place of nothing.
    ///         Action::Create => drop(users.insert(change.id, User::from_ops(&change.data)?)),
    ///         Action::Update => {
    ///             if let Some(user) = users.get_mut(&change.id) {
    ///                 user.apply(&change.data)?;
    ///             }
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn snapshot(self) -> Snapshot<T, Vec<PatchOp>, T> {
        Snapshot { live: self.live.digested(), rows: PhantomData }
    }
}

impl<T, D, R> Snapshot<T, D, R> {
    /// The statements and the names bound to them, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        format!("{}; {}", self.live.to_surql(), self.live.select().to_surql())
    }
}

impl<T: Identified + 'static, D: DeserializeOwned + 'static, R: DeserializeOwned> Snapshot<T, D, R> {
    async fn open(self) -> Result<(Vec<R>, LiveStream<T, D>)> {
        let deadline = self.live.begin();
        let mut stream = self.live.register(deadline).await?;
        let (mut items, mut order) = (VecDeque::new(), Order::default());
        let mut attempts = ATTEMPTS;
        loop {
            // What has arrived by now was committed before the records are read.
            items.extend(stream.drain());
            leave_notices(&mut items, &mut order);
            let response = self.live.read(deadline).await?;
            // What the server sent on its way to us before it read the records arrives with this reply.
            stream.barrier(deadline).await?;
            items.extend(stream.drain());
            let rows = rows(response.result(0)?).map_err(|error| malformed("query", error))?;
            let known = Known::of(&rows);
            attempts -= 1;
            if known.leave_news(&mut items, &mut order) || attempts == 0 {
                stream.begin_with(items, known, order);
                return Ok((rows.iter().map(decode).collect::<Result<_>>()?, stream));
            }
        }
    }
}

/// Removes the changes, which a later read contains, and notes them: the event of an earlier change may arrive after it.
fn leave_notices(items: &mut VecDeque<QueueItem>, order: &mut Order) {
    items.retain(|item| match item {
        QueueItem::Event(_) => {
            if let Some(change) = Change::read(item) {
                order.note(&change.record, change.position);
            }
            false
        }
        QueueItem::Missed(missed) => {
            order.note_loss(missed.last);
            false
        }
        QueueItem::Identity(_) | QueueItem::End(_) => true,
    });
}

fn rows(result: &Bytes) -> Result<Vec<Parts>, DecodeError> {
    let mut reader = Reader::new(result);
    let mut rows = Vec::new();
    let mut left = Remaining::of(reader.array()?);
    while left.next(&mut reader)? {
        rows.push(Parts::of(&result.slice_ref(reader.skip()?))?);
    }
    Ok(rows)
}

fn decode<R: DeserializeOwned>(row: &Parts) -> Result<R> {
    codec::decode(&row.data).map_err(|error| misfit_of(&row.head, &error))
}

/// The states that the program has seen last, by the ids of their records, for as long as events about them may be late.
pub(super) struct Known {
    states: HashMap<Bytes, u64>,
    until: Instant,
}

/// A change as far as it is compared with what is known.
struct Change {
    record: Bytes,
    position: Position,
    /// The state of the record after it, or `None` if there is no record then.
    state: Option<u64>,
}

impl Change {
    /// The change that an item is; what cannot be read is an error once the program takes it.
    fn read(item: &QueueItem) -> Option<Self> {
        let QueueItem::Event(frame) = item else { return None };
        let event = Notification::read(frame).ok()?;
        let parts = Parts::of(&event.data).ok()?;
        let state = state_after(parts.kind(event.kind).ok()?, &parts);
        Some(Self { position: parts.position().ok()?, record: event.record, state })
    }
}

impl Known {
    fn of(rows: &[Parts]) -> Self {
        // Copied: a slice of the reply would keep all of it.
        let states = rows.iter().map(|row| (Bytes::copy_from_slice(&row.head), hash(&row.state))).collect();
        Self { states, until: Instant::now() + REPETITIONS }
    }

    /// Removes the events that are contained in the records; says whether each record is then as its events say.
    fn leave_news(&self, items: &mut VecDeque<QueueItem>, order: &mut Order) -> bool {
        let changes: Vec<_> = items.iter().map(Change::read).collect();
        // By their records, the changes that were made last, and the last of those that lead to what was read.
        let (mut last, mut contained) = (HashMap::new(), HashMap::new());
        for (index, change) in changes.iter().enumerate() {
            let Some(Change { record, position, state }) = change else { continue };
            if self.states.get(record).copied() == *state {
                keep_later(&mut contained, record, (*position, index));
            }
            keep_later(&mut last, record, (*position, index));
        }
        for (record, (position, _)) in &contained {
            order.note(record, *position);
        }
        // What was made before, and comes after, is left to be reported.
        let is_contained = |(index, change): (usize, &Option<Change>)| {
            let Some(Change { record, position, .. }) = change else { return false };
            contained.get(record).is_some_and(|(until, last)| position <= until && index <= *last)
        };
        let mut are_contained = changes.iter().enumerate().map(is_contained);
        items.retain(|_| !are_contained.next().unwrap_or(false));
        last == contained && !items.iter().any(|item| matches!(item, QueueItem::Missed(_)))
    }

    /// Whether an event says what the program knows. If not, its record is not as it was any more.
    pub(super) fn contains(&mut self, record: &Bytes, kind: EventKind, parts: &Parts) -> bool {
        let state = state_after(kind, parts);
        let is_known = state.is_some() && self.states.get(record).copied() == state;
        if !is_known {
            self.states.remove(record);
        }
        is_known
    }

    pub(super) fn is_over(&self) -> bool {
        self.states.is_empty() || Instant::now() >= self.until
    }
}

fn keep_later<'c>(changes: &mut HashMap<&'c Bytes, (Position, usize)>, record: &'c Bytes, change: (Position, usize)) {
    let last = changes.entry(record).or_insert(change);
    *last = change.max(*last);
}

/// The state of its record after an event, or `None` if there is no record then.
fn state_after(kind: EventKind, parts: &Parts) -> Option<u64> {
    (kind != EventKind::Delete).then(|| hash(&parts.state))
}

/// The server writes one state always in the same bytes.
fn hash(state: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

impl<T, D, R> IntoFuture for Snapshot<T, D, R>
where
    T: Identified + 'static,
    D: DeserializeOwned + 'static,
    R: DeserializeOwned + Send + 'static,
{
    type Output = Result<(Vec<R>, LiveStream<T, D>)>;
    type IntoFuture = CallFuture<(Vec<R>, LiveStream<T, D>)>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

impl<T, D, R> fmt::Debug for Snapshot<T, D, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Snapshot").field(&self.live).finish()
    }
}

/// How often the records are read while they change faster than they can be read. Then a change may be repeated.
const ATTEMPTS: usize = 10;

/// How long an event may be late and still be recognised as a repetition.
const REPETITIONS: Duration = Duration::from_secs(5);
