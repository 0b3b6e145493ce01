//! Change feeds: the changes of a table that the server has kept.
//!
//! The text is `SHOW CHANGES FOR DATABASE`. The form `FOR TABLE` (server 3.3.5) limits the entries of the whole database
//! before it looks for those of the table: behind a thousand entries of other tables it returns nothing, and does not tell
//! where to go on. So this client reads the entries of all tables and leaves out the others.
//!
//! An entry holds the changes of one table in one transaction, and a set those of one transaction. The limit of the server
//! counts entries, so that the last set of a full answer may be incomplete: it is left for the next request.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{BoxStream, Stream, StreamExt, try_unfold};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Identified;
use crate::codec::reader::{Reader, Remaining, find_entry};
use crate::codec::{self, DecodeError};
use crate::connection::{CallWatch, Deadline, Patience};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Operation, Target, record_decode_error};
use crate::query::untyped::Untyped;
use crate::query::{Fragment, PatchOp, Scope};
use crate::record::Record;
use crate::session::{CallFuture, Session};
use crate::value::{Datetime, RecordId, Table, Value};

/// The changes of a table that its change feed has kept: awaiting it returns a [`ChangePage`].
///
/// Needs a `CHANGEFEED` of the table or of the database, which keeps the changes for a time. A feed has all changes that are
/// committed, in the order of their commits, and can be read from any position. So a program that has stopped can go on where
/// it was, unlike with a [live query](super::Live).
///
/// # Errors
///
/// [`Auth`](crate::ErrorKind::Auth) for a record user: the server (3.3.5) shows changes only to system users;
/// [`Decode`](crate::ErrorKind::Decode) for a record that does not fit `T`;
/// [`Serialization`](crate::ErrorKind::Serialization) if a change of any table of the database holds a regex, which the
/// server cannot send. A table without a feed has no changes, which is no error.
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
///
/// # Examples
///
/// ```
/// use std::collections::HashMap;
///
/// use serde::{Deserialize, Serialize};
/// use surreal_session::live::{FeedChange, Versionstamp};
/// use surreal_session::prelude::*;
///
/// #[derive(Serialize, Deserialize, Record)]
/// struct User {
///     id: Id<User>,
///     name: String,
/// }
///
/// /// Brings the copies up to date, and returns the position for the next time.
/// async fn catch_up(
///     session: &Session,
///     users: &mut HashMap<Id<User>, User>,
///     mut position: Versionstamp,
/// ) -> surreal_session::Result<Versionstamp> {
///     loop {
///         let page = session.changes::<User>().since(position).await?;
///         for change in page.sets.into_iter().flat_map(|set| set.changes) {
///             match change {
///                 FeedChange::Written(user) | FeedChange::Updated { record: user, .. } => drop(users.insert(user.id.clone(), user)),
///                 FeedChange::Deleted { id, .. } => drop(users.remove(&id)),
///                 _ => {}
///             }
///         }
///         position = page.next;
///         if page.is_end {
///             return Ok(position);
///         }
///     }
/// }
///
/// # surreal_session_embedded::example(async |session| {
/// session.execute("DEFINE TABLE user CHANGEFEED 1d").await?;
/// session.execute("CREATE user:ada SET name = 'Ada'; CREATE user:bob SET name = 'Bob'").await?;
/// let mut users = HashMap::new();
/// let position = catch_up(&session, &mut users, Versionstamp::START).await?;
/// session.execute("UPDATE user:ada SET name = 'Ada L.'; DELETE user:bob").await?;
/// catch_up(&session, &mut users, position).await?;
/// assert_eq!((users.len(), users[&Id::new("ada")].name.as_str()), (1, "Ada L."));
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Changes<T> {
    scope: Scope,
    table: Table,
    since: Versionstamp,
    limit: usize,
    deadline: Patience,
    record: PhantomData<fn() -> T>,
}

/// A position in the change feeds of a database, which a program may store.
///
/// Converted from a [`Datetime`] it is the position of the first change of that millisecond. The server's own form of that
/// (3.3.5) finds nothing with some storage engines, so this client calculates it: the milliseconds of the clock, and 16 bits
/// that count the transactions in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Versionstamp(u64);

/// Some changes of a feed, in the order in which they were committed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ChangePage<T: Identified> {
    /// The transactions that changed the table.
    pub sets: Vec<ChangeSet<T>>,
    /// The position behind them, for [`Changes::since`].
    pub next: Versionstamp,
    /// True if the feed had no more changes when it was read.
    pub is_end: bool,
}

