//! CREATE, UPDATE and UPSERT without a model.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::UntypedFilter;
use crate::error::Result;
use crate::query::write::{Write, WriteClauses, WriteOptional, complete, settings};
use crate::query::{PatchOp, Response};
use crate::value::Value;

/// A new record or edge, sent when awaited; it may be given [`content`](Self::content).
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if the server returns no record, because the identity may not create or not
/// read it, unless it is [`optional`](Self::optional);
/// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for an id that is taken;
/// [`Encode`](crate::ErrorKind::Encode) for content that cannot be sent;
/// [`Validation`](crate::ErrorKind::Validation) for content that is not an object; otherwise the error of the schema.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). To repeat a dropped create in a [`Table`](crate::value::Table) may make a second record.
#[must_use = "nothing is written until this is awaited"]
pub struct UntypedCreate {
    write: Write<Value>,
}

/// An update or upsert that has its target and no data yet: [`merge`](Self::merge), [`content`](Self::content),
/// [`replace`](Self::replace) or [`patch`](Self::patch) makes it the write `W`.
///
/// A record id gives the record back, a table or a range a `Vec`.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if one record is meant and none comes back, because it does not exist or the
/// identity may not write or not read it, unless it is [`optional`](Write::optional); the same for an update in a table
/// that does not exist (server 3.3.5). [`Encode`](crate::ErrorKind::Encode) for data that cannot be sent, and
/// [`Validation`](crate::ErrorKind::Validation) for data that is not an object. Otherwise the error of the schema.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture).
#[must_use = "this write needs data: call `.merge(..)`, `.content(..)`, `.replace(..)` or `.patch(..)`, then `.await`"]
pub struct WithoutData<W> {
    clauses: WriteClauses,
    write: fn(WriteClauses) -> W,
}

impl UntypedCreate {
    pub(super) fn new(clauses: WriteClauses) -> Self {
        Self { write: Write::new(clauses) }
    }

    /// Sets the content of the record.
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn content(self, content: impl Serialize) -> Write<Value> {
        Write::new(self.write.clauses.untyped("CONTENT", &content))
    }

    /// Returns `None` instead of an error if the server returns no record.
    pub fn optional(self) -> WriteOptional<Value> {
        self.write.optional()
    }

    /// Returns the record as it was before: NONE, as it is new.
    pub fn return_before(self) -> Write<Value> {
        self.write.return_before()
    }

    /// Returns the changes that the write made.
    pub fn return_diff(self) -> Write<Value, Vec<PatchOp>> {
        self.write.return_diff()
    }

    /// Returns nothing. It is still an error if the record was not written.
    pub fn return_none(self) -> Write<Value, ()> {
        self.write.return_none()
    }

    /// Returns a record of type `T`.
    pub fn decode<T: DeserializeOwned>(self) -> Write<Value, T> {
        self.write.decode()
    }

    fn result(&self, response: &Response, index: usize) -> Result<Value> {
        self.write.result(response, index)
    }
}

impl<W> WithoutData<W> {
    pub(super) fn new(clauses: WriteClauses, write: fn(WriteClauses) -> W) -> Self {
        Self { clauses, write }
    }

    /// Writes only records for which the condition is true: SurrealQL text, or a [`Condition`](crate::Condition) of
    /// [`raw`](crate::Condition::raw) texts. Several filters must all be true.
    ///
    /// The condition is tested on the records as they were before the write. For a table or a range the statement selects
    /// the ids of the matching records first, which takes the permission to read them. An upsert in a table cannot be
    /// filtered ([`InvalidArgument`](crate::ErrorKind::InvalidArgument)).
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("CREATE user:ada SET age = 36; CREATE user:bob SET age = 7").await?;
    /// let db = session.untyped();
    /// let minors = db.update(Table::new("user")).filter(surql!("age < $age", age = 18));
    /// assert_eq!(minors.merge(BTreeMap::from([("minor", true)])).await?.len(), 1);
    /// assert_eq!(db.delete(Table::new("user")).filter("minor").await?.len(), 1);
    /// # Ok(()) });
    /// ```
    pub fn filter(self, condition: impl UntypedFilter) -> Self {
        Self { clauses: self.clauses.filter_untyped(condition.into_filter().into_tree()), ..self }
    }

    /// Replaces the whole content of the record. Read-only fields that are left out keep their value.
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn content(self, content: impl Serialize) -> W {
        self.data("CONTENT", &content)
    }

    /// Replaces the whole content of the record with its read-only fields: leaving one out is an error.
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn replace(self, content: impl Serialize) -> W {
        self.data("REPLACE", &content)
    }

    /// Changes the fields of this object, at any depth, and keeps the others. A field that is NONE is removed.
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn merge(self, changes: impl Serialize) -> W {
        self.data("MERGE", &changes)
    }

    /// Applies changes in order, all of them or none.
    pub fn patch(self, ops: impl IntoIterator<Item = PatchOp>) -> W {
        self.data("PATCH", &ops.into_iter().collect::<Vec<_>>())
    }

    fn data(self, keyword: &str, data: &impl Serialize) -> W {
        (self.write)(self.clauses.untyped(keyword, data))
    }
}

settings! { [] UntypedCreate: write.clauses }
settings! { [W] WithoutData<W>: clauses }

complete! { [] UntypedCreate: write.clauses => Value }
