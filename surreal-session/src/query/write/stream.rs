//! INSERT of the records of an iterator or a stream.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::Returns;
use super::bulk::{Bulk, Progress, ReadAll, all, all_ignored};
use super::chunks::Chunks;
use super::insert::{InsertKind, NewRow, insert_settings};
use super::rows::Rows;
use super::settle::SettledInsert;
use super::source::Source;
use crate::codec::{self, EncodeError};
use crate::error::Result;
use crate::query::assignment::Assignment;
use crate::query::select::Fields;
use crate::query::statement::Retries;
use crate::query::{Response, Scope};
use crate::record::{Inserted, Object, Record};
use crate::session::CallFuture;
use crate::value::{Table, Value};

/// An insert of the records of an iterator or a stream, sent when awaited. It returns the number of inserted records.
///
/// Made by [`insert_iter`](crate::Queryable::insert_iter) and [`insert_stream`](crate::Queryable::insert_stream). Records of
/// a relation are inserted as edges. `Out` is the type that awaiting returns.
///
/// # Memory
///
/// The records are sent in requests of at most 500, or of [`chunk`](Self::chunk), that fit into a message, one request after
/// the other. A record is read and encoded for its request only, and the next one after that request is answered, so that a
/// program holds the records of one request, and a stream is read as fast as the server inserts. A request is sent when it is
/// full, not when the stream pauses. For a stream that pauses, [`insert`](crate::Queryable::insert) each chunk of
/// `ready_chunks` of the crate futures.
///
/// # Errors
///
/// Those of an [`Insert`](super::Insert), except that a record that cannot be sent is found when the requests before it are
/// carried out: [`PartlyApplied`](crate::ErrorKind::PartlyApplied) then. [`Error::row`](crate::Error::row) is its index. Use
/// [`settle`](Self::settle) to insert the others all the same, and a [`Transaction`](crate::Transaction) for all or nothing.
///
/// # Cancel safety
///
/// See [`CallFuture`]. A dropped insert may have carried out some of its requests, and has read the records of the next one.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Reading { id: Id<Reading, i64>, value: f64 }
/// # surreal_session_embedded::example(async |session| {
/// let readings = (0..10_000_i64).map(|time| (time, NewReading { value: 0.5 }));
/// let inserted = session.insert_iter(readings).on_progress(|done| println!("{done} of 10000")).await?;
/// assert_eq!(inserted, 10_000);
/// # Ok(()) });
/// ```
#[must_use = "nothing is inserted until this is awaited"]
pub struct InsertStream<T, Out = u64> {
    bulk: Bulk,
    source: Source,
    read: ReadAll<Out>,
    record: PhantomData<fn() -> T>,
}

impl<T: Record<Kind: InsertKind<T>>> InsertStream<T> {
    pub(in crate::query) fn new<N: NewRow<Record = T> + 'static>(
        scope: Scope,
        records: impl Stream<Item = N> + Send + 'static,
    ) -> Self {
        let mut insert = Self::of(scope, Table::new(T::TABLE), records.map(|record| codec::encode(&record.row())));
        insert.bulk.is_relation = <T::Kind as InsertKind<T>>::IS_RELATION;
        insert
    }
}

impl InsertStream<Value> {
    /// The rows of an untyped insert.
    pub(in crate::query) fn rows(
        scope: Scope,
        table: Table,
        rows: impl Stream<Item = impl Serialize + 'static> + Send + 'static,
    ) -> Self {
        Self::of(scope, table, rows.map(|row| codec::encode(&row)))
    }
}

impl<T> InsertStream<T> {
    fn of(scope: Scope, table: Table, rows: impl Stream<Item = Result<Bytes, EncodeError>> + Send + 'static) -> Self {
        let mut bulk = Bulk::new(scope, table, Rows::default());
        bulk.returns = Returns::Counted;
        Self { bulk, source: Source::new(rows), read: count, record: PhantomData }
    }
}

