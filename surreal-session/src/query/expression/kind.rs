//! What can be done with a type, as far as the database is concerned.

use std::any::type_name;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64,
    NonZeroUsize,
};
use std::sync::Arc;

use crate::codec::SetType;
use crate::record::Adapted;
use crate::value::{Datetime, Decimal, Duration, Id, RecordId, Set, Uuid, Value};

/// A type that is stored as text.
///
/// Implement it for a type of your own that serde writes as a string, such as a newtype around `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text",
    label = "this is for text",
    note = "a type of your own that serde writes as a string can say so by implementing `Text`"
)]
pub trait Text {}

/// A type whose values come in the same order in the database as in Rust, so that less and greater mean something.
///
/// An enum does not: it is stored as text, in the order of the alphabet.
#[diagnostic::on_unimplemented(
    message = "the database does not know an order of `{Self}`",
    label = "this is for numbers, text, times and ids",
    note = "a type of your own that is stored in its order, such as a newtype around `u32`, can say so by implementing \
            `Ordered`"
)]
pub trait Ordered {
    /// Whether all values are of one kind in the database, so that it is known which comes next.
    #[doc(hidden)]
    const HAS_SUCCESSOR: bool = false;
}

/// A type with which one can calculate: a number.
///
/// The server calculates with ints of 64 bits and fails beyond them, divides ints without a rest, and gives NaN for a
/// division of ints by zero. It knows nothing of smaller or unsigned types: 0 minus 1 is -1, also in a field of type
/// `u8`, and if that is stored the record can no longer be read.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a number", label = "this is for numbers")]
pub trait Number: Sum {}

/// A type to which something can be added: a number, or a time to which a [`Duration`] is added.
#[diagnostic::on_unimplemented(
    message = "nothing can be added to, or subtracted from, `{Self}`",
    label = "this is for numbers, datetimes and durations",
    note = "an array gets an element with `.push(..)` and loses it with `.remove(..)`"
)]
pub trait Sum {
    /// What is added.
    type Addend;

    /// Whether nothing can be added to a missing value: there is no zero of its type.
    #[doc(hidden)]
    const HAS_NO_ZERO: bool = false;

    /// Whether it may be missing, and nothing can be added to it then.
    #[doc(hidden)]
    const NEEDS_VALUE: bool = false;
}

/// A type in which something can be contained: text, an array, or a set.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither text nor an array nor a set",
    label = "this is for what contains something"
)]
pub trait Container {
    /// What is contained.
    type Item;
}

/// A type that has elements: an array or a set.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an array nor a set",
    label = "this is for arrays and sets"
)]
pub trait Collection: Container {
    /// Whether it is stored as a set, and not as an array.
    #[doc(hidden)]
    const IS_SET: bool = false;
}

/// A type whose elements have places: an array.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an array", label = "this is for arrays")]
pub trait List: Collection {}

macro_rules! marked {
    ($($trait:ident: $([$($generics:tt)*] $ty:ty),+;)+) => {$($(
        impl<$($generics)*> $trait for $ty {}
    )+)+};
}

marked! {
    Text: [] String, [] Box<str>, [] Arc<str>, [] Cow<'static, str>, [] char, [T: Text] Option<T>;
    Ordered: [] bool, [] Datetime, [] Uuid, [] RecordId, [] Value, [T: Ordered] Vec<T>, [T, K: Ordered] Id<T, K>,
        [A: Ordered] (A,), [A: Ordered, B: Ordered] (A, B), [A: Ordered, B: Ordered, C: Ordered] (A, B, C),
        [A: Ordered, B: Ordered, C: Ordered, D: Ordered] (A, B, C, D);
    Number: [T: Number] Option<T>;
    List: [T] Vec<T>, [T] VecDeque<T>, [T, const N: usize] [T; N], [T: List] Option<T>;
}

macro_rules! stepped {
    ($($ty:ty)+) => {$(
        impl Ordered for $ty {
            const HAS_SUCCESSOR: bool = true;
        }
    )+};
}

