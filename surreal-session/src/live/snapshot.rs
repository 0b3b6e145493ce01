//! The records as they are, and then their changes, without a hole and without a repetition.
//!
//! The live query is registered first, so that nothing can fall in between; then the records are read. Events that come
//! meanwhile may be contained in what was read, or not, and nothing in them says which: no event carries a version. So
//! the states are compared. An event after which its record is as it was read is contained, and so are those of that
//! record before it. If the last event of a record leads elsewhere than what was read, it is read again.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{Identified, Live, LiveStream};
use crate::codec::DecodeError;
use crate::codec::reader::{Reader, Remaining};
use crate::connection::Item;
use crate::error::Result;
use crate::protocol::{EventKind, Notification, find_entry, malformed};
use crate::query::Response;
use crate::session::CallFuture;

/// A [`Live`] query that begins with the records as they are; see [`Live::snapshot`].
#[must_use = "nothing is registered until this is awaited"]
pub struct Snapshot<T, D = T> {
    live: Live<T, D>,
}

impl<T, D> Live<T, D> {
    /// Reads the records first: awaiting this gives them, in the order of their ids, and the stream of what changes from
    /// there on.
    ///
    /// No change is missing in between, with one exception: a transaction that was under way when the live query was
    /// registered, and was committed after the records were read, is in neither, as the server (3.3.5) reports nothing of
    /// it. A change that the records already contain is not repeated, as far as it arrives within a few seconds.
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
    /// ```no_run
    /// # use std::collections::HashMap;
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// let (users, mut changes) = session.live::<User>().snapshot().await?;
    /// let mut users: HashMap<Id<User>, User> = users.into_iter().map(|user| (user.id.clone(), user)).collect();
    /// while let Some(event) = changes.next().await {
    ///     match event? {
    ///         LiveEvent::Change(change) if change.action == Action::Delete => drop(users.remove(&change.id)),
    ///         LiveEvent::Change(change) => drop(users.insert(change.id, change.data)),
    ///         LiveEvent::Gap(_) | LiveEvent::Ended(_) => break,
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn snapshot(self) -> Snapshot<T, D> {
        Snapshot { live: self }
    }
}

impl<T, D> Snapshot<T, D> {
    /// The statements and the names bound to them, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        format!("{}; {}", self.live.to_surql(), self.live.select().to_surql())
    }
}

impl<T: Identified + 'static, D: DeserializeOwned + 'static> Snapshot<T, D> {
    async fn open(self) -> Result<(Vec<D>, LiveStream<T, D>)> {
        let mut stream = self.live.register().await?;
        let mut attempts = ATTEMPTS;
        loop {
            // What has arrived by now was committed before the records are read.
            let mut items: VecDeque<Item> = stream.drain().filter(is_notice).collect();
            let response = self.live.select().await?;
            // What the server sent on its way to us before it read the records arrives with this reply.
            stream.barrier().await?;
            items.extend(stream.drain());
            let rows = Rows::of(&response)?;
            attempts -= 1;
            if rows.leave_news(&mut items) || attempts == 0 {
                stream.begin_with(items, rows.into_known());
                return Ok((response.take(0)?, stream));
            }
        }
    }
}

/// Whether an item says something about the stream itself, which no reading makes up for.
fn is_notice(item: &Item) -> bool {
    !matches!(item, Item::Event(_) | Item::Missed(_))
}

/// The records that were read: their states, by their ids.
struct Rows(HashMap<Bytes, u64>);

impl Rows {
    fn of(response: &Response) -> Result<Self> {
        Self::scan(response.result(0)?).map_err(|error| malformed("query", error))
    }

    fn scan(result: &Bytes) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(result);
        let mut rows = HashMap::new();
        let mut left = Remaining::of(reader.array()?);
        while left.next(&mut reader)? {
            let row = reader.skip()?;
            if let Some(id) = find_entry(row, "id")? {
                rows.insert(result.slice_ref(id), state(row));
            }
        }
        Ok(Self(rows))
    }

    /// Removes the events that are contained in the records; says whether each record is then as its events say.
    fn leave_news(&self, items: &mut VecDeque<Item>) -> bool {
        let mut contained: HashMap<Bytes, usize> = HashMap::new();
        let mut last: HashMap<Bytes, usize> = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            if let Some(event) = event(item) {
                last.insert(event.record.clone(), index);
                if self.0.get(&event.record).copied() == state_after(&event) {
                    contained.insert(event.record, index);
                }
            }
        }
        let is_settled = last == contained && !items.iter().any(|item| matches!(item, Item::Missed(_)));
        let mut index = 0;
        items.retain(|item| {
            let until = event(item).and_then(|event| contained.get(&event.record).copied());
            index += 1;
            until.is_none_or(|until| index > until + 1)
        });
        is_settled
    }

    fn into_known(self) -> Known {
        Known { rows: self.0, until: Instant::now() + REPETITIONS }
    }
}

/// The states that the program has seen last, for as long as events about them may be late.
pub(super) struct Known {
    rows: HashMap<Bytes, u64>,
    until: Instant,
}

impl Known {
    /// Whether an event says what the program knows. Its record is not watched any further if not.
    pub(super) fn contains(&mut self, event: &Notification) -> bool {
        let is_known = self.rows.get(&event.record).copied() == state_after(event) && state_after(event).is_some();
        if !is_known {
            self.rows.remove(&event.record);
        }
        is_known
    }

    pub(super) fn is_over(&self) -> bool {
        self.rows.is_empty() || Instant::now() >= self.until
    }
}

fn event(item: &Item) -> Option<Notification> {
    match item {
        Item::Event(frame) => Notification::read(frame).ok(),
        _ => None,
    }
}

/// The state of its record after an event, or `None` if there is no record then.
fn state_after(event: &Notification) -> Option<u64> {
    (event.kind != EventKind::Delete).then(|| state(&event.data))
}

/// The server writes one state always in the same bytes.
fn state(row: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

impl<T: Identified + 'static, D: DeserializeOwned + 'static> IntoFuture for Snapshot<T, D> {
    type Output = Result<(Vec<D>, LiveStream<T, D>)>;
    type IntoFuture = CallFuture<(Vec<D>, LiveStream<T, D>)>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

impl<T, D> fmt::Debug for Snapshot<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Snapshot").field(&self.live).finish()
    }
}

/// How often the records are read while they change faster than they can be read. Then a change may be repeated.
const ATTEMPTS: usize = 10;

/// How long an event may be late and still be recognised as a repetition.
const REPETITIONS: Duration = Duration::from_secs(5);
