//! SELECT: the records of a table, or one of them.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::Response;
use super::fragment::Fragment;
use super::statement::{Call, Statement, send};
use crate::error::Result;
use crate::record::{IntoId, Record};
use crate::session::{CallFuture, Scope};
use crate::value::{Id, Table};

/// The records of `T`'s table, read when awaited: all of them, in the order of their ids.
///
/// An empty table gives an empty `Vec`; so do records that the identity may not see.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if the table does not exist (server 3.3.5);
/// [`Decode`](crate::ErrorKind::Decode) if a record does not fit `T`, with its id and the path.
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let everybody: Vec<User> = session.select::<User>().await?;
/// let ada: Option<User> = session.select::<User>().id("ada").await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct Select<T> {
    call: Call,
    record: PhantomData<fn() -> T>,
}

/// One record of `T`'s table, read when awaited: `None` if it does not exist or the identity may not see it.
///
/// # Errors
///
/// Like [`Select`].
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
#[must_use = "nothing is read until this is awaited"]
pub struct SelectOne<T: Record> {
    call: Call,
    id: Id<T, T::Key>,
}

impl<T: Record> Select<T> {
    pub(super) fn new(scope: Scope) -> Self {
        Self { call: Call::new(scope), record: PhantomData }
    }

    /// Reads only the record with this id, or with this key.
    pub fn id(self, id: impl IntoId<T>) -> SelectOne<T> {
        SelectOne { call: self.call, id: id.into_id() }
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](super::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.call.deadline = Some(deadline);
        self
    }

    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<T: Record> SelectOne<T> {
    /// Sets how long to wait for the reply; see [`Query::deadline`](super::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.call.deadline = Some(deadline);
        self
    }

    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<T: Record> Statement for Select<T> {
    type Output = Vec<T>;

    fn call(&self) -> &Call {
        &self.call
    }

    fn surql(&self) -> Fragment {
        Fragment::new("SELECT * FROM ").value(&Table::new(T::TABLE))
    }

    fn read(&self, response: &Response, index: usize) -> Result<Vec<T>> {
        response.take(index)
    }
}

impl<T: Record> Statement for SelectOne<T> {
    type Output = Option<T>;

    fn call(&self) -> &Call {
        &self.call
    }

    fn surql(&self) -> Fragment {
        Fragment::new("SELECT * FROM ONLY ").value(&self.id)
    }

    fn read(&self, response: &Response, index: usize) -> Result<Option<T>> {
        response.take(index)
    }
}

impl<T: Record> IntoFuture for Select<T> {
    type Output = Result<Vec<T>>;
    type IntoFuture = CallFuture<Vec<T>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<T: Record> IntoFuture for SelectOne<T> {
    type Output = Result<Option<T>>;
    type IntoFuture = CallFuture<Option<T>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<T: Record> fmt::Debug for Select<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select").field("table", &T::TABLE).finish_non_exhaustive()
    }
}

impl<T: Record> fmt::Debug for SelectOne<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelectOne").field("id", &self.id).finish_non_exhaustive()
    }
}
