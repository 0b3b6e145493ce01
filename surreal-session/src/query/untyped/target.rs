//! The records that an untyped verb works on.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

use super::UntypedSelect;
use crate::codec;
use crate::protocol;
use crate::query::Scope;
use crate::query::statement::Fragment;
use crate::query::write::{Reach, Records, Write, WriteClauses, WriteMany};
use crate::record::{Endpoint, Key, Record};
use crate::value::{Id, Range, RecordId, RecordKey, Table, Value};

/// The records that an untyped verb reads, updates or deletes: a [`Table`], a [`RecordRange`] of it, a [`RecordId`] or an
/// [`Id`].
///
/// A table and a range stand for any number of records, an id for one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a table nor the id of a record",
    label = "expected a table or the id of a record",
    note = "text could be either: write `Table::new(\"user\")`, `RecordId::new(\"user\", \"ada\")`, or for a range of ids \
            `Table::new(\"user\").range(\"a\"..\"m\")`"
)]
pub trait Target: private::Sealed {
    /// The builder that reads them.
    type Select;

    /// The builder that writes them.
    type Write;

    #[doc(hidden)]
    fn select(scope: Scope, records: Records) -> Self::Select;

    #[doc(hidden)]
    fn write(clauses: WriteClauses) -> Self::Write;
}

/// The place of a new record: a [`Table`], in which the server makes the id, a [`RecordId`] or an [`Id`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a table nor the id of a record",
    label = "expected a table or the id of a record",
    note = "text could be either: write `Table::new(\"user\")` and the server makes the id, or \
            `RecordId::new(\"user\", \"ada\")`"
)]
pub trait NewTarget: private::Sealed {}

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

impl protocol::Subject for RecordRange {
    fn name(&self) -> Cow<'_, str> {
        self.0.table().into()
    }
}

impl Serialize for RecordRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn many(target: &(impl Serialize + protocol::Subject + Clone + Send + Sync + 'static)) -> Records {
    Records { surql: Fragment::of(target), name: protocol::Target::shown(target.clone()), reach: Reach::Table }
}

fn one(id: RecordId) -> Records {
    let mut surql = Fragment::of(&id);
    if matches!(id.key(), RecordKey::Range(_)) {
        let advice = "write `Table::new(..).range(..)` where a range can be";
        surql = surql.refused(&format!("`{id}` is a range of ids and not one record: {advice}"));
    }
    Records { surql, name: protocol::Target::shown(id), reach: Reach::One }
}

/// The record at which an edge begins or ends.
pub(super) fn end(id: &impl Endpoint) -> Fragment {
    // An end that cannot be encoded is refused by `Fragment::of`.
    match codec::encode(id).ok().and_then(|bytes| codec::decode(&bytes).ok()) {
        Some(id) => one(id).surql,
        None => Fragment::of(id),
    }
}

/// The records of a target, for a live query.
#[derive(Debug, Clone)]
pub enum Named {
    Table(Table),
    Id(RecordId),
    Range(Table, Range<RecordKey>),
}

impl Named {
    fn of(id: RecordId) -> Self {
        match id.into_parts() {
            (table, RecordKey::Range(keys)) => Self::Range(table, *keys),
            (table, key) => Self::Id((table.into_string(), key).into()),
        }
    }
}

macro_rules! targets {
    ($([$($generics:tt)*] $target:ty: $records:ty, $write:ty, |$self:ident| $records_of:expr, $named:expr;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Target for $target {
            type Select = UntypedSelect<$records>;
            type Write = $write;

            fn select(scope: Scope, records: Records) -> Self::Select {
                UntypedSelect::<$records>::new(scope, records)
            }

            fn write(clauses: WriteClauses) -> Self::Write {
                <$write>::new(clauses)
            }
        }

        impl<$($generics)*> private::Sealed for $target {
            fn records(&self) -> Records {
                let $self = self;
                $records_of
            }

            fn named(&self) -> Named {
                let $self = self;
                $named
            }
        }
    )+};
}

targets! {
    [] Table: Vec<Value>, WriteMany<Value>, |table| many(table), Named::Table((*table).clone());
    [] &Table: Vec<Value>, WriteMany<Value>, |table| many(*table), Named::Table((*table).clone());
    [] RecordRange: Vec<Value>, WriteMany<Value>, |range| many(range), Named::of(range.0.clone());
    [] &RecordRange: Vec<Value>, WriteMany<Value>, |range| many(*range), Named::of(range.0.clone());
    [] RecordId: Option<Value>, Write<Value>, |id| one(id.clone()), Named::of(id.clone());
    [] &RecordId: Option<Value>, Write<Value>, |id| one((*id).clone()), Named::of((*id).clone());
    [T: Record, K: Key] Id<T, K>: Option<Value>, Write<Value>, |id| one(id.to_record_id()), Named::of(id.to_record_id());
    [T: Record, K: Key] &Id<T, K>: Option<Value>, Write<Value>, |id| one(id.to_record_id()), Named::of(id.to_record_id());
}

#[diagnostic::do_not_recommend]
impl NewTarget for Table {}
#[diagnostic::do_not_recommend]
impl NewTarget for &Table {}
#[diagnostic::do_not_recommend]
impl NewTarget for RecordId {}
#[diagnostic::do_not_recommend]
impl NewTarget for &RecordId {}
#[diagnostic::do_not_recommend]
impl<T: Record, K: Key> NewTarget for Id<T, K> {}
#[diagnostic::do_not_recommend]
impl<T: Record, K: Key> NewTarget for &Id<T, K> {}

pub(crate) mod private {
    use crate::query::untyped::target::Named;
    use crate::query::write::Records;

    pub trait Sealed {
        fn records(&self) -> Records;

        fn named(&self) -> Named;
    }
}
