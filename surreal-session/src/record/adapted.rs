//! Fields whose values serde writes by a function of their own.

use std::marker::PhantomData;

use super::{Encoded, Shows};

/// The field `INDEX` of `O`, of type `T` and written as `#[serde(with)]` says.
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