/// The changes of the table in one transaction, in the order in which they were made.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ChangeSet<T: Identified> {
    /// The position of the transaction.
    pub versionstamp: Versionstamp,
    /// The changes of its records.
    pub changes: Vec<FeedChange<T>>,
}

/// A change in a feed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FeedChange<T: Identified> {
    /// A record was created, or also changed if the feed has no `INCLUDE ORIGINAL`: the record after it.
    Written(T),
    /// A record was changed, in a feed with `INCLUDE ORIGINAL`.
    Updated {
        /// The record after the change.
        record: T,
        /// The operations that lead from it to the record before the change; see [`Apply`](crate::query::Apply).
        undo: Vec<PatchOp>,
    },
    /// A record was deleted.
    Deleted {
        /// Its id.
        id: T::Id,
        /// Its last state, in a feed with `INCLUDE ORIGINAL`.
        record: Option<T>,
    },
    /// The table was defined or altered.
    TableDefined,
}

/// The changes of a table as a stream, which ends at the end of the feed. Made by [`Changes::stream`].
#[must_use = "nothing is read until the stream is polled"]
pub struct ChangeStream<T: Identified>(BoxStream<'static, Result<ChangeSet<T>>>);

impl Session {
    /// Reads the changes of `T`'s table from its change feed.
    ///
    /// # Errors
    ///
    /// See [`Changes`].
    pub fn changes<T: Record>(&self) -> Changes<T> {
        Changes::new(Scope::of_session(self), Table::new(T::TABLE))
    }
}

impl Untyped {
    /// Reads the changes of a table from its change feed, as [`Session::changes`] does with a model.
    ///
    /// # Errors
    ///
    /// See [`Changes`].
    pub fn changes(&self, table: Table) -> Changes<Value> {
        Changes::new(self.scope().clone(), table)
    }
}

impl Versionstamp {
    /// The beginning of every feed.
    pub const START: Self = Self(0);

    /// The position with this number, as the server writes it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number that the server writes.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The position behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl From<Datetime> for Versionstamp {
    fn from(time: Datetime) -> Self {
        let milliseconds = time.timestamp() * 1_000 + i64::from(time.subsec_nanos() / 1_000_000);
        Self(u64::try_from(milliseconds).map_or(0, |milliseconds| milliseconds.saturating_mul(1 << 16)))
    }
}

impl fmt::Display for Versionstamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Changes<T> {
    fn new(scope: Scope, table: Table) -> Self {
        Self {
            scope,
            table,
            since: Versionstamp::START,
            limit: DEFAULT_SETS,
            deadline: Patience::default(),
            record: PhantomData,
        }
    }

    /// Begins with the change at this position or time, or with the next one after it. Without it, with the first change that
    /// the feed has.
    pub fn since(mut self, position: impl Into<Versionstamp>) -> Self {
        self.since = position.into();
        self
    }

    /// Sets the maximum number of transactions in a page; 100 unless set, at least one.
    pub fn limit(mut self, sets: usize) -> Self {
        self.limit = sets;
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.deadline.fail_fast();
        self
    }

    /// Returns the text of the first request, for logs.
    pub fn to_surql(&self) -> String {
        surql(self.since, MIN_ENTRIES).to_surql()
    }
}

impl<T: Identified<Id: Send> + DeserializeOwned + Send + 'static> Changes<T> {
    /// Returns the changes as a stream, which reads a page when the one before is used up, and ends at the end of the feed.
    ///
    /// To go on later, begin with the position [behind](Versionstamp::next) that of the last set.
    pub fn stream(self) -> ChangeStream<T> {
        let pages = try_unfold(Some(self), async |next| {
            let Some(mut changes) = next else { return Ok::<_, Error>(None) };
            let watch = changes.watch();
            let page = watch.observe(changes.page()).await?;
            changes.since = page.next;
            Ok(Some((page.sets, (!page.is_end).then_some(changes))))
        });
        let sets = pages.flat_map(|page| match page {
            Ok(sets) => futures_util::stream::iter(sets.into_iter().map(Ok).collect::<Vec<_>>()),
            Err(error) => futures_util::stream::iter(vec![Err(error)]),
        });
        ChangeStream(sets.boxed())
    }

    /// Reads until there are enough sets, or the feed is over.
    async fn page(&self) -> Result<ChangePage<T>> {
        if self.limit == 0 {
            return Err(Error::argument("a page of changes cannot have 0 transactions: give `limit` at least 1"));
        }
        let deadline = self.scope.client().deadline(self.deadline);
        let mut page = ChangePage { sets: Vec::new(), next: self.since, is_end: false };
        let mut entries = self.limit.clamp(MIN_ENTRIES, MAX_ENTRIES);
        while !page.is_end && page.sets.len() < self.limit {
            let answer = self.answer(page.next, entries, deadline).await?;
            if answer.sets.is_empty() && !answer.is_end {
                if entries == MAX_ENTRIES {
                    let message =
                        format!("a transaction changed {MAX_ENTRIES} tables or more: its changes cannot be read");
                    return Err(Error::new(ErrorKind::Unsupported, message).answered());
                }
                entries = MAX_ENTRIES;
            }
            self.add(&mut page, &answer)?;
        }
        Ok(page)
    }

    /// Adds the sets of the table to a page, until it is full.
    fn add(&self, page: &mut ChangePage<T>, answer: &Answer) -> Result<()> {
        for set in &answer.sets {
            if page.sets.len() >= self.limit {
                return Ok(());
            }
            let own = set.changes.iter().filter(|change| change.table == self.table.as_str());
            let changes = own.map(RawChange::read).collect::<Result<Vec<_>>>()?;
            if !changes.is_empty() {
                page.sets.push(ChangeSet { versionstamp: set.versionstamp, changes });
            }
            page.next = set.versionstamp.next();
        }
        page.is_end = answer.is_end;
        Ok(())
    }

    /// Begins to watch the read of a page as a call of the program, if something listens.
    fn watch(&self) -> CallWatch {
        self.scope.watch(|| self.operation(), None)
    }

    fn operation(&self) -> Operation {
        Operation::statement("changes", Target::shown(self.table.clone()))
    }

    async fn answer(&self, since: Versionstamp, entries: usize, deadline: Deadline) -> Result<Answer> {
        let operation = self.operation();
        let query = surql(since, entries).into_query(self.scope.clone(), operation.clone(), self.deadline);
        let response = query.run_by(deadline).await?.named(operation);
        Answer::read(response.result(0)?, entries).map_err(|error| {
            let message = format!("cannot read the changes of a feed: {}", error.message());
            Error::new(ErrorKind::Decode, message).answered()
        })
    }
}

