//! CREATE: one new record.

use std::fmt;
use std::time::Duration;

use super::Query;
use crate::error::{Error, ErrorKind, Result};
use crate::record::{IntoId, Record};
use crate::session::{CallFuture, Scope};
use crate::value::{Id, Table};

/// A record to be created when awaited, giving it back as stored.
///
/// It is a future only once it has [`content`](Self::content).
///
/// # Errors
///
/// [`AlreadyExists`](ErrorKind::AlreadyExists) for an id that is taken; [`NotFound`](ErrorKind::NotFound) if the server
/// gives no record back, because the identity may not create or not read it;
/// [`is_unique_violation`](Error::is_unique_violation) for a value that a UNIQUE index has already; otherwise what the
/// table's schema refuses.
///
/// # Cancel safety
///
/// See [`CallFuture`]. Creating again after a dropped call without an id may make a second record.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let ada = session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
/// match session.create::<User>().id("ada").content(NewUser { name: "Another".into() }).await {
///     Err(error) if error.is_already_exists() => println!("{} is taken", ada.id),
///     other => drop(other?),
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is created until this is awaited"]
pub struct Create<T: Record, C = NeedsContent> {
    scope: Scope,
    id: Option<Id<T, T::Key>>,
    content: C,
    deadline: Option<Duration>,
}

/// Stands in for the content of a [`Create`] that has none yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct NeedsContent;

/// The content of a [`Create`] that can be awaited.
pub struct Content<T: Record>(T::New);

impl<T: Record> Create<T> {
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, id: None, content: NeedsContent, deadline: None }
    }

    /// Sets the data of the record.
    pub fn content(self, content: T::New) -> Create<T, Content<T>> {
        Create { scope: self.scope, id: self.id, content: Content(content), deadline: self.deadline }
    }
}

impl<T: Record, C> Create<T, C> {
    /// Sets the id, or the key of the id, of the record; the server makes one otherwise.
    pub fn id(mut self, id: impl IntoId<T>) -> Self {
        self.id = Some(id.into_id());
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl<T: Record> Create<T, Content<T>> {
    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }

    fn query(&self) -> Query {
        let query = Query::new(self.scope.clone(), "CREATE ONLY $_target CONTENT $_content");
        let query = match &self.id {
            Some(id) => query.bind("_target", id),
            None => query.bind("_target", Table::new(T::TABLE)),
        };
        query.bind("_content", &self.content.0).deadline_if_any(self.deadline)
    }
}

impl<T: Record> IntoFuture for Create<T, Content<T>> {
    type Output = Result<T>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> Self::IntoFuture {
        let query = self.query().into_future();
        Box::pin(async move { query.await?.take::<Option<T>>(0)?.ok_or_else(not_created::<T>) })
    }
}

fn not_created<T: Record>() -> Error {
    let message =
        format!("no record of `{}` came back: it may not be created, or not be read, by this session", T::TABLE);
    Error::new(ErrorKind::NotFound, message).answered().with_statement(0)
}

impl<T: Record, C> fmt::Debug for Create<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Create").field("table", &T::TABLE).field("id", &self.id).finish_non_exhaustive()
    }
}

impl<T: Record> fmt::Debug for Content<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content(..)")
    }
}
