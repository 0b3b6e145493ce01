//! Checks that a link has the key type of the record that it leads to.
//!
//! The derive looks up `Foreign::<T>::LINK` for the types in fields, as it does with
//! [`Foreign::ADVICE`](crate::value::with::foreign::Native): the constants below exist only for ids.

use std::marker::PhantomData;

use super::HasTable;
use crate::value::Id;
use crate::value::with::foreign::Foreign;

/// A record whose field `id` has a key of type `K`.
#[doc(hidden)]
pub trait KeyedBy<K> {}

/// The type of a field `id`: an id with a key of type `K`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a link with a key of type `{K}` leads to a record whose id is `{Self}`",
    label = "expected `{Self}`",
    note = "a link has the same type as the field `id` of the record that it leads to"
)]
pub trait HasKey<K> {}

impl<T, K> HasKey<K> for Id<T, K> {}

/// Detects whether the type of a field is a link.
#[doc(hidden)]
pub trait LinkType {}

/// An id, a list of ids or an optional one.
#[doc(hidden)]
#[derive(Debug)]
pub struct Keyed<T, K>(PhantomData<fn() -> (T, K)>);

impl<T: KeyedBy<K>, K> LinkType for Keyed<T, K> {}

/// A type that is no link.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoLink;

impl LinkType for NoLink {}

/// The constant of a type of which nothing else is known.
#[doc(hidden)]
pub trait Unlinked {
    const LINK: NoLink = NoLink;
}

impl<T: ?Sized> Unlinked for Foreign<T> {}

macro_rules! links {
    ($($type:ty),+) => {$(
        impl<T: HasTable, K> Foreign<$type> {
            /// The record and the key of the link.
            pub const LINK: Keyed<T, K> = Keyed(PhantomData);
        }
    )+};
}

links! { Id<T, K>, Option<Id<T, K>>, Vec<Id<T, K>> }

/// For generated code: compiles if a link has the key type of its record.
#[doc(hidden)]
pub const fn link<L: LinkType>(_: &L) {}
