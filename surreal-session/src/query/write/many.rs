//! Writes of many records, and of one that may be missing.

use std::marker::PhantomData;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::{Cardinality, Read, Returns, Write, WriteClauses, complete, first, first_ignored, settings};
use crate::error::Result;
use crate::query::condition::IntoCondition;
use crate::query::select::Fields;
use crate::query::untyped::UntypedFilter;
use crate::query::{PatchOp, Response};
use crate::record::{Record, VersionNumber, Versioned, View};
use crate::value::Value;

/// A complete write of one record, sent when awaited. It returns an `Option`: `None` if there is no record.
///
/// [`Write::optional`] makes it. See [`Write`] for everything else.
#[must_use = "nothing is written until this is awaited"]
pub struct WriteOptional<T, Out = Option<T>, Before = T> {
    pub(super) clauses: WriteClauses,
    read: Read<Out>,
    types: PhantomData<fn() -> (T, Before)>,
}

/// A complete write of any number of records, sent when awaited. It returns a `Vec` in the order of the ids.
///
/// The `Vec` is empty if the write touched no record. See [`Write`] for everything else.
#[must_use = "nothing is written until this is awaited"]
pub struct WriteMany<T, Out = Vec<T>, Before = T> {
    pub(super) clauses: WriteClauses,
    read: Read<Out>,
    types: PhantomData<fn() -> (T, Before)>,
}

impl<T, Out, Before> WriteOptional<T, Option<Out>, Before> {
    pub(super) fn of(write: Write<T, Out, Before>) -> Self {
        Self { clauses: write.clauses.answer(Cardinality::AtMostOne), read: write.read, types: PhantomData }
    }
}

impl<T: Record, Before> WriteOptional<T, Option<T>, Before> {
    /// Returns a view of the record; see [`Write::view`].
    pub fn view<V: View<Record = T>>(self) -> WriteOptional<T, Option<V>, Before> {
        WriteOptional { clauses: self.clauses.view::<V>(), read: first, types: PhantomData }
    }
}

impl<T: Record, Before> WriteMany<T, Vec<T>, Before> {
    /// Returns a view of each record; see [`Write::view`].
    pub fn view<V: View<Record = T>>(self) -> WriteMany<T, Vec<V>, Before> {
        WriteMany { clauses: self.clauses.view::<V>(), read: rows, types: PhantomData }
    }
}

impl<T, Out, Before> WriteOptional<T, Out, Before> {
    /// Returns the record as it was before the write: another `Option` if the write may create the record.
    pub fn return_before(self) -> WriteOptional<T, Option<Before>, Before>
    where
        Before: DeserializeOwned,
    {
        self.returning(Returns::Before, first)
    }

    /// Returns the changes of the record: all fields of a record that is created or deleted.
    pub fn return_diff(self) -> WriteOptional<T, Option<Vec<PatchOp>>, Before> {
        self.returning(Returns::Diff, first)
    }

    /// Returns `Some(())` if there is a record.
    pub fn return_none(self) -> WriteOptional<T, Option<()>, Before> {
        self.returning(Returns::Nothing, first_ignored)
    }

    pub(super) fn returning<O>(self, returns: Returns, read: Read<O>) -> WriteOptional<T, O, Before> {
        WriteOptional { clauses: self.clauses.returns(returns), read, types: PhantomData }
    }

    fn result(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(response, index)
    }
}

impl<T: DeserializeOwned, Before> WriteMany<T, Vec<T>, Before> {
    pub(in crate::query) fn new(clauses: WriteClauses) -> Self {
        Self { clauses: clauses.answer(Cardinality::Many), read: rows, types: PhantomData }
    }
}

impl<T, Out, Before> WriteMany<T, Out, Before> {
    /// Returns the records as they were before the write: an `Option` for each if the write may create records.
    pub fn return_before(self) -> WriteMany<T, Vec<Before>, Before>
    where
        Before: DeserializeOwned,
    {
        self.returning(Returns::Before, rows)
    }

    /// Returns the changes of each record: all fields of a record that is created or deleted.
    pub fn return_diff(self) -> WriteMany<T, Vec<Vec<PatchOp>>, Before> {
        self.returning(Returns::Diff, rows)
    }

    /// Returns nothing.
    pub fn return_none(self) -> WriteMany<T, (), Before> {
        self.returning(Returns::Nothing, rows_ignored)
    }

    pub(super) fn returning<O>(self, returns: Returns, read: Read<O>) -> WriteMany<T, O, Before> {
        WriteMany { clauses: self.clauses.returns(returns), read, types: PhantomData }
    }

    fn result(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(response, index)
    }
}

macro_rules! filtered {
    ($($builder:ident)+) => {$(
        /// An update or a delete.
        impl<T: Record, Out> $builder<T, Out, T> {
            /// Writes only records for which the condition is true. Several filters must all be true.
            ///
            /// See [`UpdateWithoutTarget::filter`](super::UpdateWithoutTarget::filter).
            pub fn filter<C: IntoCondition<T>>(self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
                Self { clauses: self.clauses.filter(condition), ..self }
            }
        }
    )+};
}

filtered! { Write WriteOptional WriteMany }

macro_rules! versioned {
    ($($builder:ident)+) => {$(
        /// An update or a delete.
        impl<T: Record, Out> $builder<T, Out, T> {
            /// Writes the record only if it has this version.
            ///
            /// See [`WriteWithoutData::if_version`](super::WriteWithoutData::if_version).
            pub fn if_version(self, version: T::Version) -> Self
            where
                T: Versioned,
            {
                Self { clauses: self.clauses.if_version::<T>(version.stored()), ..self }
            }
        }
    )+};
}

versioned! { Write WriteOptional }

macro_rules! untyped {
    ($($builder:ident $records:ty => $decoded:ty, $read:expr;)+) => {$(
        /// An untyped write.
        impl<Out> $builder<Value, Out> {
            /// Returns the records as they are after the write: the default, except for a delete.
            pub fn return_after(self) -> $builder<Value, $records> {
                self.returning(Returns::After, $read)
            }
        }

        /// An untyped delete.
        impl<Out> $builder<Value, Out> {
            /// Writes only records for which the condition is true; see
            /// [`WithoutData::filter`](crate::query::untyped::WithoutData::filter).
            pub fn filter(self, condition: impl UntypedFilter) -> Self {
                Self { clauses: self.clauses.filter_untyped(condition.into_filter().into_tree()), ..self }
            }
        }

        /// An untyped write.
        impl $builder<Value, $records> {
            /// Returns records of type `T`.
            pub fn decode<T: DeserializeOwned>(self) -> $builder<Value, $decoded> {
                let returns = self.clauses.returned();
                self.returning(returns, $read)
            }
        }
    )+};
}

untyped! {
    Write Value => T, first;
    WriteOptional Option<Value> => Option<T>, first;
    WriteMany Vec<Value> => Vec<T>, rows;
}

settings! { [T, Out, Before] WriteOptional<T, Out, Before>: clauses }
settings! { [T, Out, Before] WriteMany<T, Out, Before>: clauses }

complete! { [T: 'static, Out: 'static, Before: 'static] WriteOptional<T, Out, Before>: clauses => Out }
complete! { [T: 'static, Out: 'static, Before: 'static] WriteMany<T, Out, Before>: clauses => Out }

pub(in crate::query) fn rows<Row: DeserializeOwned>(response: &Response, index: usize) -> Result<Vec<Row>> {
    response.take(index)
}

fn rows_ignored(response: &Response, index: usize) -> Result<()> {
    rows::<IgnoredAny>(response, index).map(drop)
}
