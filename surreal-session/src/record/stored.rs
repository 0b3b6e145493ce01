//! The stored form of Rust types, and the methods of their fields.
//!
//! [`Stored`] is the one trait to implement. The others decide which methods a field has. [`Ordered`], [`Text`], [`Sum`]
//! and [`Number`] are bounds on [`Stored::As`], so that a newtype has the methods of the type inside. [`Container`],
//! [`Collection`] and [`List`] are bounds on the type itself, because the elements may be of any type.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64,
    NonZeroUsize,
};
use std::rc::Rc;
use std::sync::Arc;

use super::{HasTable, Kind, tuples};
use crate::value::{
    Bytes, Datetime, Decimal, Duration, File, Geometry, Id, Null, Range, RecordId, RecordKey, Set, Table, Uuid, Value,
};

/// A type whose form in the database is known.
///
/// The types of the standard library and of [`value`](crate::value) implement it, and so do the types with
/// `#[derive(Record)]`, `#[derive(Object)]` and `#[derive(LinkTo)]`. For your own types use
/// [`#[derive(Stored)]`](derive@crate::Stored), which takes newtypes and enums of unit variants, or name the type
/// that is stored in the same form:
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use surreal_session::prelude::*;
///
/// /// A day as text, such as `2026-11-27`.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct Day(String);
///
/// impl Stored for Day {
///     type As = String;
/// }
///
/// #[derive(Serialize, Deserialize, Record)]
/// struct Invoice {
///     id: Id<Invoice>,
///     day: Day,
/// }
///
/// # fn example(session: Session) {
/// let invoices = session.select::<Invoice>().filter(|i| i.day.gte("2026-01-01"));
/// # drop(invoices);
/// # }
/// ```
///
/// A field is compared with values of its own type. For a type that is stored as text, text is accepted as well:
/// `i.day.eq("2026-01-01")`, but `score.gt(Score(1))` for a `struct Score(i64)`.
///
/// A field whose type does not implement it can be read, written, assigned and compared with `eq`, `ne` and `is_in`.
#[diagnostic::on_unimplemented(
    message = "the database form of `{Self}` is not known: derive or implement `Stored` for it",
    label = "this method needs to know how `{Self}` is stored",
    note = "`#[derive(Stored)]` is for newtypes and for enums of unit variants",
    note = "for any other type, name a type that is stored in the same form: `impl Stored for {Self} {{ type As = String; }}`"
)]
pub trait Stored {
    /// The type of the standard library or of [`value`](crate::value) that is stored in the same form. It decides which
    /// methods a field has. A type that has none of them names itself.
    type As: Stored;

    /// The type in SurrealQL.
    const KIND: Kind = <Self::As as Stored>::KIND;
}

/// A type whose values have the same order in the database as in Rust.
///
/// An enum has no order: it is stored as text, in alphabetical order.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no order in the database",
    label = "this method is for numbers, text, times and ids",
    note = "an enum has none either: it is stored as text, in alphabetical order"
)]
pub trait Ordered {
    /// `true` if all values have one type in the database, so that the next value is known.
    #[doc(hidden)]
    const HAS_SUCCESSOR: bool = false;
}

/// Text.
#[diagnostic::on_unimplemented(message = "`{Self}` is not text", label = "this method is for text")]
pub trait Text {}

/// A type to which something can be added: a number, or a time to which a [`Duration`] is added.
#[diagnostic::on_unimplemented(
    message = "nothing can be added to, or subtracted from, `{Self}`",
    label = "this method is for numbers, datetimes and durations",
    note = "an array gets an element with `.push(..)` and loses it with `.remove(..)`",
    note = "a field with `#[serde(with = \"..\")]` can be compared, put in order and set: use a type of \
            `surreal_session::value` to calculate"
)]
pub trait Sum {
    /// The type that is added.
    type Addend;

    /// `true` if the type has no zero, so that nothing can be added to a missing value.
    #[doc(hidden)]
    const HAS_NO_ZERO: bool = false;
}

