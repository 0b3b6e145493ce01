//! What an untyped verb works on.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::query::fragment::Fragment;
use crate::query::write::{Many, Place, Reach, Shape, Single};
use crate::record::{Key, Record};
use crate::value::{Id, Range, RecordId, RecordKey, Table};

/// What an untyped verb reads, updates or deletes: a [`Table`], a [`RecordRange`] of it, a [`RecordId`] or an [`Id`].
///
/// A table and a range stand for any number of records, an id for one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which records are meant",
    label = "neither a table nor the id of a record",
    note = "text could be either: write `Table::new(\"user\")`, `RecordId::new(\"user\", \"ada\")`, or for a range of ids \
            `Table::new(\"user\").range(\"a\"..\"m\")`"
)]
pub trait Target: private::Sealed {
    /// How many records it stands for.
    type Shape: Shape;
}

/// Where an untyped verb makes a record: a [`Table`], in which the server makes the id, a [`RecordId`] or an [`Id`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which record is meant",
    label = "neither a table nor the id of a record",
    note = "text could be either: write `Table::new(\"user\")` and the server makes the id, or \
            `RecordId::new(\"user\", \"ada\")`"
)]
pub trait NewTarget: private::Sealed {}

/// Where an edge begins or ends: a [`RecordId`] or an [`Id`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which record an edge begins or ends at",
    label = "not the id of a record",
    note = "write `RecordId::new(\"user\", \"ada\")`"
)]
pub trait EdgeEnd: private::Sealed {}

/// The records of a table whose keys lie between two bounds; made by [`Table::range`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RecordRange(RecordId);

impl Table {
    /// The records of this table whose keys lie in `keys`.
    ///
    /// Keys are compared as the server does: an int comes before text, text before a uuid, and an array is compared
    /// element by element.
    ///
    /// # Examples
    ///
    /// ```
    /// use surreal_session::value::Table;
    ///
    /// assert_eq!(Table::new("user").range("a".."m").to_string(), "user:a..m");
    /// assert_eq!(Table::new("reading").range(1..=9).to_string(), "reading:1..=9");
    /// ```
    pub fn range<K: Into<RecordKey>>(self, keys: impl Into<Range<K>>) -> RecordRange {
        RecordRange(RecordId::new(self.into_string(), keys.into().map(K::into)))
    }
}

impl fmt::Display for RecordRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RecordRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordRange({self})")
    }
}

impl Serialize for RecordRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn place(target: &(impl Serialize + fmt::Display)) -> Place {
    Place { target: Fragment::of(target), subject: target.to_string(), reach: Reach::Table }
}

fn one_place(id: &RecordId) -> Place {
    let Place { mut target, subject, .. } = place(id);
    if matches!(id.key(), RecordKey::Range(_)) {
        let advice = "write `Table::new(..).range(..)` where a range can be";
        target = target.refused(&format!("`{id}` is a range of ids and not one record: {advice}"));
    }
    Place { target, subject, reach: Reach::One }
}

macro_rules! targets {
    ($([$($generics:tt)*] $target:ty: $shape:ty, $place:expr;)+) => {$(
        impl<$($generics)*> Target for $target {
            type Shape = $shape;
        }

        impl<$($generics)*> private::Sealed for $target {
            fn place(&self) -> Place {
                let place: fn(&Self) -> Place = $place;
                place(self)
            }
        }
    )+};
}

targets! {
    [] Table: Many, |table| place(table);
    [] &Table: Many, |table| place(table);
    [] RecordRange: Many, |range| place(range);
    [] &RecordRange: Many, |range| place(range);
    [] RecordId: Single, |id| one_place(id);
    [] &RecordId: Single, |id| one_place(id);
    [T: Record, K: Key] Id<T, K>: Single, |id| one_place(&id.to_record_id());
    [T: Record, K: Key] &Id<T, K>: Single, |id| one_place(&id.to_record_id());
}

impl NewTarget for Table {}
impl NewTarget for &Table {}
impl NewTarget for RecordId {}
impl NewTarget for &RecordId {}
impl<T: Record, K: Key> NewTarget for Id<T, K> {}
impl<T: Record, K: Key> NewTarget for &Id<T, K> {}

impl EdgeEnd for RecordId {}
impl EdgeEnd for &RecordId {}
impl<T: Record, K: Key> EdgeEnd for Id<T, K> {}
impl<T: Record, K: Key> EdgeEnd for &Id<T, K> {}

pub(super) mod private {
    use crate::query::write::Place;

    pub trait Sealed {
        fn place(&self) -> Place;
    }
}
