//! Links between records, and the ends of edges.

use serde::Serialize;

use super::{HasTable, Key};
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Id, RecordId};

/// The record at which an edge begins or ends: an [`Id`], an enum of ids with
/// [`#[derive(LinkTo)]`](derive@crate::LinkTo), a [`RecordId`], or a reference to one.
///
/// It is the type of the fields `in` and `out` of an edge, and an argument of
/// [`relate`](crate::query::untyped::Untyped::relate) without a model.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the end of an edge",
    label = "expected an id, such as `Id<User>`",
    note = "for records of several tables use an enum of ids with `#[derive(LinkTo)]`, for any record `RecordId::new(\"user\", \"ada\")`"
)]
pub trait Endpoint: Serialize {}

/// A link that may be the id `I`: that id itself, an enum of ids with it among them, or a [`RecordId`].
#[diagnostic::on_unimplemented(
    message = "a link of type `{Self}` does not lead to `{I}`",
    label = "these links lead to other records",
    note = "a step `.out::<..>()` leads from the field `in` of an edge to `out`, and `.in_::<..>()` from `out` to `in`"
)]
pub trait LinkTo<I>: Endpoint {}

/// For generated code: an enum of ids with the id `I` among them.
#[doc(hidden)]
pub trait OneOf<I>: Serialize {}

/// A field with a link to records of several tables, of which one is that of the id `I`: an enum of ids with
/// [`#[derive(LinkTo)]`](derive@crate::LinkTo), a [`RecordId`], or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "a link of type `{Self}` does not lead to `{I}`",
    label = "expected an enum of ids with this one among them, or a `RecordId`"
)]
pub trait LinkField<I> {}

#[diagnostic::do_not_recommend]
impl<T: HasTable, K: Key, L: OneOf<Id<T, K>>> LinkField<Id<T, K>> for L {}
#[diagnostic::do_not_recommend]
impl<T: HasTable, K: Key, L: OneOf<Id<T, K>>> LinkField<Id<T, K>> for Option<L> {}
#[diagnostic::do_not_recommend]
impl<T: HasTable, K: Key> LinkField<Id<T, K>> for RecordId {}
#[diagnostic::do_not_recommend]
impl<T: HasTable, K: Key> LinkField<Id<T, K>> for Option<RecordId> {}

#[diagnostic::do_not_recommend]
impl<T: HasTable, K: Key> Endpoint for Id<T, K> {}

impl<T: HasTable, K: Key> LinkTo<Self> for Id<T, K> {}

#[diagnostic::do_not_recommend]
impl Endpoint for RecordId {}

#[diagnostic::do_not_recommend]
impl<T: Endpoint + ?Sized> Endpoint for &T {}

impl<T: HasTable, K: Key> LinkTo<Id<T, K>> for RecordId {}

/// For generated code: the id in a variant of an enum of ids.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the id of a record",
    label = "expected an id, such as `Id<User>`",
    note = "each variant of an enum with `#[derive(LinkTo)]` holds the id of another record"
)]
pub trait Linked: Sized {
    /// The table of the record.
    const TABLE: &'static str;

    /// Reads an id that is known to be of that table.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if the key is of another type.
    fn linked(id: RecordId) -> Result<Self>;

    /// This id as an untyped one.
    fn into_record_id(self) -> RecordId;
}

#[diagnostic::do_not_recommend]
impl<T: HasTable, K: Key> Linked for Id<T, K> {
    const TABLE: &'static str = T::NAME;

    fn linked(id: RecordId) -> Result<Self> {
        Self::try_from(id)
    }

    fn into_record_id(self) -> RecordId {
        self.to_record_id()
    }
}

/// For generated code: the error for an id of none of the tables.
#[doc(hidden)]
pub fn leads_elsewhere(id: &RecordId, tables: &[&str]) -> Error {
    let tables = tables.iter().map(|table| format!("`{table}`")).collect::<Vec<_>>().join(" or ");
    Error::new(ErrorKind::Decode, format!("expected an id of table {tables}, found `{id}`"))
}
