//! Records: Rust types that stand for the records of a table.

mod id;
mod into_id;
mod key;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use into_id::IntoId;
pub use key::Key;

use crate::value::Id;

/// A type whose values are the records of one table.
///
/// Implemented with `#[derive(Record)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record",
    label = "a type with `#[derive(Record)]` is needed here",
    note = "for data without a model use `session.query(..)` with `surreal_session::Value`"
)]
pub trait Record: DeserializeOwned {
    /// The table's name, as it is: not escaped.
    const TABLE: &'static str;

    /// The type of the key in the record's id.
    type Key: Key;

    /// The data of a record to be created: without the id and the fields that the server sets.
    type New: Serialize;
}

/// The type of the field `id` of a record of type `R`. What the derive reads the type of the key from.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the field `id` of a record must be an id of that record",
    label = "expected `Id<{R}>`",
    note = "write `id: Id<{R}>`, or `Id<{R}, K>` for keys of another type than `String`"
)]
pub trait IdOf<R> {
    /// The type of the key.
    type Key: Key;
}

impl<R, K: Key> IdOf<R> for Id<R, K> {
    type Key = K;
}
