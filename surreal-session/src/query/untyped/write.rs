//! CREATE, UPDATE, UPSERT and DELETE without a model.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::protocol::Operation;
use crate::query::fragment::Fragment;
use crate::query::lacking::lacking;
use crate::query::statement::{Call, Statement, send};
use crate::query::write::{
    After, Before, Complete, Diff, Filled, HasData, Many, MayHaveContent, NeedsData, Nothing, Parts, Place, Returning,
    ReturningRecords, Shape, Single, SingleOrNone, State, Verb,
};
use crate::query::{PatchOp, Response};
use crate::session::{CallFuture, Scope};
use crate::value::Value;

/// Records to be created, updated, upserted or deleted when awaited.
///
/// It gives back the records as they are afterwards, and of a delete as they were before, as [`Value`]s or as what
/// [`decode`](Self::decode) says: one for a record id and for whatever makes a record, a `Vec` for a table or a range.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if one record is meant and none came back, because it does not exist or the
/// identity may not write or not read it, unless [`optional`](Write::optional); the same for an update or delete in a
/// table that does not exist (server 3.3.5). [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for a create with an id
/// that is taken. [`Encode`](crate::ErrorKind::Encode) for data that cannot be sent, and
/// [`Validation`](crate::ErrorKind::Validation) for data that is not an object. Otherwise what the schema refuses.
///
/// # Cancel safety
///
/// See [`CallFuture`]. Repeating a dropped create in a [`Table`](crate::value::Table) may make a second record.
#[must_use = "nothing is written until this is awaited"]
pub struct Write<S, D, R = After<Value>> {
    parts: Parts,
    state: State<(S, D, R)>,
}

impl<S, D, R> Write<S, D, R> {
    pub(super) fn new(scope: Scope, verb: Verb, place: Place) -> Self {
        Self { parts: Parts::new(scope, verb, place), state: PhantomData }
    }

    /// Sets how long the server may work on it; then it fails with [`Query`](crate::ErrorKind::Query), and nothing is
    /// written.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.parts.timeout = Some(timeout);
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.parts.call.deadline = Some(deadline);
        self
    }

    /// Gives the records back as they are afterwards, which is what a write does unless it deletes.
    pub fn return_after(self) -> Write<S, D, After<Value>> {
        self.becoming()
    }

    /// Gives the records back as they were before; one that was not there is NONE.
    pub fn return_before(self) -> Write<S, D, Before<Value>> {
        self.becoming()
    }

    /// Gives back what changed in each record.
    pub fn return_diff(self) -> Write<S, D, Diff> {
        self.becoming()
    }

    /// Gives nothing back. That one record that is meant was written is checked all the same.
    pub fn return_none(self) -> Write<S, D, Nothing> {
        self.becoming()
    }

    fn data(mut self, data: Fragment) -> Write<S, HasData, R> {
        self.parts.data = Some(data);
        self.becoming()
    }

    fn becoming<S2, D2, R2>(self) -> Write<S2, D2, R2> {
        Write { parts: self.parts, state: PhantomData }
    }
}

impl<S, D, R: ReturningRecords> Write<S, D, R> {
    /// Gives the records as `T`.
    pub fn decode<T: DeserializeOwned + 'static>(self) -> Write<S, D, R::As<T>> {
        self.becoming()
    }
}

impl<D, R> Write<Single, D, R> {
    /// Takes it that there may be no such record: gives an `Option`.
    pub fn optional(self) -> Write<SingleOrNone, D, R> {
        self.becoming()
    }
}

impl<S, R> Write<S, MayHaveContent, R> {
    /// Gives the record this content.
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn content(self, content: impl Serialize) -> Write<S, HasData, R> {
        self.data(Fragment::new("CONTENT ").value(&content))
    }
}

impl<S, R> Write<S, NeedsData, R> {
    /// Makes this the whole content of the record. Fields that are read-only keep their value if they are left out.
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn content(self, content: impl Serialize) -> Write<S, HasData, R> {
        self.data(Fragment::new("CONTENT ").value(&content))
    }

    /// Makes this the whole content of the record, with its read-only fields: leaving one out is an error.
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn replace(self, content: impl Serialize) -> Write<S, HasData, R> {
        self.data(Fragment::new("REPLACE ").value(&content))
    }

    /// Changes the fields that are in this object, at any depth, and leaves the others as they are. A field that is NONE
    /// is removed.
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn merge(self, changes: impl Serialize) -> Write<S, HasData, R> {
        self.data(Fragment::new("MERGE ").value(&changes))
    }

    /// Applies changes one after the other; all of them or none.
    pub fn patch(self, ops: impl IntoIterator<Item = PatchOp>) -> Write<S, HasData, R> {
        let ops: Vec<PatchOp> = ops.into_iter().collect();
        self.data(Fragment::new("PATCH ").value(&ops))
    }
}

impl<S: Shape, D: Complete, R: Returning> Write<S, D, R> {
    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<S: Shape, D: Complete, R: Returning> Statement for Write<S, D, R> {
    type Output = S::Output<R>;

    fn call(&self) -> &Call {
        &self.parts.call
    }

    fn operation(&self) -> Operation {
        self.parts.operation()
    }

    fn surql(&self) -> Fragment {
        self.parts.surql::<S, R>()
    }

    fn read(&self, response: &Response, index: usize) -> Result<Self::Output> {
        self.parts.read::<S, R>(response, index)
    }

    fn missing(&self) -> Option<Error> {
        self.parts.missing::<S>()
    }
}

macro_rules! awaited {
    ($($shape:ident: $($data:ident)+;)+) => {$(
        $(
            impl<R: Returning> IntoFuture for Write<$shape, $data, R> {
                type Output = Result<<$shape as Shape>::Output<R>>;
                type IntoFuture = CallFuture<<$shape as Shape>::Output<R>>;

                fn into_future(self) -> Self::IntoFuture {
                    send(self)
                }
            }
        )+

        lacking! { [R: Returning] Write<$shape, NeedsData, R>: NeedsData, Filled<R> => <$shape as Shape>::Output<R> }
    )+};
}

awaited! {
    Single: HasData MayHaveContent;
    SingleOrNone: HasData MayHaveContent;
    Many: HasData;
}

impl<S, D, R> fmt::Debug for Write<S, D, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Write({})", self.parts.clauses())
    }
}
