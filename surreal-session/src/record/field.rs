//! The fields that closures receive.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use super::Kind;
use super::path::{Flat, Path};
use super::stored::{Optional, Ordered, Stored};
use super::{Encoded, Object, Shows};

/// The field of type `T` at the path `P` of a record.
///
/// Closures such as that of [`filter`](crate::query::Select::filter) receive the fields of the record. A field holds no
/// data: its path is part of its type. The fields of an [`Object`] in it, or of a record that it links to, are its own
/// fields: `u.address.city`. [`Expression`](crate::Expression) lists its methods.
pub struct FieldRef<P, T>(PhantomData<fn() -> (P, T)>);

impl<P, T> FieldRef<P, T> {
    /// For generated code.
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Path, T: Object> Deref for FieldRef<P, T> {
    type Target = T::Fields<P>;

    fn deref(&self) -> &T::Fields<P> {
        T::fields::<P>()
    }
}

impl<P, T> Clone for FieldRef<P, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, T> Copy for FieldRef<P, T> {}

impl<P: Path, T> fmt::Debug for FieldRef<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = String::new();
        P::write(&mut path);
        write!(f, "FieldRef({path})")
    }
}

/// A flattened field at the path `P`: its only content is the fields of the [`Object`] of type `T`.
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

/// The type `T` of a field of `O` with `#[serde(with = "..")]`. `INDEX` is the first field with the same adapter.
///
/// The field can be compared, put in order and set. It is compared with values of type `T`, which the adapter writes, and
/// with the fields of `O` that have the same type and adapter.
pub struct Adapted<T, O, const INDEX: usize>(PhantomData<fn() -> (T, O)>);

impl<T, O, const INDEX: usize> fmt::Debug for Adapted<T, O, INDEX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Adapted")
    }
}

/// For generated code: a struct with an adapter on its field `INDEX`.
#[doc(hidden)]
pub trait Adapts<const INDEX: usize> {
    /// The type of the field.
    type Value;

    /// Writes the value as it is stored.
    fn encode(value: &Self::Value) -> Encoded;
}

#[diagnostic::do_not_recommend]
impl<T, O, const INDEX: usize> Shows<Adapted<T, O, INDEX>> for T {}
#[diagnostic::do_not_recommend]
impl<T, O, const INDEX: usize> Shows<Adapted<T, O, INDEX>> for Option<T> {}

/// Any function may write the value, so that its type in SurrealQL is not known.
#[diagnostic::do_not_recommend]
impl<T: Stored, O, const INDEX: usize> Stored for Adapted<T, O, INDEX> {
    type As = Self;

    const KIND: Kind = Kind::Any;
}

#[diagnostic::do_not_recommend]
impl<T: Stored<As: Ordered>, O, const INDEX: usize> Ordered for Adapted<T, O, INDEX> {}

#[diagnostic::do_not_recommend]
impl<T: Optional, O, const INDEX: usize> Optional for Adapted<T, O, INDEX> {}
