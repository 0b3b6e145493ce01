//! The check that a link has the key type of the record that it leads to.
//!
//! The derive calls `Probe::<T>::check_link` for the types in fields. It asks something of ids only.

use super::HasTable;
use crate::value::Id;
use crate::value::with::foreign::Probe;

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

#[diagnostic::do_not_recommend]
impl<T, K> HasKey<K> for Id<T, K> {}

impl<T: HasTable, K> Probe<Id<T, K>> {
    /// Compiles if the link has the key type of its record.
    pub fn check_link()
    where
        T: KeyedBy<K>,
    {
    }
}

impl<T: HasTable, K> Probe<Option<Id<T, K>>> {
    /// Compiles if the link has the key type of its record.
    pub fn check_link()
    where
        T: KeyedBy<K>,
    {
    }
}

impl<T: HasTable, K> Probe<Vec<Id<T, K>>> {
    /// Compiles if the links have the key type of their record.
    pub fn check_link()
    where
        T: KeyedBy<K>,
    {
    }
}