/// A number.
///
/// The server calculates with 64-bit ints and fails if a result does not fit. It divides ints without remainder, and a
/// division of ints by zero gives NaN. It does not know smaller or unsigned types: 0 minus 1 is -1 also in a field of type
/// `u8`, and a record with that value cannot be read.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a number", label = "this method is for numbers")]
pub trait Number: Sum {}

/// A number or a duration: a type whose values in a group of records have a total.
#[diagnostic::on_unimplemented(
    message = "values of type `{Self}` have no total",
    label = "this method is for numbers and durations"
)]
pub trait Total {
    /// The type of the total, which has room for many values: `i64`, `u64`, `f64`, `Decimal` or `Duration`.
    type Total;
}

/// Text, an array or a set: a type that contains something.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither text nor an array nor a set",
    label = "this method is for text, arrays and sets",
    note = "`#[derive(Stored)]` gives a newtype the methods of the type inside"
)]
pub trait Container {
    /// The type of what is contained.
    type Item;
}

/// An array or a set.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an array nor a set",
    label = "this method is for arrays and sets"
)]
pub trait Collection: Container {
    /// `true` if it is stored as a set and not as an array.
    #[doc(hidden)]
    const IS_SET: bool = false;

    /// `true` if it is stored as an array whose order has no meaning.
    #[doc(hidden)]
    const IS_UNORDERED: bool = false;
}

/// An array: a type whose elements have positions.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an array", label = "this method is for arrays")]
pub trait List: Collection {}

/// A map from text to values: an object whose keys the model does not know.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a map", label = "this method is for maps")]
pub trait Map {
    /// The type of the values.
    type Value;
}

/// A vector: an array of numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a vector",
    label = "a vector search needs an array of numbers, such as `Vec<f32>` or `[f32; 384]`"
)]
pub trait Vector {}

/// A type of values that are compared with values of type `T`: `T` itself, or one of the two is an `Option` of the other.
#[diagnostic::on_unimplemented(
    message = "values of type `{Self}` are not compared with a field of type `{T}`",
    label = "expected a column of type `{T}`"
)]
pub trait ComparedWith<T> {}

#[diagnostic::do_not_recommend]
impl<T> ComparedWith<T> for T {}
#[diagnostic::do_not_recommend]
impl<T> ComparedWith<T> for Option<T> {}
#[diagnostic::do_not_recommend]
impl<T> ComparedWith<Option<T>> for T {}

/// A type that may be missing: an `Option`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be unset",
    label = "only a field of type `Option` can be unset",
    note = "a record without the field could not be read as `{Self}`"
)]
pub trait Optional {}

/// Implements [`Stored`] for types that stand for themselves.
macro_rules! natives {
    ($($kind:ident: $($ty:ty)+;)+) => {$($(
        #[diagnostic::do_not_recommend]
        impl Stored for $ty {
            type As = Self;

            const KIND: Kind = Kind::$kind;
        }
    )+)+};
}

natives! {
    Any: RecordKey Table Value;
    Null: Null;
    Bool: bool;
    Int: i8 i16 i32 i64 isize u8 u16 u32 u64 usize;
    Int: NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroIsize;
    Int: NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroUsize;
    Float: f32 f64;
    Decimal: Decimal;
    Number: i128 u128;
    String: String;
    Datetime: Datetime;
    Duration: Duration;
    Uuid: Uuid;
    Bytes: Bytes;
    Geometry: Geometry;
    File: File;
}

macro_rules! generic {
    ($([$($generics:tt)*] $ty:ty: $kind:expr;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Stored for $ty {
            type As = Self;

            const KIND: Kind = $kind;
        }
    )+};
}

generic! {
    [] RecordId: Kind::Record(&[]);
    [T: HasTable, K] Id<T, K>: Kind::Record(&[T::NAME]);
    [T] Range<T>: Kind::Range;
    [K, V] BTreeMap<K, V>: Kind::Object;
    [K, V, S] HashMap<K, V, S>: Kind::Object;
    [T: Stored] Vec<T>: Kind::Array(&T::KIND, None);
    [T: Stored, const N: usize] [T; N]: Kind::Array(&T::KIND, Some(N));
    [T: Stored] BTreeSet<T>: Kind::Array(&T::KIND, None);
    [T: Stored] Set<T>: Kind::Set(&T::KIND);
}

