//! The values that a field can be compared with and set to.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

use super::{Computed, Term};
use crate::record::{Adapted, Adapts, FieldRef, HasTable, Key, OneOf, Path, Stored, Text, Within};
use crate::value::{Datetime, Duration, Id, RecordId, Uuid, Value};

/// An operand for a field of type `T` of a record of type `R`: a value, another field of that record, or a value computed
/// from its fields.
///
/// A value may be a literal of the field's type, a reference, and for a field that is an `Option` the type inside. Text is
/// `&str`, and for a field of type `String` also `Cow<str>`, `Arc<str>`, `Box<str>` and references to them. Values are bound,
/// never written into the statement.
///
/// These types convert: an [`Id`] for a field that is a [`RecordId`] or an enum of ids; ints (`i64`), floats, bools, text, times
/// and ids for a [`Value`]; `std::time::Duration`, `uuid::Uuid`, `chrono::DateTime`, `jiff::Timestamp` and
/// `rust_decimal::Decimal` for the server's own type.
///
/// Types of which a literal would no longer be known do not convert:
///
/// | Value | Field | Write | Otherwise this would not compile |
/// |---|---|---|---|
/// | `Option<&str>` | `Option<String>` | `name.map(str::to_owned)`; `"Ada"` instead of `Some("Ada")` | `u.nickname.set(None)` |
/// | `Vec<&str>` | `Vec<String>` | `["a", "b"]`, or `&texts[..]` | `u.tags.set(vec![])` |
/// | `i32`, `u8` | `i64` | `i64::from(count)` | `u.count.gt(5_000_000_000)`, which would be an `i32` |
#[diagnostic::on_unimplemented(
    message = "a field of type `{T}` cannot be compared with, or set to, `{Self}`",
    label = "expected `{T}`, or a field of type `{T}` in the same record"
)]
pub trait Operand<R, T> {
    /// Its text in the statement.
    #[doc(hidden)]
    fn term(self) -> Term;
}

/// A value that a field of type `T` can be set to: an [`Operand`] that is never missing unless the field is optional.
#[diagnostic::on_unimplemented(
    message = "a field of type `{T}` cannot be set to `{Self}`",
    label = "expected `{T}`, or a field of type `{T}` in the same record",
    note = "a field of type `Option` may be missing, and a field of type `{T}` could then not be read"
)]
pub trait Settable<R, T>: Operand<R, T> {
    /// `true` if the value may be missing but the field needs one.
    #[doc(hidden)]
    const MAY_BE_MISSING: bool = false;
}

macro_rules! values {
    ($($(#[$attr:meta])? [$($generics:tt)*] $value:ty => $ty:ty;)+) => {$(
        $(#[$attr])?
        impl<R, $($generics)*> Operand<R, $ty> for $value {
            fn term(self) -> Term {
                Term::value(&self)
            }
        }

        $(#[$attr])?
        impl<R, $($generics)*> Settable<R, $ty> for $value {}
    )+};
}

values! {
    [T: Serialize] T => T;
    [T: Serialize] T => Option<T>;
    #[diagnostic::do_not_recommend]
    [T: Serialize] &T => T;
    #[diagnostic::do_not_recommend]
    [T: Serialize] &T => Option<T>;
    // A comparison of a number with text should not report that a number is not text.
    #[diagnostic::do_not_recommend]
    [T: Stored<As: Text>] &str => T;
    #[diagnostic::do_not_recommend]
    [T: Stored<As: Text>] &&str => T;
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key] Id<T, K> => RecordId;
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key] Id<T, K> => Option<RecordId>;
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key] &Id<T, K> => RecordId;
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key] &Id<T, K> => Option<RecordId>;
    // An enum of ids is stored as the id that it is.
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key, L: OneOf<Id<T, K>>] Id<T, K> => L;
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key, L: OneOf<Id<T, K>>] Id<T, K> => Option<L>;
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key, L: OneOf<Id<T, K>>] &Id<T, K> => L;
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key, L: OneOf<Id<T, K>>] &Id<T, K> => Option<L>;
    // One type of ints and of floats only, so that the type of a literal is known.
    #[diagnostic::do_not_recommend]
    [] i64 => Value;
    #[diagnostic::do_not_recommend]
    [] f64 => Value;
    #[diagnostic::do_not_recommend]
    [] bool => Value;
    #[diagnostic::do_not_recommend]
    [] &str => Value;
    #[diagnostic::do_not_recommend]
    [] String => Value;
    #[diagnostic::do_not_recommend]
    [] Datetime => Value;
    #[diagnostic::do_not_recommend]
    [] Duration => Value;
    #[diagnostic::do_not_recommend]
    [] RecordId => Value;
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key] Id<T, K> => Value;
    #[diagnostic::do_not_recommend]
    [T: HasTable, K: Key] &Id<T, K> => Value;
}

