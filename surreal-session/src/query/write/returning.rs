//! What a write gives back of each record: RETURN AFTER, BEFORE, DIFF and NONE.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, IgnoredAny};

use crate::query::PatchOp;

/// What a write gives back of each record that it touched: [`After`], [`Before`], [`Diff`] or [`Nothing`]. Sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a write gives back",
    label = "expected `After<_>`, `Before<_>`, `Diff` or `Nothing`"
)]
pub trait Returning: private::Sealed + 'static {
    /// What it gives of one record.
    type One;

    /// What it gives of any number of records.
    type Many;

    /// What the server sends of each record.
    #[doc(hidden)]
    type Row: DeserializeOwned;

    /// The clause of a write whose results are counted: each record that was touched has one.
    #[doc(hidden)]
    const COUNTED: &'static str;

    /// The clause of a write of any number of records.
    #[doc(hidden)]
    const CLAUSE: &'static str = Self::COUNTED;

    #[doc(hidden)]
    fn one(row: Self::Row) -> Self::One;

    #[doc(hidden)]
    fn many(rows: Vec<Self::Row>) -> Self::Many;
}

/// A [`Returning`] that gives records, as a type that can be chosen.
#[diagnostic::on_unimplemented(
    message = "this write gives no records back",
    label = "there is nothing to decode",
    note = "`return_diff` and `return_none` give no records"
)]
pub trait ReturningRecords: Returning {
    /// The same with the records as `T`.
    type As<T: DeserializeOwned + 'static>: Returning;
}

/// A write gives the records back as they are afterwards, as `T`.
pub struct After<T>(PhantomData<fn() -> T>);

/// A write gives the records back as they were before, as `T`; a record that was not there is NONE.
pub struct Before<T>(PhantomData<fn() -> T>);

/// A write gives back what it changed, for each record a [`PatchOp`] per change.
#[derive(Debug)]
#[non_exhaustive]
pub struct Diff;

/// A write gives nothing back.
#[derive(Debug)]
#[non_exhaustive]
pub struct Nothing;

macro_rules! records {
    ($($name:ident $clause:literal)+) => {$(
        impl<T: DeserializeOwned + 'static> Returning for $name<T> {
            type One = T;
            type Many = Vec<T>;
            type Row = T;

            const COUNTED: &'static str = $clause;

            fn one(row: T) -> T {
                row
            }

            fn many(rows: Vec<T>) -> Vec<T> {
                rows
            }
        }

        impl<T: DeserializeOwned + 'static> ReturningRecords for $name<T> {
            type As<U: DeserializeOwned + 'static> = $name<U>;
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl<T: DeserializeOwned + 'static> private::Sealed for $name<T> {}
    )+};
}

records! {
    After "AFTER"
    Before "BEFORE"
}

impl Returning for Diff {
    type One = Vec<PatchOp>;
    type Many = Vec<Vec<PatchOp>>;
    type Row = Vec<PatchOp>;

    const COUNTED: &'static str = "DIFF";

    fn one(row: Vec<PatchOp>) -> Vec<PatchOp> {
        row
    }

    fn many(rows: Vec<Vec<PatchOp>>) -> Vec<Vec<PatchOp>> {
        rows
    }
}

impl Returning for Nothing {
    type One = ();
    type Many = ();
    type Row = IgnoredAny;

    /// RETURN NONE gives an empty array whether or not there was a record; this gives a NULL for each.
    const COUNTED: &'static str = "NULL";
    const CLAUSE: &'static str = "NONE";

    fn one(_: IgnoredAny) {}

    fn many(_: Vec<IgnoredAny>) {}
}

impl private::Sealed for Diff {}
impl private::Sealed for Nothing {}

mod private {
    pub trait Sealed {}
}
