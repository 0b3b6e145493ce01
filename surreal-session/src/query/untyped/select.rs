//! SELECT without a model.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::protocol::Operation;
use crate::query::statement::{Call, Fragment, Statement, send};
use crate::query::write::{Records, first, rows};
use crate::query::{Response, Scope};
use crate::session::CallFuture;
use crate::value::Value;

/// Records to read when awaited, as [`Value`]s or as the type that [`decode`](UntypedSelect::decode) names.
///
/// A table or a range returns a `Vec` in the order of the ids; it is empty if there are no records or the identity may not
/// see them. A record id returns an `Option`.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) if the table does not exist (server 3.3.5);
/// [`Decode`](crate::ErrorKind::Decode) if a record does not fit the type.
///
/// # Cancel safety
///
/// See [`CallFuture`]; it only reads.
#[must_use = "nothing is read until this is awaited"]
pub struct UntypedSelect<Out> {
    call: Call,
    records: Records,
    timeout: Option<Duration>,
    read: fn(&Response, usize) -> Result<Out>,
}

macro_rules! selects {
    ($($records:ty => $decoded:ty, $read:expr;)+) => {$(
        impl UntypedSelect<$records> {
            pub(super) fn new(scope: Scope, records: Records) -> Self {
                Self { call: Call::new(scope), records, timeout: None, read: $read }
            }

            /// Returns records of type `T`.
            pub fn decode<T: DeserializeOwned>(self) -> UntypedSelect<$decoded> {
                UntypedSelect { call: self.call, records: self.records, timeout: self.timeout, read: $read }
            }
        }
    )+};
}

selects! {
    Vec<Value> => Vec<T>, rows;
    Option<Value> => Option<T>, first;
}

impl<Out: 'static> UntypedSelect<Out> {
    /// Sets how long the server may work on it; then it fails with [`Query`](crate::ErrorKind::Query).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.call.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.call.deadline.fail_fast();
        self
    }

    /// Returns the statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<Out: 'static> Statement for UntypedSelect<Out> {
    type Output = Out;

    fn call(&self) -> &Call {
        &self.call
    }

    fn operation(&self) -> Operation {
        Operation::statement("select", self.records.name.clone())
    }

    fn surql(&self) -> Fragment {
        Fragment::new("SELECT * FROM ").then(self.records.surql.clone()).timeout(self.timeout)
    }

    fn read(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(response, index)
    }
}

impl<Out: 'static> IntoFuture for UntypedSelect<Out> {
    type Output = Result<Out>;
    type IntoFuture = CallFuture<Out>;

    fn into_future(self) -> Self::IntoFuture {
        send(self)
    }
}

impl<Out> fmt::Debug for UntypedSelect<Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntypedSelect").field("target", &self.records.name).finish_non_exhaustive()
    }
}