stepped! { String Box<str> Arc<str> Cow<'static, str> char Duration }

stepped! { i128 u128 }
stepped! { NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroIsize }
stepped! { NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroUsize }

impl<T: Ordered> Ordered for Option<T> {
    const HAS_SUCCESSOR: bool = T::HAS_SUCCESSOR;
}

// Whatever else the type can do, it may not be able to as it is stored.
impl<T: Ordered, O, const INDEX: usize> Ordered for Adapted<T, O, INDEX> {}

/// For messages: implemented by no type, as a field with an adapter may be stored as anything.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` with `#[serde(with = \"..\")]` can be compared, put in order and set, and nothing else",
    label = "not for fields with an adapter",
    note = "use a type of `surreal_session::value` for the field, such as `Datetime`, `Duration` or `Decimal`",
    note = "or change the value in Rust and write it with `.set(..)`"
)]
pub trait Unadapted {}

macro_rules! refused {
    ($($trait:ident: { $($item:item)? })+) => {$(
        impl<T: Unadapted, O, const INDEX: usize> $trait for Adapted<T, O, INDEX> { $($item)? }
    )+};
}

refused! {
    Text: {}
    Sum: { type Addend = Self; }
    Number: {}
    Container: { type Item = Self; }
    Collection: {}
    List: {}
}

macro_rules! numbers {
    ($successor:literal: $($ty:ty)+) => {$(
        impl Ordered for $ty {
            const HAS_SUCCESSOR: bool = $successor;
        }

        impl Sum for $ty {
            type Addend = Self;
        }

        impl Number for $ty {}
    )+};
}

numbers! { true: i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64 }
numbers! { false: Decimal }

impl Sum for Datetime {
    type Addend = Duration;

    const HAS_NO_ZERO: bool = true;
}

impl Sum for Duration {
    type Addend = Self;
}

impl<T: Sum> Sum for Option<T> {
    type Addend = T::Addend;

    const HAS_NO_ZERO: bool = T::HAS_NO_ZERO;
    const NEEDS_VALUE: bool = T::HAS_NO_ZERO;
}

macro_rules! containers {
    ($([$($generics:tt)*] $ty:ty => $item:ty;)+) => {$(
        impl<$($generics)*> Container for $ty {
            type Item = $item;
        }
    )+};
}

containers! {
    [] String => Self;
    [] Box<str> => Self;
    [] Arc<str> => Self;
    [] Cow<'static, str> => Self;
    [T] Vec<T> => T;
    [T] VecDeque<T> => T;
    [T, const N: usize] [T; N] => T;
    [T] Set<T> => T;
    [T] BTreeSet<T> => T;
    [T, S] HashSet<T, S> => T;
    [T: Container] Option<T> => T::Item;
}

impl<T> Collection for Vec<T> {}
impl<T> Collection for VecDeque<T> {}
impl<T, const N: usize> Collection for [T; N] {}
impl<T> Collection for BTreeSet<T> {}
impl<T, S> Collection for HashSet<T, S> {}

impl<T> Collection for Set<T> {
    const IS_SET: bool = true;
}

impl<T: Collection> Collection for Option<T> {
    const IS_SET: bool = T::IS_SET;
}

/// How values of a type are stored, as far as its name says. It is used where a method has no bound on the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One of the standard library's sets: an array whose order means nothing.
    Set,
    Array,
    Other,
}

impl Shape {
    pub(crate) fn of<T: ?Sized>() -> Self {
        Self::named(type_name::<T>())
    }

    /// The shape of the type with this name, as the compiler writes it.
    pub(crate) fn named(name: &str) -> Self {
        const WRAPPERS: [&str; 5] =
            ["&", "core::option::Option<", "alloc::boxed::Box<", "alloc::sync::Arc<", "alloc::rc::Rc<"];
        const ARRAYS: [&str; 5] = [
            "alloc::vec::Vec<",
            "alloc::collections::vec_deque::VecDeque<",
            "alloc::collections::linked_list::",
            "[",
            "(",
        ];
        let starts_with = |list: &[&str]| list.iter().any(|start| name.starts_with(start));
        if let Some(inner) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
            return Self::named(inner);
        }
        match (SetType::of(name).is_some(), starts_with(&ARRAYS)) {
            (true, _) => Self::Set,
            (_, true) => Self::Array,
            _ => Self::Other,
        }
    }
}