/// Implements [`Stored`] for types that are stored in the form of another type.
macro_rules! stored_as {
    ($([$($generics:tt)*] $ty:ty => $stored:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Stored for $ty {
            type As = $stored;
        }
    )+};
}

stored_as! {
    [] str => String;
    [] char => String;
    [T: Stored] VecDeque<T> => Vec<T>;
    [T: Stored, S] HashSet<T, S> => BTreeSet<T>;
    [T: Stored + ?Sized] Box<T> => T::As;
    [T: Stored + ?Sized] Arc<T> => T::As;
    [T: Stored + ?Sized] Rc<T> => T::As;
    [T: Stored + ToOwned + ?Sized] Cow<'_, T> => T::As;
    [] std::time::Duration => Duration;
    [] uuid::Uuid => Uuid;
}

/// `None` is stored as NONE, a value as itself.
#[diagnostic::do_not_recommend]
impl<T: Stored> Stored for Option<T> {
    type As = T::As;

    const KIND: Kind = Kind::Option(&T::KIND);
}

// Dates and times of day are text in their order, for years of four digits. The others are fields with an adapter.
#[cfg(feature = "chrono")]
stored_as! {
    [Tz: chrono::TimeZone] chrono::DateTime<Tz> => Datetime;
    [] chrono::TimeDelta => Duration;
    [] chrono::NaiveDate => String;
    [] chrono::NaiveTime => String;
}

#[cfg(feature = "jiff")]
stored_as! {
    [] jiff::Timestamp => Datetime;
    [] jiff::SignedDuration => Duration;
    [] jiff::civil::Date => String;
    [] jiff::civil::Time => String;
}

#[cfg(feature = "rust_decimal")]
stored_as! {
    [] rust_decimal::Decimal => Decimal;
}

#[cfg(feature = "time")]
stored_as! {
    [] time::OffsetDateTime => Datetime;
    [] time::UtcDateTime => Datetime;
    [] time::Timestamp => Datetime;
    [] time::Duration => Duration;
}

macro_rules! ordered {
    ($($ty:ty)+) => {$(
        #[diagnostic::do_not_recommend]
        impl Ordered for $ty {
            const HAS_SUCCESSOR: bool = true;
        }
    )+};
}

ordered! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 String Duration }
ordered! { NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroIsize }
ordered! { NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroUsize }

#[diagnostic::do_not_recommend]
impl Ordered for bool {}
#[diagnostic::do_not_recommend]
impl Ordered for Decimal {}
#[diagnostic::do_not_recommend]
impl Ordered for Datetime {}
#[diagnostic::do_not_recommend]
impl Ordered for Uuid {}
#[diagnostic::do_not_recommend]
impl Ordered for RecordId {}
#[diagnostic::do_not_recommend]
impl Ordered for Value {}
#[diagnostic::do_not_recommend]
impl<T, K: Stored<As: Ordered>> Ordered for Id<T, K> {}
#[diagnostic::do_not_recommend]
impl<T: Stored<As: Ordered>> Ordered for Vec<T> {}
#[diagnostic::do_not_recommend]
impl<T: Stored<As: Ordered>, const N: usize> Ordered for [T; N] {}

macro_rules! tuple {
    ($([$name:ident $($rest:tt)*])+) => {
        #[diagnostic::do_not_recommend]
        impl<$($name: Stored),+> Stored for ($($name,)+) {
            type As = Self;

            const KIND: Kind = Kind::Array(&Kind::Any, Some([$(stringify!($name)),+].len()));
        }

        #[diagnostic::do_not_recommend]
        impl<$($name: Stored<As: Ordered>),+> Ordered for ($($name,)+) {}
    };
}

tuples! { tuple }

#[diagnostic::do_not_recommend]
impl Text for String {}

