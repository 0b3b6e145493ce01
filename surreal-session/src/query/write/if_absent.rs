//! CREATE of a record that may exist already.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::{Cardinality, Read, Returns, WriteClauses, complete, first, settings};
use crate::error::Result;
use crate::query::Response;
use crate::record::Record;
use crate::value::Value;

/// A create of a record that may exist already, sent when awaited. It returns the new record, or `None` if a record with
/// this id exists, which stays as it is.
///
/// Made by [`CreateWithoutContent::if_absent`](super::CreateWithoutContent::if_absent). A record that exists is no error, so
/// that a [`Transaction`](crate::Transaction) goes on. If two sessions create the record at the same time, one of them
/// creates it and the other finds it, after a [retry](Self::retries).
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if the identity may not create or not read the record;
/// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) if the record exists and the identity may not read it;
/// an error that [`is_unique_violation`](crate::Error::is_unique_violation) for a value that another record has in a UNIQUE
/// index; otherwise the error of the table's schema.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). To repeat a dropped call creates no second record, but may return `None` for a
/// record that the dropped call has created.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # surreal_session_embedded::example(async |session| {
/// let ada = session.create::<User>().id("ada").if_absent().content(NewUser { name: "Ada".into() }).await?;
/// assert!(ada.is_some());
/// let again = session.create::<User>().id("ada").if_absent().content(NewUser { name: "Another".into() });
/// assert!(!again.return_none().await?, "exists, and is still Ada");
/// # Ok(()) });
/// ```
#[must_use = "nothing is written until this is awaited"]
pub struct CreateIfAbsent<T, Out = Option<T>> {
    clauses: WriteClauses,
    read: Read<Option<Out>>,
    record: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> CreateIfAbsent<T> {
    pub(super) fn new(clauses: WriteClauses) -> Self {
        Self { clauses: clauses.answer(Cardinality::One).if_absent(), read: first, record: PhantomData }
    }
}

impl<T: Record, Out> CreateIfAbsent<T, Out> {
    /// Returns whether the record was created, and not the record.
    pub fn return_none(self) -> CreateIfAbsent<T, bool> {
        CreateIfAbsent { clauses: self.clauses.returns(Returns::Nothing), read: first_created, record: PhantomData }
    }
}

impl<T, Out> CreateIfAbsent<T, Out> {
    fn result(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(response, index)?.ok_or_else(|| self.clauses.no_record().with_statement(index))
    }
}

settings! { [T, Out] CreateIfAbsent<T, Out>: clauses }
complete! { [T: 'static, Out: 'static] CreateIfAbsent<T, Out>: clauses => Out }

/// A record that exists is NONE, and one that was created is NULL.
fn first_created(response: &Response, index: usize) -> Result<Option<bool>> {
    let row: Option<Value> = first(response, index)?;
    Ok(row.map(|row| row.is_null()))
}
