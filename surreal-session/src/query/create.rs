//! CREATE: one new record.

use std::fmt;
use std::time::Duration;

use super::Response;
use super::fragment::Fragment;
use super::statement::{Call, Statement, send};
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
    call: Call,
    id: Option<Id<T, T::Key>>,
    content: C,
}

/// Stands in for the content of a [`Create`] that has none yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct NeedsContent;

/// The content of a [`Create`] that can be awaited.
#[derive(Debug)]
pub struct Content(Fragment);

impl<T: Record> Create<T> {
    pub(super) fn new(scope: Scope) -> Self {
        Self { call: Call::new(scope), id: None, content: NeedsContent }
    }

    /// Sets the data of the record.
    pub fn content(self, content: T::New) -> Create<T, Content> {
        Create { call: self.call, id: self.id, content: Content(Fragment::of(&content)) }
    }
}

impl<T: Record, C> Create<T, C> {
    /// Sets the id, or the key of the id, of the record; the server makes one otherwise.
    pub fn id(mut self, id: impl IntoId<T>) -> Self {
        self.id = Some(id.into_id());
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](super::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.call.deadline = Some(deadline);
        self
    }
}

impl<T: Record> Create<T, Content> {
    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<T: Record> Statement for Create<T, Content> {
    type Output = T;

    fn call(&self) -> &Call {
        &self.call
    }

    fn surql(&self) -> Fragment {
        let target = match &self.id {
            Some(id) => Fragment::of(id),
            None => Fragment::of(&Table::new(T::TABLE)),
        };
        Fragment::new("CREATE ONLY ").then(target).text(" CONTENT ").then(self.content.0.clone())
    }

    fn read(&self, response: &Response, index: usize) -> Result<T> {
        response.take::<Option<T>>(index)?.ok_or_else(|| not_created::<T>().with_statement(index))
    }

    fn missing(&self) -> Option<Error> {
        Some(not_created::<T>())
    }
}

impl<T: Record> IntoFuture for Create<T, Content> {
    type Output = Result<T>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

fn not_created<T: Record>() -> Error {
    let message =
        format!("no record of `{}` came back: it may not be created, or not be read, by this session", T::TABLE);
    Error::new(ErrorKind::NotFound, message).answered()
}

impl<T: Record, C> fmt::Debug for Create<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Create").field("table", &T::TABLE).field("id", &self.id).finish_non_exhaustive()
    }
}