impl<T, Out> InsertStream<T, Out> {
    /// Ignores the records whose id, or whose value in a UNIQUE index, is taken. They are missing in the result.
    pub fn ignore(mut self) -> Self {
        self.bulk.ignores = true;
        self
    }

    /// Calls `report` with the number of records that are carried out so far, after each request; see
    /// [`Insert::on_progress`](super::Insert::on_progress).
    pub fn on_progress(mut self, report: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.bulk.progress = Progress::new(report);
        self
    }

    /// Inserts all records that can be inserted, and returns an error for each of the others; see [`SettledInsert`].
    pub fn settle(self) -> SettledInsert<Out> {
        SettledInsert::new(self.bulk, self.source, self.read)
    }

    /// Returns the records as they are stored, in the given order. They are all in memory at the end.
    pub fn return_after(self) -> InsertStream<T, Vec<T>>
    where
        T: DeserializeOwned,
    {
        self.returning(Returns::After, all)
    }

    /// Returns nothing.
    pub fn return_none(self) -> InsertStream<T, ()> {
        self.returning(Returns::Nothing, all_ignored)
    }

    fn returning<O>(self, returns: Returns, read: ReadAll<O>) -> InsertStream<T, O> {
        InsertStream { bulk: Bulk { returns, ..self.bulk }, source: self.source, read, record: PhantomData }
    }

    async fn send(self) -> Result<Out> {
        let Self { bulk, mut source, read, .. } = self;
        let room = bulk.room()?;
        let mut chunks = Chunks::new(&bulk.call, bulk.operation());
        let mut responses = Vec::new();
        while let Some(chunk) = source.chunk(bulk.max_rows, room).await {
            let rows = 0..chunk.rows.len();
            let end = chunk.first + rows.end;
            if !rows.is_empty() {
                let answer = chunks.send(|| bulk.query_of(&chunk.rows, rows.clone())).await;
                let part = chunk.first..end;
                responses.push(answer.map_err(|error| {
                    let error = chunk.rows.name(error, rows, chunk.first);
                    chunks.partly(&part, None, bulk.done(), error)
                })?);
                bulk.progress.report(end);
            }
            if let Some(invalid) = &chunk.invalid {
                let error = bulk.invalid(end, invalid);
                chunks.fail(&error);
                return Err(chunks.partly(&(end..end + 1), None, bulk.done(), error));
            }
        }
        chunks.finish();
        read(&responses.iter().map(|response| (response, 0)).collect::<Vec<_>>())
    }
}

impl<T: Record, Out> InsertStream<T, Out> {
    /// Changes the existing record instead of inserting one with the same id, or the same value in a UNIQUE index.
    ///
    /// For a record that has an id, only another record with that id counts.
    pub fn on_duplicate<A: Assignment<T>>(self, changes: impl FnOnce(Fields<T>) -> A) -> Self {
        self.on_duplicate_with(|record, _| changes(record))
    }

    /// The same with the fields of the new record as second argument: `|w, new| w.count.add(new.count)`.
    pub fn on_duplicate_with<A: Assignment<T>>(
        mut self,
        changes: impl FnOnce(Fields<T>, <T as Object>::Fields<Inserted<T>>) -> A,
    ) -> Self {
        self.bulk.on_duplicate::<T, A>(changes);
        self
    }
}

/// An untyped insert.
impl<Out> InsertStream<Value, Out> {
    /// Inserts the rows as edges of the graph. Each has an `in` and an `out`, which are record ids.
    pub fn relation(mut self) -> Self {
        self.bulk.is_relation = true;
        self
    }
}

impl<T: 'static, Out: 'static> IntoFuture for InsertStream<T, Out> {
    type Output = Result<Out>;
    type IntoFuture = CallFuture<Out>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let watch = self.bulk.watch();
            watch.observe(self.send()).await
        })
    }
}

insert_settings! { [T, Out] InsertStream<T, Out>: "InsertStream" }

fn count(results: &[(&Response, usize)]) -> Result<u64> {
    all::<IgnoredAny>(results).map(|rows| rows.len() as u64)
}
