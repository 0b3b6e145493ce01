//! The builders that write records.
//!
//! A write is built in steps, and each step is a type. `create`, `update`, `upsert` and `delete` start with a type whose name
//! says what is missing, such as [`UpdateWithoutTarget`]. A target turns it into a [`WriteWithoutData`], and data turns that
//! into a [`Write`] (of one record) or a [`WriteMany`]. Only a complete write is a future.
//!
//! # What a typed write guarantees
//!
//! A typed write leaves every record that it touches readable as its type. Otherwise it is refused before anything is
//! sent, or it fails and has written nothing. The rules, measured with server 3.3.5:
//!
//! | Write | Rule |
//! |---|---|
//! | `update`, `upsert` or `delete` with a [`filter`](UpdateWithoutTarget::filter) that follows a link or is [`raw`](crate::Condition::raw) | The condition is tested on the records as they were before the write. The statement selects the ids of the matching records first, which takes the permission to read them: it does not write records that the identity may not select. A linked record that the identity may not select counts as missing, as in `select`. |
//! | `create`, `insert`, `relate`, `upsert` without an id | Compiles only if the server makes keys of the record's type: `String` and [`RecordKey`](crate::value::RecordKey), or any type with `#[record(default)]` on the field `id`, where the schema makes the keys. See [`Key`](crate::model::Key). |
//! | `set` or `merge` of a part of an `Option<Object>`, also in [`on_duplicate`](Insert::on_duplicate) | Changes only records that have the object, at any depth. Other records keep their NONE or NULL. Set the whole object to create it. |
//! | [`patch`](WriteWithoutData::patch) of a part of an `Option<Object>`, or of an element of an array | Fails with [`Thrown`](crate::ErrorKind::Thrown) if the object or the element is missing, and writes nothing. Paths of text are not checked. |
//! | A required field set to, or copied from, a field that may be missing | With [`set`](WriteWithoutData::set) the field keeps its value if the other field is missing; with [`PatchOp::copy`](crate::query::PatchOp::copy) the write fails. |
//! | `add` to an `Option<Datetime>` that is `None` | Changes nothing. |
//! | [`content`](WriteWithoutData::content) and [`replace`](WriteWithoutData::replace) of a record that exists | Keep the read-only fields of the type, the fields that serde does not write, and the fields with `#[record(default)]` that are `None`. |
//! | A patch of a flattened `Object`, or of an `Option` of one | `set` writes all its fields and removes the absent ones. `merge` changes only records that have it. |
//! | A patch of a flattened map | `set` adds entries. The patch that `diff` returns also removes entries. `unset`, and setting an empty map, fail with [`Encode`](crate::ErrorKind::Encode). |
//! | A patch of another flattened type, such as an enum | Use the patch that `diff` returns, or `content`. `set` fails with [`Encode`](crate::ErrorKind::Encode), because the old fields are not known. |
//! | Two entries of an object with the same key; a flattened map with an entry that has the name of a field, of the id or of an end of an edge | Fails with [`Encode`](crate::ErrorKind::Encode), and the message names the key. The flattened fields of a generic record are checked only against the fields that are written. |
//! | `None` | A field that is an `Option` is absent. Inside a newtype, a variant of an enum and a map, `None` is NULL, because the server drops an entry that is NONE. Both are read as `None`. A schema of `TYPE option<..>` refuses NULL. |
//! | A field of type [`Value`](crate::Value) | [`Value::None`](crate::Value::None) is absent, and an absent field is read as `Value::None`. In a map of values an entry that is NONE is dropped. |
//! | Text with SurrealQL, such as a raw condition, that ends its statement and begins another | Fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument) after the statements have run: it cannot be known before. |
//!
//! A write does not guarantee the following:
//!
//! - An `upsert` that makes a record writes the given data and nothing else. With `set` or `merge`, the program has to give
//!   all required fields.
//! - Two transactions that change the same record conflict. A transaction that only reads a linked record does not
//!   conflict with one that changes it.
//! - Assignments that read linked records see the changes that the same statement has already made in them.
//! - The server calculates with ints of 64 bits: a calculation can set a field of type `u8` to -1, see
//!   [`Number`](crate::model::Number).
//! - A variant of an untagged enum that holds an `Option` is written as that `Option`, and absent if it is `None`. Give
//!   such a field `#[serde(default)]`.
//! - An identity without the permission to read a field cannot keep it by `content`, nor change a part of it.

mod bulk;
mod clauses;
mod create;
mod data;
mod insert;
mod target;