macro_rules! numbers {
    ($($ty:ty)+) => {$(
        #[diagnostic::do_not_recommend]
        impl Sum for $ty {
            type Addend = Self;
        }

        #[diagnostic::do_not_recommend]
        impl Number for $ty {}
    )+};
}

numbers! { i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64 Decimal }

macro_rules! totals {
    ($($total:ty: $($ty:ty)+;)+) => {$($(
        #[diagnostic::do_not_recommend]
        impl Total for $ty {
            type Total = $total;
        }
    )+)+};
}

totals! {
    i64: i8 i16 i32 i64 isize;
    u64: u8 u16 u32 u64 usize;
    f64: f32 f64;
    Decimal: Decimal;
    Duration: Duration;
}

#[diagnostic::do_not_recommend]
impl Sum for Datetime {
    type Addend = Duration;

    const HAS_NO_ZERO: bool = true;
}

#[diagnostic::do_not_recommend]
impl Sum for Duration {
    type Addend = Self;
}

macro_rules! texts {
    ($($ty:ty)+) => {$(
        #[diagnostic::do_not_recommend]
        impl Container for $ty {
            type Item = Self;
        }
    )+};
}

texts! { String Box<str> Arc<str> Cow<'static, str> }

macro_rules! collections {
    ($([$($generics:tt)*] $ty:ty: $item:ty { $($constant:ident = $value:expr)? })+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Container for $ty {
            type Item = $item;
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Collection for $ty {
            $(const $constant: bool = $value;)?
        }
    )+};
}

collections! {
    [T] Vec<T>: T {}
    [T] VecDeque<T>: T {}
    [T, const N: usize] [T; N]: T {}
    [T] Set<T>: T { IS_SET = true }
    [T] BTreeSet<T>: T { IS_UNORDERED = true }
    [T, S] HashSet<T, S>: T { IS_UNORDERED = true }
}

#[diagnostic::do_not_recommend]
impl<T> List for Vec<T> {}
#[diagnostic::do_not_recommend]
impl<T> List for VecDeque<T> {}
#[diagnostic::do_not_recommend]
impl<T, const N: usize> List for [T; N] {}

#[diagnostic::do_not_recommend]
impl<K, V> Map for BTreeMap<K, V> {
    type Value = V;
}

#[diagnostic::do_not_recommend]
impl<K, V, S> Map for HashMap<K, V, S> {
    type Value = V;
}

#[diagnostic::do_not_recommend]
impl<M: Map> Map for Option<M> {
    type Value = M::Value;
}

#[diagnostic::do_not_recommend]
impl<T: Stored<As: Number>> Vector for Vec<T> {}
#[diagnostic::do_not_recommend]
impl<T: Stored<As: Number>, const N: usize> Vector for [T; N] {}

#[diagnostic::do_not_recommend]
impl<T: Container> Container for Option<T> {
    type Item = T::Item;
}

#[diagnostic::do_not_recommend]
impl<T: Collection> Collection for Option<T> {
    const IS_SET: bool = T::IS_SET;
    const IS_UNORDERED: bool = T::IS_UNORDERED;
}

#[diagnostic::do_not_recommend]
impl<T: List> List for Option<T> {}

#[diagnostic::do_not_recommend]
impl<T> Optional for Option<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_written_as_surrealql() {
        for (kind, expected) in [
            (<Option<Vec<u8>>>::KIND, "option<array<int>>"),
            (<[f64; 3]>::KIND, "array<float, 3>"),
            (<Vec<Value>>::KIND, "array"),
            (<Set<Uuid>>::KIND, "set<uuid>"),
            (<Box<str>>::KIND, "string"),
            (<HashSet<Arc<str>>>::KIND, "array<string>"),
            (RecordId::KIND, "record"),
            (Kind::Record(&["user", "a b"]), "record<user | `a b`>"),
            (Kind::Literal(&["open", "it's"]), "'open' | \"it's\""),
        ] {
            assert_eq!(kind.to_string(), expected);
        }
    }
}
