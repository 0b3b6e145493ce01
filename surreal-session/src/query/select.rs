//! SELECT: the records of a table, or one of them.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::Query;
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
    scope: Scope,
    deadline: Option<Duration>,
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
    scope: Scope,
    id: Id<T, T::Key>,
    deadline: Option<Duration>,
}

impl<T: Record> Select<T> {
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, deadline: None, record: PhantomData }
    }

    /// Reads only the record with this id, or with this key.
    pub fn id(self, id: impl IntoId<T>) -> SelectOne<T> {
        SelectOne { scope: self.scope, id: id.into_id(), deadline: self.deadline }
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }

    fn query(&self) -> Query {
        let query = Query::new(self.scope.clone(), "SELECT * FROM $_target");
        query.bind("_target", Table::new(T::TABLE)).deadline_if_any(self.deadline)
    }
}

impl<T: Record> SelectOne<T> {
    /// Sets how long to wait for the reply; see [`Query::deadline`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }

    fn query(&self) -> Query {
        let query = Query::new(self.scope.clone(), "SELECT * FROM ONLY $_target");
        query.bind("_target", &self.id).deadline_if_any(self.deadline)
    }
}

impl<T: Record> IntoFuture for Select<T> {
    type Output = Result<Vec<T>>;
    type IntoFuture = CallFuture<Vec<T>>;

    fn into_future(self) -> Self::IntoFuture {
        let query = self.query().into_future();
        Box::pin(async move { query.await?.take(0) })
    }
}

impl<T: Record> IntoFuture for SelectOne<T> {
    type Output = Result<Option<T>>;
    type IntoFuture = CallFuture<Option<T>>;

    fn into_future(self) -> Self::IntoFuture {
        let query = self.query().into_future();
        Box::pin(async move { query.await?.take(0) })
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
