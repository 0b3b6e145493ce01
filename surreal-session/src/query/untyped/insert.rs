//! INSERT and RELATE without a model.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::protocol::Operation;
use crate::query::Response;
use crate::query::fragment::Fragment;
use crate::query::statement::{Call, Statement};
use crate::query::write::{After, Before, Bulk, Diff, Nothing, Returning, ReturningRecords, Rows, State};
use crate::session::{CallFuture, Scope};
use crate::value::{Table, Value};

/// Rows to be inserted into a table when awaited, giving back the records as stored, in the order of the rows.
///
/// A row may have an `id`, which is a key or a record id; of a record id the key counts, and its table is not looked at
/// (server 3.3.5). The server makes the other ids.
///
/// # Many rows
///
/// They are sent in requests of at most 500 rows that fit into a message, one after the other. What one request inserts
/// is inserted as a whole or not at all; the requests before one that fails stay. All or nothing is an insert in a
/// [`Transaction`](crate::Transaction), or one that is part of a [`Batch`](crate::query::Batch), which sends it as a whole. No
/// rows send no request.
///
/// # Errors
///
/// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for an id that is taken, unless [`ignore`](Self::ignore);
/// [`Encode`](crate::ErrorKind::Encode) for a row that cannot be sent, with its index, and
/// [`TooLarge`](crate::ErrorKind::TooLarge) for one that no message has room for, both before anything is sent;
/// [`PartlyApplied`](crate::ErrorKind::PartlyApplied) if a request fails after others were carried out, with the rows
/// that it is about; otherwise what the schema refuses.
///
/// # Cancel safety
///
/// See [`CallFuture`]. Of several requests, those before it was dropped have been carried out.
#[must_use = "nothing is inserted until this is awaited"]
pub struct Insert<R = After<Value>> {
    bulk: Bulk,
    returning: State<R>,
}

impl Insert {
    pub(super) fn new(scope: Scope, table: Table, rows: impl IntoIterator<Item = impl Serialize>) -> Self {
        Self { bulk: Bulk::new(scope, table, Rows::new(rows)), returning: PhantomData }
    }
}

impl<R> Insert<R> {
    /// Makes the rows edges of the graph: each has an `in` and an `out`, which are record ids.
    pub fn relation(mut self) -> Self {
        self.bulk.is_relation = true;
        self
    }

    /// Leaves out the rows whose id, or whose value in a UNIQUE index, is taken. They are not among what is given back.
    pub fn ignore(mut self) -> Self {
        self.bulk.ignores = true;
        self
    }

    /// Sets how long the server may work on each request; then it fails with [`Query`](crate::ErrorKind::Query), and
    /// nothing of it is inserted.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.bulk.timeout = Some(timeout);
        self
    }

    /// Sets how long to wait for each reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.bulk.call.deadline = Some(deadline);
        self
    }

    /// Gives the records back as they are afterwards, which is what an insert does.
    pub fn return_after(self) -> Insert<After<Value>> {
        self.becoming()
    }

    /// Gives the records back as they were before: NONE for each, as they are new.
    pub fn return_before(self) -> Insert<Before<Value>> {
        self.becoming()
    }

    /// Gives back what changed in each record.
    pub fn return_diff(self) -> Insert<Diff> {
        self.becoming()
    }

    /// Gives nothing back.
    pub fn return_none(self) -> Insert<Nothing> {
        self.becoming()
    }

    fn becoming<R2>(self) -> Insert<R2> {
        Insert { bulk: self.bulk, returning: PhantomData }
    }
}

impl<R: ReturningRecords> Insert<R> {
    /// Gives the records as `T`.
    pub fn decode<T: DeserializeOwned + 'static>(self) -> Insert<R::As<T>> {
        self.becoming()
    }
}

impl<R: Returning> Insert<R> {
    /// The statement that would insert all rows at once, and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<R: Returning> Statement for Insert<R> {
    type Output = R::Many;

    fn call(&self) -> &Call {
        &self.bulk.call
    }

    fn operation(&self) -> Operation {
        self.bulk.operation()
    }

    fn surql(&self) -> Fragment {
        self.bulk.surql::<R>()
    }

    fn read(&self, response: &Response, index: usize) -> Result<R::Many> {
        response.take(index).map(R::many)
    }
}

impl<R: Returning> IntoFuture for Insert<R> {
    type Output = Result<R::Many>;
    type IntoFuture = CallFuture<R::Many>;

    fn into_future(self) -> Self::IntoFuture {
        self.bulk.send::<R>()
    }
}

impl<R> fmt::Debug for Insert<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Insert").field("table", &self.bulk.table).finish_non_exhaustive()
    }
}