use std::marker::PhantomData;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::condition::IntoCondition;
use super::select::Fields;
use super::{PatchOp, Response};
use crate::error::Result;
use crate::record::Record;
use crate::value::Value;

pub use super::patch::{Fits, Holds, PatchPath, Removable};
use clauses::{Answer, Returns};
pub(super) use clauses::{Clauses, Reach, Records, Verb};
pub use create::{CreateWithoutContent, WriteWithoutId};
pub use data::WriteWithoutData;
pub use insert::{Insert, InsertWithoutRelation, NewRecords, NewRow};
pub use target::{DeleteWithoutTarget, UpdateWithoutTarget, UpsertWithoutTarget};

/// A complete write of one record, sent when awaited. It returns the record, or an error if there is none.
///
/// The record is returned as it is after the write, and by a delete as it was before. `Out` is the type that awaiting
/// returns, and `Before` the type that [`return_before`](Self::return_before) returns: an `Option` if the write may create the
/// record.
///
/// The guarantees of a typed write are listed in the docs of the [module](self#what-a-typed-write-guarantees). The errors
/// are listed on the type that starts the write: [`CreateWithoutContent`], [`UpdateWithoutTarget`],
/// [`UpsertWithoutTarget`] and [`DeleteWithoutTarget`].
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture).
#[must_use = "nothing is written until this is awaited"]
pub struct Write<T, Out = T, Before = T> {
    pub(super) clauses: Clauses,
    read: Read<Option<Out>>,
    types: PhantomData<fn() -> (T, Before)>,
}

/// A complete write of one record, sent when awaited. It returns an `Option`: `None` if there is no record.
///
/// [`Write::optional`] makes it. See [`Write`] for everything else.
#[must_use = "nothing is written until this is awaited"]
pub struct WriteOptional<T, Out = Option<T>, Before = T> {
    pub(super) clauses: Clauses,
    read: Read<Out>,
    types: PhantomData<fn() -> (T, Before)>,
}

/// A complete write of any number of records, sent when awaited. It returns a `Vec` in the order of the ids.
///
/// The `Vec` is empty if the write touched no record. See [`Write`] for everything else.
#[must_use = "nothing is written until this is awaited"]
pub struct WriteMany<T, Out = Vec<T>, Before = T> {
    pub(super) clauses: Clauses,
    read: Read<Out>,
    types: PhantomData<fn() -> (T, Before)>,
}

/// Reads the result of the statement at an index.
type Read<Out> = fn(&Response, usize) -> Result<Out>;

/// The settings that every step of a write has. They change no type.
macro_rules! settings {
    ([$($generics:tt)*] $builder:ty: $($clauses:ident).+) => {
        impl<$($generics)*> $builder {
            /// Sets how long the server may work on the write. After that the write fails with
            /// [`Query`](crate::ErrorKind::Query), and nothing is written.
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.$($clauses).+.timeout(timeout);
                self
            }

            /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
            pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
                self.$($clauses).+.deadline(deadline);
                self
            }
        }

        impl<$($generics)*> std::fmt::Debug for $builder {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let name = stringify!($builder);
                write!(f, "{}({})", name.split('<').next().unwrap_or(name).trim(), self.$($clauses).+.statement())
            }
        }
    };
}

/// A complete write: a statement that can be awaited.
macro_rules! complete {
    ([$($generics:tt)*] $builder:ty: $($clauses:ident).+ => $output:ty) => {
        impl<$($generics)*> $builder {
            /// Returns the statement and the names bound to it, for logs. Never shows a value.
            pub fn to_surql(&self) -> String {
                $crate::query::statement::Statement::query(self).to_surql()
            }
        }

        impl<$($generics)*> $crate::query::statement::Statement for $builder {
            type Output = $output;

            fn call(&self) -> &$crate::query::statement::Call {
                &self.$($clauses).+.call
            }

            fn operation(&self) -> $crate::protocol::Operation {
                self.$($clauses).+.operation()
            }

            fn surql(&self) -> $crate::query::Fragment {
                self.$($clauses).+.surql()
            }

            fn read(&self, response: &$crate::query::Response, index: usize) -> $crate::error::Result<Self::Output> {
                self.result(response, index)
            }

            fn missing(&self) -> Option<$crate::error::Error> {
                self.$($clauses).+.missing()
            }
        }

        impl<$($generics)*> IntoFuture for $builder {
            type Output = $crate::error::Result<$output>;
            type IntoFuture = $crate::session::CallFuture<$output>;

            fn into_future(self) -> Self::IntoFuture {
                $crate::query::statement::send(self)
            }
        }
    };
}

