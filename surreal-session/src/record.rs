//! Records: Rust types that stand for the records of a table.

mod field;
mod generate;
mod id;
mod into_id;
mod key;
mod key_prefix;
mod keyed;
mod kind;
mod link;
mod member;
mod object;
mod part;
mod patch;
mod path;
mod stored;
mod tuples;
mod version;
mod view;

use serde::de::DeserializeOwned;
use serde::ser::{Error as _, Serialize, Serializer};

pub use field::{Adapted, Adapts, FieldRef, Flattened};
pub use generate::GenerateKey;
pub use into_id::IntoId;
pub use key::{Key, KeyData, KeyPart, has_key_fields, key_field, object_key, object_part};
pub use key_prefix::KeyPrefix;
pub use keyed::{HasKey, KeyedBy};
pub(crate) use kind::rules_at;
pub use kind::{HasMembers, IndexModel, Kind, Member, Members, Rules};
pub use link::{Endpoint, LinkField, LinkTo, Linked, OneOf, leads_elsewhere};
pub use member::{UnknownKind, no_columns, path_of};
pub use object::{AlwaysExists, NoPatch, Object};
pub(crate) use part::{Part, first_field, is_part_of};
pub(crate) use patch::PatchedField;
pub use patch::{
    Assignments, Change, Clash, Encoded, Flattening, Keep, Patch, PatchOf, ReadChange, difference, difference_flat,
    encoded, encoded_flat, encoded_with, flat_names, in_field, keep, merge, read_flat, set, unset,
};
pub use path::{
    AlwaysPresent, At, Dot, Element, Flat, Inserted, Last, LeadingTo, Maybe, Of, Path, ReadOnly, Through, Within,
    Writable,
};
pub use stored::{
    Collection, ComparedWith, Container, List, Map, Number, Optional, Ordered, Stored, Sum, Text, Total, Vector,
};
pub(crate) use tuples::tuples;
pub use version::{VersionNumber, Versioned};
pub use view::{Column, PlainColumn, Shows, View, ViewedAs, ViewedWhole, column, computed_column};

use crate::value::Id;

/// A type whose values are the records of one table.
///
/// Implemented with `#[derive(Record)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record",
    label = "a type with `#[derive(Record)]` is needed here",
    note = "for data without a model use `session.untyped()`"
)]
pub trait Record: HasTable + Object + DeserializeOwned {
    /// The table's name, as it is: not escaped.
    const TABLE: &'static str = Self::NAME;

    /// The type of the key in the record's id.
    type Key: Key;

    /// The data of a record to be created: without the id and the fields that the server sets.
    type New: Serialize;

    /// The maker of the ids of new records: [`OptionalId`] or [`NeedsId`].
    #[doc(hidden)]
    type Ids: 'static;

    /// The fields that are kept when the content of a record is replaced and does not have them.
    #[doc(hidden)]
    const KEPT: &'static [&'static str] = &[];

    /// The name of the field that holds the version, not escaped.
    #[doc(hidden)]
    const VERSION: Option<&'static str> = None;

    /// The condition of every read and change, as SurrealQL.
    #[doc(hidden)]
    const SCOPE: Option<&'static str> = None;

    /// The first entry of a flattened field of a new record that has the name of another field.
    #[doc(hidden)]
    fn clash(_: &Self::New) -> Option<Clash> {
        None
    }

    /// The kind of insert: plain for a [`NormalRecord`], with `.relation()` for a [`Relation`].
    #[doc(hidden)]
    type Kind: 'static;
}

/// The server makes the id of a new record, unless the program gives one.
#[derive(Debug)]
#[non_exhaustive]
pub struct OptionalId;

/// The program has to give the id of a new record.
#[derive(Debug)]
#[non_exhaustive]
pub struct NeedsId;

/// The server makes the ids of new records of type `R`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the id of a new `{R}` has to be given: the server does not make keys of its type",
    label = "a new `{R}` without an id",
    note = "give it one: `.create::<{R}>().id(key)`, or `.insert([(key, ..)])`",
    note = "if the table's schema makes the keys, put `#[record(default)]` on the field `id`"
)]
pub trait WithoutId<R> {}

