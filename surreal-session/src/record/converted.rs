//! Fields that are not what their types say: written by a function of their own, or flattened.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use super::patch::Encoded;
use super::{Object, Path};

/// The type of a [`Field`](super::Field) of type `T` whose value is written by a function that serde is told, as with
/// `#[serde(with)]`.
///
/// It is compared with, and set to, values of type `T`, which are written by that function. What it has in common with
/// another field is known only if that has the same type, is written by the same function, and belongs to the same
/// struct.
pub struct Converted<T, O, const INDEX: usize>(PhantomData<fn() -> (T, O)>);

/// For generated code: a struct of which the field `INDEX` is written by a function.
#[doc(hidden)]
pub trait Converts<T, const INDEX: usize> {
    /// The value of that field.
    fn converted(value: &T) -> Encoded;
}

/// A field without a name: the fields of the [`Object`] in it stand at `P`, where it stands itself.
///
/// It has their paths and nothing else.
pub struct Flattened<P, T>(PhantomData<fn() -> (P, T)>);

impl<P, T> Flattened<P, T> {
    /// For generated code.
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Path, T: Object> Deref for Flattened<P, T> {
    type Target = T::Fields<P>;

    fn deref(&self) -> &T::Fields<P> {
        T::fields::<P>()
    }
}

impl<P, T> Clone for Flattened<P, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, T> Copy for Flattened<P, T> {}

impl<P, T> fmt::Debug for Flattened<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flattened")
    }
}

impl<T, O, const INDEX: usize> fmt::Debug for Converted<T, O, INDEX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Converted")
    }
}
