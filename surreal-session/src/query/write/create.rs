//! New records: CREATE, and the edge that RELATE makes.

use std::marker::PhantomData;

use super::clauses::{Clauses, Verb};
use super::{Write, WriteOptional, complete, settings};
use crate::error::Result;
use crate::query::statement::Fragment;
use crate::query::{PatchOp, Response};
use crate::record::{Checked, IntoId, Record, Relation, WithoutId};
use crate::session::Scope;

/// A new record that has no content yet; [`content`](Self::content) makes it the write `W`.
///
/// Without an [`id`](CreateWithoutContent::id) the server makes one. That compiles only if the server makes keys of the
/// record's type; see [`Key`](crate::model::Key).
///
/// # Errors
///
/// The write fails with [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for an id that is taken;
/// with [`NotFound`](crate::ErrorKind::NotFound) if the server returns no record, because the identity may not create or
/// not read it, unless it is [`optional`](Write::optional);
/// with an error that [`is_unique_violation`](crate::Error::is_unique_violation) for a value that a UNIQUE index already
/// has; otherwise with the error of the table's schema.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). To repeat a dropped call without an id may make a second record.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # surreal_session_embedded::example(async |session| {
/// let ada = session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
/// assert_eq!(ada.id, Id::new("ada"));
///
/// let taken = session.create::<User>().id("ada").content(NewUser { name: "Another".into() }).await;
/// assert!(taken.is_err_and(|error| error.is_already_exists()));
/// # Ok(()) });
/// ```
#[must_use = "a create needs its data: call `.content(..)`, then `.await`"]
pub struct CreateWithoutContent<T, W = Write<T, T, Option<T>>> {
    clauses: Clauses,
    write: fn(Clauses) -> W,
    record: PhantomData<fn() -> T>,
}

impl<T: Record> CreateWithoutContent<T, WriteWithoutId<T>> {
    pub(in crate::query) fn new(scope: Scope) -> Self {
        Self { clauses: Clauses::of::<T>(scope, Verb::Create), write: WriteWithoutId::new, record: PhantomData }
    }

    /// Sets the id of the record, or its key. Without it the server makes a key.
    pub fn id(self, id: impl IntoId<T>) -> CreateWithoutContent<T> {
        CreateWithoutContent { clauses: self.clauses.id(id), write: Write::new, record: PhantomData }
    }
}

impl<T: Record, W> CreateWithoutContent<T, W> {
    /// Sets the content of the record.
    pub fn content(self, content: T::New) -> W {
        (self.write)(self.clauses.whole::<T>("CONTENT", &content))
    }
}

settings! { [T, W] CreateWithoutContent<T, W>: clauses }

/// A new record or edge that has its content and no id: the server makes the id, or [`id`](Self::id) sets it.
///
/// It is a future if the server makes keys of the record's type; see [`Key`](crate::model::Key). Awaiting it returns the
/// record as it is stored. [`create`](crate::Queryable::create) and [`relate`](crate::Queryable::relate) make it.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). To repeat a dropped call without an id may make a second record.
#[must_use = "nothing is written until this is awaited"]
pub struct WriteWithoutId<T, Out = T> {
    write: Write<T, Out, Option<T>>,
}

impl<T: Record> WriteWithoutId<T> {
    pub(super) fn new(clauses: Clauses) -> Self {
        Self { write: Write::new(clauses) }
    }
}

impl<T: Relation> WriteWithoutId<T> {
    pub(in crate::query) fn relate(scope: Scope, edge: &T::New) -> Self {
        let edge = Fragment::of(&Checked::<T>(edge));
        Self::new(Clauses::of::<T>(scope, Verb::InsertEdge).data(Some(edge)))
    }
}

impl<T: Record, Out> WriteWithoutId<T, Out> {
    /// Sets the id of the record, or its key.
    pub fn id(self, id: impl IntoId<T>) -> Write<T, Out, Option<T>> {
        Write { clauses: self.write.clauses.id(id), ..self.write }
    }

    /// Returns `None` instead of an error if the server returns no record.
    pub fn optional(self) -> WriteOptional<T, Option<Out>, Option<T>>
    where
        T::Ids: WithoutId<T>,
    {
        self.write.optional()
    }

    /// Returns the record as it was before the write: `None`, as it is new.
    pub fn return_before(self) -> WriteWithoutId<T, Option<T>> {
        WriteWithoutId { write: self.write.return_before() }
    }

    /// Returns the changes that the write made: the whole record, as it is new.
    pub fn return_diff(self) -> WriteWithoutId<T, Vec<PatchOp>> {
        WriteWithoutId { write: self.write.return_diff() }
    }

    /// Returns nothing. It is still an error if the record was not written.
    pub fn return_none(self) -> WriteWithoutId<T, ()> {
        WriteWithoutId { write: self.write.return_none() }
    }

    fn result(&self, response: &Response, index: usize) -> Result<Out> {
        self.write.result(response, index)
    }
}

settings! { [T, Out] WriteWithoutId<T, Out>: write.clauses }
complete! { [T: Record<Ids: WithoutId<T>>, Out: 'static] WriteWithoutId<T, Out>: write.clauses => Out }
