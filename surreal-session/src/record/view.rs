//! Views: types with some of a record's fields.

use serde::de::DeserializeOwned;

use super::part::first_field;
use super::{FieldRef, Path, Record};

/// Some of the fields of a record, read without the others.
///
/// Implemented with `#[derive(View)]`, which checks the fields against those of the record.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view",
    label = "a type with `#[derive(View)]` is needed here",
    note = "`#[derive(View)]` and `#[record(of = User)]` make a struct with some of the fields of `User` a view of it"
)]
pub trait View: DeserializeOwned {
    /// The record that the fields are of.
    type Record: Record;

    /// The fields.
    #[doc(hidden)]
    fn columns() -> Vec<Column>;
}

/// One field of a view.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The path in the record, as SurrealQL.
    pub(crate) path: String,
    /// The field of the record that has to be read for it, as SurrealQL.
    pub(crate) field: String,
    /// The name in the view, not escaped.
    pub(crate) name: &'static str,
    /// True if it is read from another record.
    pub(crate) is_linked: bool,
}

/// For generated code: the field of type `V` in a view, called `name` there, that is `field` of the record.
#[doc(hidden)]
pub fn column<P: Path, T, V: Shows<T>>(field: FieldRef<P, T>, name: &'static str) -> Column {
    let _ = field;
    let mut path = String::new();
    P::write(&mut path);
    let is_linked = P::IS_LINKED || V::IS_FOLLOWED;
    Column { field: first_field(&path).to_owned(), path: V::shown(path), name, is_linked }
}

/// A type that a field of a view can have if it has the type `T` in the record.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the view reads a field as `{Self}` that is `{T}` in the record",
    label = "expected `{T}`",
    note = "a field of a view has the type that it has in the record, or is an `Option` of it",
    note = "an `Id<_>` may be a `Link<_>` in the view, which follows it"
)]
pub trait Shows<T> {
    /// True if it follows the link that `T` is.
    const IS_FOLLOWED: bool = false;

    /// The SurrealQL that selects this type at `path`.
    fn shown(path: String) -> String {
        path
    }
}

#[diagnostic::do_not_recommend]
impl<T> Shows<T> for T {}

/// A field that is reached through an optional one is optional.
#[diagnostic::do_not_recommend]
impl<T> Shows<T> for Option<T> {}
