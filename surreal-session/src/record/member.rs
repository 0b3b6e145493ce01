//! Questions of generated code about the types of fields, for the schema.

use super::{FieldRef, Kind, Path, Stored};
use crate::value::with::foreign::Probe;

/// The kind of a type that does not implement [`Stored`]. For generated code.
pub trait UnknownKind {
    /// Any value.
    const STORED: Kind = Kind::Any;
}

impl<T: ?Sized> UnknownKind for Probe<T> {}

impl<T: Stored + ?Sized> Probe<T> {
    /// The kind of the type.
    pub const STORED: Kind = T::KIND;
}

/// For generated code: the path of a field, as SurrealQL.
pub fn path_of<P: Path, T>(field: FieldRef<P, T>) -> String {
    const { assert!(!P::IS_LINKED, "an index is about fields of its own table, and this one is read through a link") };
    let _ = field;
    let mut path = String::new();
    P::write(&mut path);
    path
}

/// For generated code: the columns of an index of one field.
pub fn no_columns() -> Vec<String> {
    Vec::new()
}
