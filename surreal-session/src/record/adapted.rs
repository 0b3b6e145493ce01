//! Fields whose values serde writes by a function of their own.

use std::marker::PhantomData;

use super::{Encoded, Shows};

/// A field of `O`, of type `T` and written as `#[serde(with)]` says; the first that is written so is the field `INDEX`.
///
/// It is compared with values of type `T`, which are written in the same way, and with fields of that struct that are.
#[doc(hidden)]
pub struct Adapted<T, O, const INDEX: usize>(PhantomData<fn() -> (T, O)>);

/// A struct whose field `INDEX` is written by a function of its own. For generated code.
#[doc(hidden)]
pub trait Adapts<const INDEX: usize> {
    /// The type of the field.
    type Value;

    /// Writes the value as it is stored.
    fn encode(value: &Self::Value) -> Encoded;
}

impl<T, O, const INDEX: usize> Shows<Adapted<T, O, INDEX>> for T {}
impl<T, O, const INDEX: usize> Shows<Adapted<T, O, INDEX>> for Option<T> {}
