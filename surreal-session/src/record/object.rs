//! Objects with named fields: records, and what is nested in them.

use std::rc::Rc;
use std::sync::Arc;

use super::patch::{Patch, PatchOf};
use super::{Maybe, Path, Record, Through};
use crate::value::Id;
use crate::value::with::foreign::{FlatShape, Probe};

/// A struct whose fields are those of an object in the database, so that paths and patches can reach into it.
///
/// Implemented with `#[derive(Object)]`, and by `#[derive(Record)]` for records.
#[diagnostic::on_unimplemented(
    message = "the fields of `{Self}` are not known",
    label = "a struct with `#[derive(Object)]` is needed here"
)]
pub trait Object: 'static {
    /// The names of the fields in the database, not escaped.
    #[doc(hidden)]
    const FIELDS: &'static [&'static str];

    /// The fields of this object at the path `P` of a record.
    #[doc(hidden)]
    type Fields<P: Path>: Copy + 'static;

    /// The struct itself, for an object that is optional, behind a pointer or a link.
    #[doc(hidden)]
    type Itself: Object;

    /// [`MayBeMissing`] if it is optional, or in another record.
    #[doc(hidden)]
    type Presence;

    /// `true` if the object is in another record.
    #[doc(hidden)]
    const IS_LINK: bool = false;

    /// A patch of this object, which keeps, sets or unsets each field.
    type Patch: Patch;

    /// The fields, which hold nothing.
    #[doc(hidden)]
    fn fields<P: Path>() -> &'static Self::Fields<P>;
}

/// The object exists wherever it is read.
#[doc(hidden)]
#[derive(Debug)]
#[non_exhaustive]
pub struct AlwaysExists;

/// The object may be missing where it is read.
#[doc(hidden)]
#[derive(Debug)]
#[non_exhaustive]
pub struct MayBeMissing;

impl<T: Object> Probe<T> {
    /// An object has its own names.
    pub const SHAPE: FlatShape = FlatShape::Object(T::FIELDS);
}

/// An optional object has the fields of the object: SurrealQL reads a path through NONE as NONE.
impl<T: Object> Object for Option<T> {
    const FIELDS: &'static [&'static str] = T::FIELDS;
    type Fields<P: Path> = T::Fields<Maybe<P, T>>;
    type Itself = T::Itself;
    type Presence = MayBeMissing;
    const IS_LINK: bool = T::IS_LINK;
    type Patch = T::Patch;

    fn fields<P: Path>() -> &'static T::Fields<Maybe<P, T>> {
        T::fields()
    }
}

/// An object behind a pointer has the same fields. A recursive object needs a pointer.
macro_rules! behind_pointers {
    ($($pointer:ident)+) => {$(
        impl<T: Object> Object for $pointer<T> {
            const FIELDS: &'static [&'static str] = T::FIELDS;
            type Fields<P: Path> = T::Fields<P>;
            type Itself = T::Itself;
            type Presence = T::Presence;
            const IS_LINK: bool = T::IS_LINK;
            type Patch = T::Patch;

            fn fields<P: Path>() -> &'static T::Fields<P> {
                T::fields()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T, P: PatchOf<T>> PatchOf<$pointer<T>> for P {
            const IS_OPTIONAL: bool = <P as PatchOf<T>>::IS_OPTIONAL;
        }

        #[diagnostic::do_not_recommend]
        impl<T, P: PatchOf<T>> PatchOf<Option<$pointer<T>>> for P {
            const IS_OPTIONAL: bool = true;
        }
    )+};
}

behind_pointers! { Box Arc Rc }

/// A path through a link reads the record that it leads to.
impl<T: Record<Key = K>, K: 'static> Object for Id<T, K> {
    const FIELDS: &'static [&'static str] = T::FIELDS;
    type Fields<P: Path> = T::Fields<Through<P>>;
    type Itself = T::Itself;
    type Presence = MayBeMissing;
    const IS_LINK: bool = true;
    type Patch = NoPatch;

    fn fields<P: Path>() -> &'static T::Fields<Through<P>> {
        T::fields()
    }
}

/// The patch of a linked record, which only a separate write can change.
#[doc(hidden)]
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct NoPatch;

#[diagnostic::do_not_recommend]
impl Patch for NoPatch {
    fn assignments(&self, _: &mut super::patch::Assignments) {}
}