pub(super) use {complete, settings};

settings! { [T, Out, Before] Write<T, Out, Before>: clauses }
settings! { [T, Out, Before] WriteOptional<T, Out, Before>: clauses }
settings! { [T, Out, Before] WriteMany<T, Out, Before>: clauses }

complete! { [T: 'static, Out: 'static, Before: 'static] Write<T, Out, Before>: clauses => Out }
complete! { [T: 'static, Out: 'static, Before: 'static] WriteOptional<T, Out, Before>: clauses => Out }
complete! { [T: 'static, Out: 'static, Before: 'static] WriteMany<T, Out, Before>: clauses => Out }

impl<T: DeserializeOwned, Before> Write<T, T, Before> {
    pub(in crate::query) fn new(clauses: Clauses) -> Self {
        Self { clauses: clauses.answer(Answer::One), read: first, types: PhantomData }
    }
}

impl<T, Out, Before> Write<T, Out, Before> {
    /// Returns `None` instead of an error if the server returns no record.
    pub fn optional(self) -> WriteOptional<T, Option<Out>, Before> {
        WriteOptional { clauses: self.clauses.answer(Answer::AtMostOne), read: self.read, types: PhantomData }
    }

    /// Returns the record as it was before the write: an `Option` if the write may create the record.
    pub fn return_before(self) -> Write<T, Before, Before>
    where
        Before: DeserializeOwned,
    {
        self.returning(Returns::Before, first)
    }

    /// Returns the changes of the record: all fields of a record that is created or deleted.
    pub fn return_diff(self) -> Write<T, Vec<PatchOp>, Before> {
        self.returning(Returns::Diff, first)
    }

    /// Returns nothing. It is still an error if there is no record.
    ///
    /// An identity that may write a record and not read it needs [`optional`](Self::optional) too: the server answers as
    /// if there were no record.
    pub fn return_none(self) -> Write<T, (), Before> {
        self.returning(Returns::Nothing, first_ignored)
    }

    fn returning<O>(self, returns: Returns, read: Read<Option<O>>) -> Write<T, O, Before> {
        Write { clauses: self.clauses.returns(returns), read, types: PhantomData }
    }

    pub(super) fn result(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(response, index)?.ok_or_else(|| self.clauses.no_record().with_statement(index))
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

    fn returning<O>(self, returns: Returns, read: Read<O>) -> WriteOptional<T, O, Before> {
        WriteOptional { clauses: self.clauses.returns(returns), read, types: PhantomData }
    }

    fn result(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(response, index)
    }
}

impl<T: DeserializeOwned, Before> WriteMany<T, Vec<T>, Before> {
    pub(in crate::query) fn new(clauses: Clauses) -> Self {
        Self { clauses: clauses.answer(Answer::Many), read: rows, types: PhantomData }
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

    fn returning<O>(self, returns: Returns, read: Read<O>) -> WriteMany<T, O, Before> {
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
            /// See [`UpdateWithoutTarget::filter`].
            pub fn filter<C: IntoCondition<T>>(self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
                Self { clauses: self.clauses.filter(condition), ..self }
            }
        }
    )+};
}

filtered! { Write WriteOptional WriteMany }

macro_rules! untyped {
    ($($builder:ident $records:ty => $decoded:ty, $read:expr;)+) => {$(
        /// An untyped write.
        impl<Out> $builder<Value, Out> {
            /// Returns the records as they are after the write: the default, except for a delete.
            pub fn return_after(self) -> $builder<Value, $records> {
                self.returning(Returns::After, $read)
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

/// The only row, or `None`.
///
/// The server sends an array also for one record. `ONLY` is not used, because it cannot tell a missing record from one
/// that was missing before the write.
pub(super) fn first<Row: DeserializeOwned>(response: &Response, index: usize) -> Result<Option<Row>> {
    rows(response, index).map(|rows| rows.into_iter().next())
}

fn first_ignored(response: &Response, index: usize) -> Result<Option<()>> {
    first::<IgnoredAny>(response, index).map(|row| row.map(drop))
}

pub(super) fn rows<Row: DeserializeOwned>(response: &Response, index: usize) -> Result<Vec<Row>> {
    response.take(index)
}

fn rows_ignored(response: &Response, index: usize) -> Result<()> {
    rows::<IgnoredAny>(response, index).map(drop)
}