#[diagnostic::do_not_recommend]
impl<R> WithoutId<R> for OptionalId {}

/// The data of a new record of type `T`, with its first version. It is encoded only if its names are unambiguous.
pub(crate) struct Checked<'a, T: Record>(pub(crate) &'a T::New);

impl<T: Record> Serialize for Checked<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (T::clash(self.0), T::VERSION) {
            (Some(clash), _) => Err(S::Error::custom(clash)),
            (None, Some(field)) => version::with_first(self.0, field, serializer),
            (None, None) => self.0.serialize(serializer),
        }
    }
}

/// A record that can be created without an id: its key is a `String` or a [`RecordKey`](crate::value::RecordKey), or its schema
/// makes the keys, as `#[record(default)]` on the field `id` says.
///
/// A function that creates records of any type asks for `T: NormalRecord + AutoId`, unless it gives them ids.
#[diagnostic::on_unimplemented(
    message = "the server does not make ids of `{Self}`",
    label = "needs an id from the program",
    note = "if the table's schema makes the keys, put `#[record(default)]` on the field `id`"
)]
pub trait AutoId: Record<Ids = OptionalId> {}

impl<T: Record<Ids = OptionalId>> AutoId for T {}

/// The [`Kind`](Record::Kind) of records that are inserted as they are.
#[derive(Debug)]
#[non_exhaustive]
pub struct Normal;

/// The [`Kind`](Record::Kind) of records that are inserted as edges of the graph, with `.relation()`.
#[derive(Debug)]
#[non_exhaustive]
pub struct NeedsRelation;

/// A type with a table. Ids need nothing else of their record, so that the ids of a record type with errors still work.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a record",
    label = "a type with `#[derive(Record)]` is needed here",
    note = "for ids without a model use `RecordId`"
)]
pub trait HasTable {
    /// The table's name, as it is: not escaped.
    const NAME: &'static str;
}

/// The data of a record to be created, such as `NewUser`; generated by `#[derive(Record)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the data of a new record",
    label = "the struct that `#[derive(Record)]` generates is needed here, such as `NewUser`, or for an edge `NewWrote`",
    note = "several are written with `.insert(vec![..])`, edges then with `.relation()`"
)]
pub trait NewRecord: Serialize {
    /// The record that it becomes.
    type Record: Record<New = Self>;
}

/// A record of a table of TYPE NORMAL: any that is not `#[record(relation)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a relation, not a normal record",
    label = "an edge is inserted with `.relation()` or written with `.relate(..)`",
    note = "insert edges with `.insert(edges).relation()`, or write one with `.relate(edge)`"
)]
pub trait NormalRecord: Record<Kind = Normal> {}

/// A record that is an edge of the graph: `#[record(relation)]`, with the fields `in` and `out`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation",
    label = "a record with `#[record(relation)]` is needed here",
    note = "`#[record(relation)]` makes a record with the fields `in` and `out` an edge between their records"
)]
pub trait Relation: Record<Kind = NeedsRelation> {
    /// The link to where an edge comes from, such as `Id<User>`.
    type In: Endpoint + DeserializeOwned;

    /// The link to where an edge goes to, such as `Id<Post>`.
    type Out: Endpoint + DeserializeOwned;
}

/// The type of the field `id` of a record of type `R`. What the derive reads the type of the key from.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the field `id` of a record must be an id of that record",
    label = "expected `Id<{R}>`",
    note = "write `id: Id<{R}>`, or `Id<{R}, K>` for keys of another type than `String`"
)]
pub trait IdOf<R> {
    /// The type of the key.
    type Key: Key;

    /// The maker of the ids of new records.
    type Ids: 'static;
}

impl<R, K: Key> IdOf<R> for Id<R, K> {
    type Key = K;
    type Ids = K::Ids;
}
