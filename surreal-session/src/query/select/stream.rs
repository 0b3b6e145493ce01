//! The records of a select as a stream: in pages by key, so that a slow program stops the server and not the socket.
//!
//! Each page is a select that begins behind the last record of the page before. They run in one transaction, so that all of
//! them see one moment. `docs/streams.md` compares this with the server's own streaming of results.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

use super::clauses::SelectClauses;
use super::cursor::{Cursor, Direction};
use super::page::{begin_behind, check_order, page_statement, with_id};
use crate::codec::reader::elements;
use crate::codec::{self, DecodeError};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{malformed, record_decode_error};
use crate::query::order::Key;
use crate::query::{Fragment, Response, Scope};
use crate::record::Record;
use crate::transaction::Transaction;
use crate::value::Value;

/// The records of type `T` of a select, one after the other: a `Stream<Item = Result<V>>`.
///
/// Made by [`Select::stream`](super::Select::stream). It reads pages by key, of at most [`chunk`](Self::chunk) records and
/// about 1 MiB, and holds one of them: the next one is requested when the program has taken the last record of the one
/// before. So memory does not grow with the number of records, the server does nothing for a program that is slow, and
/// other calls of the socket do not wait for it.
///
/// The records are in the order of [`order_by`](super::Select::order_by), and those that are equal in the order of their
/// ids. With an order, the server (3.3.5) sorts all records again for each page: a larger `chunk` costs memory and saves time.
///
/// # Consistency
///
/// All pages are read in one transaction, which is opened by the first poll and is cancelled at the end: the records are those
/// of one moment. It is one of the 64 open transactions that a session may have (server 3.3.5). In a [`Transaction`](crate::Transaction) it is that one, with its own writes, which may change while the
/// stream is read. [`without_snapshot`](Self::without_snapshot) opens no transaction.
///
/// # Errors
///
/// A record that does not fit `V` is an item with [`Decode`](crate::ErrorKind::Decode), after which the stream goes on. Every
/// other error ends the stream, and says how many records came before: those of [`Select`](super::Select), and
/// [`TransactionLost`](crate::ErrorKind::TransactionLost) if the connection is lost. [`cursor`](Self::cursor) and
/// [`after`](Self::after) continue from there, at another moment.
///
/// # Cancel safety
///
/// Dropping the stream cancels its transaction. A poll that is dropped loses no record.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// use futures_util::TryStreamExt;
///
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, age: u32 }
/// # surreal_session_embedded::example(async |session| {
/// # session.insert((0..100).map(|age| NewUser { name: "Ada".into(), age }).collect::<Vec<_>>()).await?;
/// let mut users = session.select::<User>().filter(|u| u.age.gte(18)).stream();
/// let mut ages = 0;
/// while let Some(user) = users.try_next().await? {
///     ages += user.age;
/// }
/// assert_eq!(ages, (18..100).sum::<u32>());
/// # Ok(()) });
/// ```
#[must_use = "a stream reads nothing until it is polled"]
pub struct RowStream<T, V = T> {
    pages: Option<Pages>,
    /// The read of the next page.
    reading: Option<BoxFuture<'static, (Pages, Result<Page>)>>,
    page: Page,
    cursor: CursorSource,
    rows: u64,
    types: PhantomData<fn() -> (T, V)>,
}

/// The page that is being taken.
#[derive(Debug, Default)]
struct Page {
    /// The rows that are left, each an array of the row and the values of the order, encoded.
    rows: VecDeque<Bytes>,
    is_last: bool,
}

/// The place of the last record that was taken.
#[derive(Debug)]
struct CursorSource {
    table: &'static str,
    order: Vec<Key>,
    keys: Option<Vec<Value>>,
}

impl CursorSource {
    /// The id of the record, encoded.
    fn id(&self) -> Bytes {
        let keys = self.order.iter().zip(self.keys.iter().flatten());
        let id = keys.filter(|(key, _)| key.is_id()).find_map(|(_, id)| codec::encode(id).ok());
        id.unwrap_or_default()
    }
}

