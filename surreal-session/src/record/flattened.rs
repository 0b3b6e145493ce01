//! Fields that have no name on the wire.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use super::{Flat, Object, Path};

/// A flattened field: the fields of the [`Object`] in it stand where it stands itself, at `P`.
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
    type Target = T::Fields<Flat<P>>;

    fn deref(&self) -> &T::Fields<Flat<P>> {
        T::fields::<Flat<P>>()
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