macro_rules! converted {
    ($($(#[$attr:meta])* [$($generics:tt)*] $foreign:ty => $native:ty;)+) => {$(
        $(#[$attr])*
        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Operand<R, $native> for $foreign {
            fn term(self) -> Term {
                Term::value(&<$native>::from(self))
            }
        }

        $(#[$attr])*
        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Operand<R, Option<$native>> for $foreign {
            fn term(self) -> Term {
                Term::value(&<$native>::from(self))
            }
        }

        $(#[$attr])*
        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Settable<R, $native> for $foreign {}

        $(#[$attr])*
        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Settable<R, Option<$native>> for $foreign {}
    )+};
}

// Only conversions that lose and refuse no value: the datetimes of `time` and signed durations may exceed the server's.
converted! {
    [] std::time::Duration => Duration;
    [] uuid::Uuid => Uuid;
    #[cfg(feature = "chrono")]
    [Tz: chrono::TimeZone] chrono::DateTime<Tz> => Datetime;
    #[cfg(feature = "jiff")]
    [] jiff::Timestamp => Datetime;
    #[cfg(feature = "rust_decimal")]
    [] rust_decimal::Decimal => crate::value::Decimal;
}

macro_rules! borrowed {
    ($([$($generics:tt)*] $value:ty => $ty:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Operand<R, $ty> for $value {
            fn term(self) -> Term {
                Term::value(&self[..])
            }
        }

        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Operand<R, Option<$ty>> for $value {
            fn term(self) -> Term {
                Term::value(&self[..])
            }
        }

        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Settable<R, $ty> for $value {}

        #[diagnostic::do_not_recommend]
        impl<R, $($generics)*> Settable<R, Option<$ty>> for $value {}
    )+};
}

borrowed! {
    [T: Serialize, const N: usize] [T; N] => Vec<T>;
    [T: Serialize, const N: usize] &[T; N] => Vec<T>;
    [T: Serialize] &[T] => Vec<T>;
    [const N: usize] [&str; N] => Vec<String>;
    [const N: usize] &[&str; N] => Vec<String>;
    [] &[&str] => Vec<String>;
    [] Cow<'_, str> => String;
    [] Arc<str> => String;
    [] Box<str> => String;
    [] &Cow<'_, str> => String;
    [] &Arc<str> => String;
    [] &Box<str> => String;
}

macro_rules! adapted {
    ($([$($bound:ident)?] $value:ty => $ty:ty: $convert:expr;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<R, T $(: $bound)?, O: Adapts<INDEX, Value = $ty>, const INDEX: usize> Operand<R, Adapted<$ty, O, INDEX>>
            for $value
        {
            fn term(self) -> Term {
                let convert: fn($value) -> $ty = $convert;
                Term::encoded(O::encode(&convert(self)))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<R, T $(: $bound)?, O: Adapts<INDEX, Value = $ty>, const INDEX: usize> Settable<R, Adapted<$ty, O, INDEX>>
            for $value
        {
        }
    )+};
}

adapted! {
    [] T => T: |value| value;
    [] T => Option<T>: Some;
    [Clone] &T => T: T::clone;
    [Clone] &T => Option<T>: |value| Some(value.clone());
}

// No macro, and the only one of these that the compiler names: it then says that a field is one of another record.
impl<R, P: Path + Within<R>, T> Operand<R, T> for FieldRef<P, T> {
    fn term(self) -> Term {
        Term::place::<P>()
    }
}

impl<R, P: Path + Within<R>, T> Settable<R, T> for FieldRef<P, T> {
    const MAY_BE_MISSING: bool = !P::IS_PRESENT;
}

#[diagnostic::do_not_recommend]
impl<R, P: Path + Within<R>, T> Settable<R, Option<T>> for FieldRef<P, T> {}

// An optional field has the same operands as one that is not.
macro_rules! places {
    ($($place:ty => $ty:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<R, P: Path + Within<R>, T> Operand<R, $ty> for FieldRef<P, $place> {
            fn term(self) -> Term {
                Term::place::<P>()
            }
        }
    )+};
}

places! {
    T => Option<T>;
    Option<T> => T;
}

macro_rules! computed {
    ($($computed:ty => $ty:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<R, T, P> Operand<R, $ty> for Computed<R, $computed, P> {
            fn term(self) -> Term {
                self.into_term()
            }
        }
    )+};
}

computed! {
    T => T;
    T => Option<T>;
    Option<T> => T;
}

#[diagnostic::do_not_recommend]
impl<R, T, P> Settable<R, T> for Computed<R, T, P> {}

#[diagnostic::do_not_recommend]
impl<R, T, P> Settable<R, Option<T>> for Computed<R, T, P> {}