/// The pages that are still to be read.
struct Pages {
    clauses: SelectClauses,
    order: Vec<Key>,
    begin_behind: fn(&mut SelectClauses, &[Key], Direction, &[Value]),
    snapshot: Snapshot,
    /// The values of the order of the last record that was read.
    after: Option<Vec<Value>>,
    /// The records that are left of the limit of the select.
    left: Option<i64>,
    start: Option<i64>,
    /// The number of records of the next page, and at most.
    size: i64,
    chunk: i64,
}

/// The moment that the pages show.
enum Snapshot {
    /// That of a transaction that is still to be opened.
    Unopened,
    Opened(Transaction),
    /// None, or that of the transaction of the program.
    Unneeded,
}

impl<T: Record, V> RowStream<T, V> {
    pub(super) fn new(mut clauses: SelectClauses) -> Self {
        check_order(&mut clauses);
        let order = with_id(std::mem::take(&mut clauses.order));
        let (left, start) = clauses.take_page();
        let chunk = if matches!(&order[..], [key] if key.is_plain_id()) { CHUNK } else { CHUNK_SORTED };
        let snapshot = match clauses.call.scope.transaction() {
            Some(_) => Snapshot::Unneeded,
            None => Snapshot::Unopened,
        };
        let cursor = CursorSource { table: T::TABLE, order: order.clone(), keys: None };
        let pages = Pages {
            clauses,
            order,
            begin_behind: begin_behind::<T>,
            snapshot,
            after: None,
            left,
            start,
            size: FIRST_ROWS,
            chunk,
        };
        Self { pages: Some(pages), reading: None, page: Page::default(), cursor, rows: 0, types: PhantomData }
    }

    /// Sets the largest number of records of one page, which are in memory together; unless set, 1,000 in
    /// the order of the ids, and 10,000 in another one. With 0 the stream
    /// fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    ///
    /// A page is smaller if the records are large: pages grow up to about 1 MiB.
    pub fn chunk(mut self, records: usize) -> Self {
        if let Some(pages) = &mut self.pages {
            pages.chunk = i64::try_from(records).unwrap_or(i64::MAX);
            if records == 0 {
                pages.clauses.refuse("a stream needs pages of at least one record");
            }
        }
        self
    }

    /// Begins behind the record of this cursor, which [`cursor`](Self::cursor) or a [page](super::Page::next) of a select
    /// with the same order returned.
    pub fn after(mut self, cursor: Cursor) -> Self {
        if let Some(pages) = &mut self.pages {
            match cursor.place(self.cursor.table, &pages.order) {
                Ok((_, keys)) => {
                    self.cursor.keys = Some(keys.clone());
                    pages.after = Some(keys);
                }
                Err(reason) => pages.clauses.refuse(reason),
            }
        }
        self
    }

    /// Reads each page at its own moment, and opens no transaction.
    ///
    /// No record that exists all the time is skipped or repeated, unless it moves in the order. The stream goes on over a lost
    /// connection.
    pub fn without_snapshot(mut self) -> Self {
        if let Some(pages) = &mut self.pages {
            pages.snapshot = Snapshot::Unneeded;
        }
        self
    }

    /// Returns the place of the record that was taken last; `None` before the first one.
    pub fn cursor(&self) -> Option<Cursor> {
        let CursorSource { table, order, keys } = &self.cursor;
        Cursor::new(Direction::Forward, table, order, keys.as_ref()?).ok()
    }

    /// Returns the first page as a statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.pages
            .as_ref()
            .map_or_else(String::new, |pages| pages.statement().closed(&pages.clauses.call.scope).to_surql())
    }
}

impl Pages {
    fn statement(&self) -> Fragment {
        let mut clauses = self.clauses.clone();
        if let Some(after) = &self.after {
            (self.begin_behind)(&mut clauses, &self.order, Direction::Forward, after);
        }
        clauses.limit(self.left.unwrap_or(i64::MAX).min(self.size).min(self.chunk));
        if let Some(start) = self.start {
            clauses.start(start);
        }
        page_statement(&clauses, &self.order, Direction::Forward)
    }

    async fn read(mut self) -> (Self, Result<Page>) {
        let page = self.next().await;
        (self, page)
    }

