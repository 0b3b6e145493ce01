//! Places in a record, known to the compiler: the type of a path is the path.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use super::Object;
use crate::value::escape_identifier;

/// A place in a record. Implemented by the types of this module and of no others.
#[doc(hidden)]
pub trait Path: Copy + 'static {
    /// The record that the path starts in.
    type Root: 'static;

    /// Writes the path as SurrealQL; nothing for the record itself.
    fn write(into: &mut String);
}

/// The record itself.
#[doc(hidden)]
pub struct Root<R>(PhantomData<fn() -> R>);

/// The field `INDEX` of the object `O` that stands at `P`.
#[doc(hidden)]
pub struct Step<P, O, const INDEX: usize>(PhantomData<fn() -> (P, O)>);

/// The field of type `T` that stands at `P` in a record.
///
/// It is what closures such as that of [`filter`](crate::Select::filter) are given. It holds nothing: where it stands is
/// part of its type. The fields of an [`Object`] in it, or of a record that it links to, are its own: `u.address.city`.
pub struct Field<P, T>(PhantomData<fn() -> (P, T)>);

impl<R: 'static> Path for Root<R> {
    type Root = R;

    fn write(_: &mut String) {}
}

impl<P: Path, O: Object, const INDEX: usize> Path for Step<P, O, INDEX> {
    type Root = P::Root;

    fn write(into: &mut String) {
        P::write(into);
        if !into.is_empty() {
            into.push('.');
        }
        into.push_str(&escape_identifier(O::FIELDS[INDEX]));
    }
}

impl<P, T> Field<P, T> {
    /// For generated code.
    #[doc(hidden)]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Path, T: Object> Deref for Field<P, T> {
    type Target = T::Fields<P>;

    fn deref(&self) -> &T::Fields<P> {
        T::fields::<P>()
    }
}

impl<P: Path, T> fmt::Debug for Field<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = String::new();
        P::write(&mut path);
        write!(f, "Field({path})")
    }
}

macro_rules! copies {
    ($([$($generics:tt)*] $ty:ty;)+) => {$(
        impl<$($generics)*> Clone for $ty {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$($generics)*> Copy for $ty {}
    )+};
}

// Derived, they would ask the same of the parameters, of which there is nothing inside.
copies! {
    [R] Root<R>;
    [P, O, const INDEX: usize] Step<P, O, INDEX>;
    [P, T] Field<P, T>;
}
