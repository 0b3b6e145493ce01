//! Views: types with some of a record's fields.

use serde::de::DeserializeOwned;

use super::part::first_field;
use super::{AlwaysExists, FieldRef, Object, Path};
use crate::value::escape_object_key;
use crate::value::with::foreign::Probe;

/// Some of the fields of a record, or of an object in one, read without the others.
///
/// Implemented with `#[derive(View)]`, which checks the fields against those of the record.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a view",
    label = "a type with `#[derive(View)]` is needed here",
    note = "`#[derive(View)]` and `#[record(of = User)]` make a struct with some of the fields of `User` a view of it"
)]
pub trait View: DeserializeOwned {
    /// The record, or the object, that the fields are of.
    type Record: Object;

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
    /// True if it is SurrealQL of the program, which may read any record.
    pub(crate) is_raw: bool,
}

impl Column {
    /// The entry of an object with the columns.
    pub(crate) fn entry(&self) -> String {
        format!("{}: {}", escape_object_key(self.name), self.path)
    }
}

/// For generated code: the field of type `V` in a view, called `name` there, that is `field` of the record.
#[doc(hidden)]
pub fn column<P: Path, T, V: Shows<T>>(field: FieldRef<P, T>, name: &'static str) -> Column {
    let _ = field;
    let mut path = String::new();
    P::write(&mut path);
    let is_linked = P::IS_LINKED || V::IS_FOLLOWED;
    Column { field: first_field(&path).to_owned(), path: V::shown(path), name, is_linked, is_raw: false }
}

/// For generated code: the field of a view, called `name` there, that is computed by SurrealQL.
#[doc(hidden)]
pub fn computed_column(surql: &str, name: &'static str) -> Column {
    Column { path: format!("({surql})"), field: "*".to_owned(), name, is_linked: false, is_raw: true }
}

/// For generated code: a field of a view whose type is not a view.
#[doc(hidden)]
pub trait PlainColumn {
    /// The type of the field.
    type View;

    /// Returns the column that is `field` of the record.
    fn column<P: Path, T>(field: FieldRef<P, T>, name: &'static str) -> Column
    where
        Self::View: Shows<T>,
    {
        column::<P, T, Self::View>(field, name)
    }
}

impl<V> PlainColumn for Probe<V> {
    type View = V;
}

/// An object that a view of `O` can show: `O` itself, also if it is optional, behind a pointer or a link.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the view reads a field as a view of `{O}` that is `{Self}` in the record",
    label = "expected a view of another type"
)]
pub trait ViewedAs<O>: Object {}

#[diagnostic::do_not_recommend]
impl<T: Object<Itself = O>, O> ViewedAs<O> for T {}

/// Such an object that cannot be missing.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the view reads a field as a view of `{O}` that is `{Self}` in the record",
    label = "expected a view of another type",
    note = "the view of an object that may be missing, or of the record that a link leads to, is an `Option`"
)]
pub trait ViewedWhole<O>: Object {}

#[diagnostic::do_not_recommend]
impl<T: Object<Itself = O, Presence = AlwaysExists>, O> ViewedWhole<O> for T {}

impl<V: View> Probe<V> {
    /// The view of an object.
    pub fn column<P: Path, T: ViewedWhole<V::Record>>(field: FieldRef<P, T>, name: &'static str) -> Column {
        let _ = field;
        nested::<P, V>("ONLY ", T::IS_LINK, name)
    }
}

impl<V: View> Probe<Option<V>> {
    /// The view of an object that may be missing, or of the record that a link leads to.
    pub fn column<P: Path, T: ViewedAs<V::Record>>(field: FieldRef<P, T>, name: &'static str) -> Column {
        let _ = field;
        nested::<P, V>("ONLY ", T::IS_LINK, name)
    }
}

impl<V: View> Probe<Vec<V>> {
    /// The views of the objects in an array, or of the records that links lead to.
    pub fn column<P: Path, T: ViewedAs<V::Record>>(field: FieldRef<P, Vec<T>>, name: &'static str) -> Column {
        let _ = field;
        nested::<P, V>("", T::IS_LINK, name)
    }
}

/// A column with the columns of another view.
fn nested<P: Path, V: View>(only: &str, is_link: bool, name: &'static str) -> Column {
    let mut path = String::new();
    P::write(&mut path);
    let columns = V::columns();
    let is_linked = is_link || P::IS_LINKED || columns.iter().any(|column| column.is_linked);
    let is_raw = columns.iter().any(|column| column.is_raw);
    let entries = columns.iter().map(Column::entry).collect::<Vec<_>>().join(", ");
    let field = first_field(&path).to_owned();
    // On server 3.0, a record that does not exist has a row of NONE.
    let condition = if is_link { " WHERE id != NONE" } else { "" };
    // Without `$this`, the name of a field would be that of a table (server 3.3.5).
    let path = format!("(SELECT VALUE {{ {entries} }} FROM {only}$this.{path}{condition})");
    Column { path, field, name, is_linked, is_raw }
}

/// A type that a field of a view can have if it has the type `T` in the record.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the view reads a field as `{Self}` that is `{T}` in the record",
    label = "expected `{T}`",
    note = "a field of a view has the type that it has in the record, or is an `Option` of it",
    note = "an `Id<_>` may be a `Link<_>` in the view, which follows it",
    note = "an object, or a linked record, may be another view of it"
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