    async fn next(&mut self) -> Result<Page> {
        let scope = self.scope().await?;
        let call = &self.clauses.call;
        let operation = self.clauses.operation.clone();
        // Sub-queries belong to the scope of the program, whose transaction this may not be.
        let statement = self.statement().closed(&call.scope);
        let asked = self.left.unwrap_or(i64::MAX).min(self.size).min(self.chunk);
        // Dropped here: the transaction is dropped with the stream, and the server forgets it.
        let response = statement.into_query(scope, operation.clone(), call.deadline).into_future().await?;
        let response: Response = response.named(operation.clone());
        let result = response.result(0)?.clone();
        let rows: VecDeque<Bytes> = elements(&result).map_err(|error| malformed(&operation, error))?;
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        self.start = None;
        self.left = self.left.map(|left| left - count);
        let is_last = count < asked || self.left == Some(0);
        if let Some(last) = rows.back() {
            let keys = split(last).and_then(|(_, keys)| codec::decode(&keys));
            self.after = Some(keys.map_err(|error| malformed(&operation, error))?);
            let bytes = i64::try_from(result.len()).unwrap_or(i64::MAX) / count.max(1) + 1;
            self.size = (PAGE_BYTES / bytes).clamp(1, self.size.saturating_mul(GROWTH));
        }
        if is_last {
            self.snapshot = Snapshot::Unneeded;
        }
        Ok(Page { rows, is_last })
    }

    /// The place where the pages are read.
    async fn scope(&mut self) -> Result<Scope> {
        let scope = &self.clauses.call.scope;
        if let Snapshot::Unopened = self.snapshot {
            let deadline = scope.client().deadline(self.clauses.call.deadline);
            self.snapshot = Snapshot::Opened(Transaction::begin(scope.session(), deadline).await?);
        }
        Ok(match &self.snapshot {
            Snapshot::Opened(transaction) => Scope::of_transaction(transaction),
            Snapshot::Unopened | Snapshot::Unneeded => scope.clone(),
        })
    }
}

impl<T: Record, V: DeserializeOwned> RowStream<T, V> {
    /// Decodes a row. Its keys were decoded before, or are of the same server.
    fn take(&mut self, row: &Bytes) -> Result<V> {
        self.rows += 1;
        let (row, keys) = split(row).map_err(|error| malformed("select", error))?;
        self.cursor.keys = codec::decode(&keys).ok();
        codec::decode(&row).map_err(|error| record_decode_error(&self.cursor.id(), &error))
    }

    fn ended(&self, error: Error) -> Error {
        if error.kind() == ErrorKind::InvalidArgument {
            return error;
        }
        error.in_context(format_args!("the stream ended after {} records", self.rows))
    }
}

impl<T: Record, V: DeserializeOwned> Stream for RowStream<T, V> {
    type Item = Result<V>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.page.rows.pop_front() {
                return Poll::Ready(Some(self.take(&row)));
            }
            if self.page.is_last {
                return Poll::Ready(None);
            }
            if let Some(pages) = self.pages.take() {
                self.reading = Some(Box::pin(pages.read()));
            }
            let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
            let (pages, page) = std::task::ready!(reading.as_mut().poll(cx));
            self.reading = None;
            match page {
                Ok(page) => {
                    self.page = page;
                    self.pages = Some(pages);
                }
                Err(error) => {
                    self.page.is_last = true;
                    return Poll::Ready(Some(Err(self.ended(error))));
                }
            }
        }
    }
}

/// Pinning keeps nothing in place.
impl<T, V> Unpin for RowStream<T, V> {}

/// The row of a record, and the values of the order.
fn split(row: &Bytes) -> Result<(Bytes, Bytes), DecodeError> {
    let mut parts: VecDeque<Bytes> = elements(row)?;
    parts.pop_front().zip(parts.pop_front()).ok_or_else(|| DecodeError::new("the row has not two parts"))
}

impl<T, V> fmt::Debug for RowStream<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream").field("table", &self.cursor.table).field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The number of records of the first page, which shows how large they are.
const FIRST_ROWS: i64 = 16;

/// The factor by which a page may be larger than the one before.
const GROWTH: i64 = 8;

/// The size of a page that is aimed at.
const PAGE_BYTES: i64 = 1 << 20;

/// The largest number of records of a page, unless set.
const CHUNK: i64 = 1_000;

/// The same where the server sorts all records for each page.
const CHUNK_SORTED: i64 = 10_000;
