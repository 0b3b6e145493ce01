//! The arguments of a builder's `.id(..)`.

use super::{Key, Record, tuples};
use crate::value::{Id, RecordKey, Uuid};

/// A record of type `T`, given by its [`Id`] or by the key alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an id nor a key of `{T}`",
    label = "expected an id of `{T}`, or a key of the type in its `Id`",
    note = "the type of the key is the second parameter of `Id` in the record's field `id`; `String` unless given",
    note = "a record is named by its id, as in `.id(&user.id)`; a `RecordId` becomes one with `Id::try_from(id)?`",
    note = "an int of another type than `i64` is converted first: `.id(i64::from(key))`",
    note = "several records are read with `.ids([..])`"
)]
pub trait IntoId<T: Record> {
    /// Returns the id.
    fn into_id(self) -> Id<T, T::Key>;
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key = K>, K: Key> IntoId<T> for Id<T, K> {
    fn into_id(self) -> Id<T, K> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key = K>, K: Key> IntoId<T> for &Id<T, K> {
    fn into_id(self) -> Id<T, K> {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Record<Key: From<&'a str>>> IntoId<T> for &'a str {
    fn into_id(self) -> Id<T, T::Key> {
        Id::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Record<Key: From<&'a String>>> IntoId<T> for &'a String {
    fn into_id(self) -> Id<T, T::Key> {
        Id::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key: From<String>>> IntoId<T> for String {
    fn into_id(self) -> Id<T, T::Key> {
        Id::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key: From<i64>>> IntoId<T> for i64 {
    fn into_id(self) -> Id<T, T::Key> {
        Id::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key: From<Uuid>>> IntoId<T> for Uuid {
    fn into_id(self) -> Id<T, T::Key> {
        Id::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Record<Key = RecordKey>> IntoId<T> for RecordKey {
    fn into_id(self) -> Id<T, RecordKey> {
        Id::new(self)
    }
}

macro_rules! tuple_ids {
    ($([$part:ident $given:ident $variable:ident $index:tt])+) => {
        #[diagnostic::do_not_recommend]
        impl<T, $($given, $part),+> IntoId<T> for ($($given,)+)
        where
            T: Record<Key = ($($part,)+)>,
            ($($part,)+): Key,
            $($given: Into<$part>),+
        {
            fn into_id(self) -> Id<T, T::Key> {
                Id::new(($(self.$index.into(),)+))
            }
        }
    };
}

tuples! { tuple_ids }