fn surql(since: Versionstamp, entries: usize) -> Fragment {
    Fragment::new(format!("SHOW CHANGES FOR DATABASE SINCE {since} LIMIT {entries}"))
}

/// The complete sets of an answer, of all tables.
#[derive(Debug)]
struct Answer {
    sets: Vec<RawSet>,
    is_end: bool,
}

#[derive(Debug)]
struct RawSet {
    versionstamp: Versionstamp,
    changes: Vec<RawChange>,
}

/// A change that is not decoded.
#[derive(Debug)]
struct RawChange {
    table: String,
    kind: RawKind,
}

#[derive(Debug)]
enum RawKind {
    Written(Bytes),
    Updated { record: Bytes, undo: Bytes },
    Deleted { id: Bytes, record: Option<Bytes> },
    TableDefined,
}

impl Answer {
    /// Reads the answer to a request with this limit.
    fn read(answer: &Bytes, limit: usize) -> Result<Self, DecodeError> {
        let mut sets = elements(answer)?.iter().map(RawSet::read).collect::<Result<Vec<_>, _>>()?;
        let entries: usize = sets.iter().map(RawSet::entries).sum();
        let is_end = entries < limit;
        if !is_end {
            sets.pop();
        }
        Ok(Self { sets, is_end })
    }
}

impl RawSet {
    fn read(set: &Bytes) -> Result<Self, DecodeError> {
        let versionstamp = codec::decode(&entry(set, "versionstamp")?)?;
        let changes = elements(&entry(set, "changes")?)?;
        Ok(Self { versionstamp, changes: changes.iter().map(RawChange::of).collect::<Result<_, _>>()? })
    }

    /// The number of tables: each has an entry of its own.
    fn entries(&self) -> usize {
        self.changes.iter().map(|change| change.table.as_str()).collect::<HashSet<_>>().len()
    }
}

