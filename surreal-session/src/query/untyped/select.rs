//! SELECT without a model.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Operation, Target};
use crate::query::Response;
use crate::query::fragment::Fragment;
use crate::query::statement::{Call, Statement, send};
use crate::query::write::{After, Place, Shape, State};
use crate::session::{CallFuture, Scope};
use crate::value::Value;

/// Records to be read when awaited, as [`Value`]s or as what [`decode`](Self::decode) says.
///
/// A table or a range gives a `Vec` in the order of the ids, empty if there are no records or the identity may not see
/// them; a record id gives an `Option`.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if the table does not exist (server 3.3.5);
/// [`Decode`](crate::ErrorKind::Decode) if a record does not fit the type asked for.
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
#[must_use = "nothing is read until this is awaited"]
pub struct Select<S, T = Value> {
    call: Call,
    place: Place,
    timeout: Option<Duration>,
    state: State<(S, T)>,
}

impl<S> Select<S> {
    pub(super) fn new(scope: Scope, place: Place) -> Self {
        Self { call: Call::new(scope), place, timeout: None, state: PhantomData }
    }

    /// Gives the records as `T`.
    pub fn decode<T: DeserializeOwned + 'static>(self) -> Select<S, T> {
        Select { call: self.call, place: self.place, timeout: self.timeout, state: PhantomData }
    }
}

impl<S: Shape, T: DeserializeOwned + 'static> Select<S, T> {
    /// Sets how long the server may work on it; then it fails with [`Query`](crate::ErrorKind::Query).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.call.deadline = Some(deadline);
        self
    }

    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<S: Shape, T: DeserializeOwned + 'static> Statement for Select<S, T> {
    type Output = <S::Perhaps as Shape>::Output<After<T>>;

    fn call(&self) -> &Call {
        &self.call
    }

    fn operation(&self) -> Operation {
        Operation::statement("select", Target::shown(self.place.subject.clone()))
    }

    fn surql(&self) -> Fragment {
        Fragment::new("SELECT * FROM ").then(self.place.target.clone()).timeout(self.timeout)
    }

    fn read(&self, response: &Response, index: usize) -> Result<Self::Output> {
        let missing = || Error::new(ErrorKind::NotFound, "no such record").answered();
        S::Perhaps::read::<After<T>>(response, index, missing)
    }
}

impl<S: Shape, T: DeserializeOwned + 'static> IntoFuture for Select<S, T> {
    type Output = Result<<S::Perhaps as Shape>::Output<After<T>>>;
    type IntoFuture = CallFuture<<S::Perhaps as Shape>::Output<After<T>>>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<S, T> fmt::Debug for Select<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select").field("target", &self.place.subject).finish_non_exhaustive()
    }
}
