//! SELECT of one record.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use super::clauses::{ResultForm, SelectClauses};
use super::{Exists, Fields, record_methods, select_traits};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::Operation;
use crate::query::Response;
use crate::query::fetch::Links;
use crate::query::statement::{Call, Fragment, Statement, send};
use crate::record::{Record, View};
use crate::session::CallFuture;

/// At most one record of type `T`: awaiting it returns an `Option<V>`, `None` if there is no such record.
///
/// Made by [`Select::id`](super::Select::id) and [`Select::first`](super::Select::first). Errors and cancel safety are
/// those of [`Select`](super::Select).
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Debug, Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # surreal_session_embedded::example(async |session| {
/// # session.execute("CREATE user:ada SET name = 'Ada'").await?;
/// let ada: Option<User> = session.select::<User>().id("ada").await?;
/// assert_eq!(ada.unwrap().name, "Ada");
///
/// let ada: User = session.select::<User>().id("ada").one().await?;
/// let error = session.select::<User>().id("bob").one().await.unwrap_err();
/// assert!(error.is_not_found());
/// # Ok(()) });
/// ```
#[must_use = "nothing is read until this is awaited"]
pub struct SelectOne<T, V = T> {
    pub(super) clauses: SelectClauses,
    marker: PhantomData<fn() -> (T, V)>,
}

impl<T: Record, V> SelectOne<T, V> {
    /// Returns the record itself, and an error if it does not exist.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) if there is no such record.
    pub fn one(mut self) -> SelectExactlyOne<T, V> {
        self.clauses.only();
        SelectExactlyOne::of(self.clauses)
    }

    /// Returns whether there is such a record, without reading it.
    pub fn exists(self) -> Exists<T> {
        Exists::new(self.clauses)
    }

    /// Locks the record until the end of the transaction: if another transaction changes it, one of the two commits is a
    /// conflict.
    ///
    /// Has no effect outside of a transaction. Only a record that is chosen by its [`id`](super::Select::id) can be locked;
    /// for the first of several, awaiting is an [`InvalidArgument`](crate::ErrorKind::InvalidArgument) error.
    pub fn for_update(mut self) -> Self {
        self.clauses.lock();
        self
    }

    pub(super) fn of(clauses: SelectClauses) -> Self {
        Self { clauses, marker: PhantomData }
    }
}

impl<T: Record, V: DeserializeOwned> SelectOne<T, V> {
    fn output(clauses: &SelectClauses, response: &Response, index: usize) -> Result<Option<V>> {
        match clauses.result {
            ResultForm::Only => response.take(index),
            _ => Ok(response.take::<Vec<V>>(index)?.into_iter().next()),
        }
    }
}

select_traits! { SelectOne [V] => Option<V> }
record_methods! { SelectOne }

/// Exactly one record of type `T`: awaiting it returns a `V`, or an error if there is none or more than one.
///
/// Made by [`Select::one`](super::Select::one) and [`SelectOne::one`].
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if there is none, [`TooManyRecords`](crate::ErrorKind::TooManyRecords) if
/// there are several; otherwise those of [`Select`](super::Select).
#[must_use = "nothing is read until this is awaited"]
pub struct SelectExactlyOne<T, V = T> {
    pub(super) clauses: SelectClauses,
    marker: PhantomData<fn() -> (T, V)>,
}

impl<T: Record, V> SelectExactlyOne<T, V> {
    pub(super) fn of(clauses: SelectClauses) -> Self {
        Self { clauses, marker: PhantomData }
    }
}

impl<T: Record, V: DeserializeOwned> SelectExactlyOne<T, V> {
    fn output(clauses: &SelectClauses, response: &Response, index: usize) -> Result<V> {
        let mut rows = response.take::<Vec<V>>(index)?.into_iter();
        let (kind, found) = match (rows.next(), rows.next()) {
            (Some(row), None) => return Ok(row),
            (None, _) => (ErrorKind::NotFound, "no record"),
            (Some(_), Some(_)) => (ErrorKind::TooManyRecords, "several records"),
        };
        let message = format!("`{}` found {found} instead of exactly one", clauses.operation);
        Err(Error::new(kind, message).answered().with_statement(index))
    }
}

select_traits! { SelectExactlyOne [V] => V }
record_methods! { SelectExactlyOne }