impl RawChange {
    fn of(change: &Bytes) -> Result<Self, DecodeError> {
        let find = |name| Ok::<_, DecodeError>(find_entry(change, name)?.map(|found| change.slice_ref(found)));
        if let Some(definition) = find("define_table")? {
            let table = codec::decode(&entry(&definition, "name")?)?;
            return Ok(Self { table, kind: RawKind::TableDefined });
        }
        if let Some(deleted) = find("delete")? {
            let id = entry(&deleted, "id")?;
            let record = find_entry(&deleted, "original")?.map(|record| deleted.slice_ref(record));
            return Ok(Self { table: table_of(&id)?, kind: RawKind::Deleted { id, record } });
        }
        let update = entry(change, "update")?;
        let (record, kind) = match find("current")? {
            Some(record) => (record.clone(), RawKind::Updated { record, undo: update }),
            None => (update.clone(), RawKind::Written(update)),
        };
        Ok(Self { table: table_of(&entry(&record, "id")?)?, kind })
    }

    fn read<T: Identified + DeserializeOwned>(&self) -> Result<FeedChange<T>> {
        Ok(match &self.kind {
            RawKind::Written(record) => FeedChange::Written(decode(record)?),
            RawKind::Updated { record, undo } => {
                let undo = codec::decode(undo).map_err(|error| cannot_decode("the operations of a change", &error))?;
                FeedChange::Updated { record: decode(record)?, undo }
            }
            RawKind::Deleted { id, record } => {
                let id = codec::decode(id).map_err(|error| cannot_decode("the id of a deleted record", &error))?;
                FeedChange::Deleted { id, record: record.as_ref().map(decode).transpose()? }
            }
            RawKind::TableDefined => FeedChange::TableDefined,
        })
    }
}

fn decode<T: DeserializeOwned>(record: &Bytes) -> Result<T> {
    codec::decode(record).map_err(|error| match find_entry(record, "id") {
        Ok(Some(id)) => record_decode_error(id, &error),
        _ => cannot_decode("a record of a feed", &error),
    })
}

fn cannot_decode(what: &str, error: &DecodeError) -> Error {
    Error::new(ErrorKind::Decode, format!("cannot decode {what}: {}", error.message())).answered()
}

fn table_of(id: &Bytes) -> Result<String, DecodeError> {
    codec::decode::<RecordId>(id).map(|id| id.table().to_owned())
}

fn entry(map: &Bytes, name: &str) -> Result<Bytes, DecodeError> {
    let found = find_entry(map, name)?.map(|found| map.slice_ref(found));
    found.ok_or_else(|| DecodeError::new(format!("`{name}` is missing")))
}

fn elements(array: &Bytes) -> Result<Vec<Bytes>, DecodeError> {
    let mut reader = Reader::new(array);
    let mut left = Remaining::of(reader.array()?);
    let mut elements = Vec::new();
    while left.next(&mut reader)? {
        elements.push(array.slice_ref(reader.skip()?));
    }
    Ok(elements)
}

impl<T: Identified<Id: Send> + DeserializeOwned + Send + 'static> IntoFuture for Changes<T> {
    type Output = Result<ChangePage<T>>;
    type IntoFuture = CallFuture<ChangePage<T>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let watch = self.watch();
            watch.observe(self.page()).await
        })
    }
}

impl<T: Identified> ChangeStream<T> {
    /// Waits for the next set. Returns `None` at the end of the feed, and after an error.
    pub async fn next(&mut self) -> Option<Result<ChangeSet<T>>> {
        self.0.next().await
    }
}

impl<T: Identified> Stream for ChangeStream<T> {
    type Item = Result<ChangeSet<T>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().0.poll_next_unpin(cx)
    }
}

impl<T> fmt::Debug for Changes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes").field("table", &self.table).field("since", &self.since).finish_non_exhaustive()
    }
}

impl<T: Identified> fmt::Debug for ChangeStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeStream").finish_non_exhaustive()
    }
}

/// The number of transactions of a page, unless the program sets another one.
const DEFAULT_SETS: usize = 100;

/// The least number of entries that are asked for: those of one transaction have to fit.
const MIN_ENTRIES: usize = 100;

/// The most entries that the server (3.3.5) returns.
const MAX_ENTRIES: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_times_are_those_of_the_servers_clock() {
        let time: Datetime = "2026-11-27T00:00:00.123456Z".parse().unwrap();
        assert_eq!(Versionstamp::from(time).number(), 1_795_737_600_123 << 16);
        assert_eq!(Versionstamp::from("1960-01-01T00:00:00Z".parse::<Datetime>().unwrap()), Versionstamp::START);
        assert_eq!(serde_json::to_string(&Versionstamp::new(7).next()).unwrap(), "8");
    }
}
