//! SurrealQL text whose results are not needed.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::Query;
use super::statement::apply_if;
use crate::error::Result;
use crate::session::CallFuture;

/// SurrealQL text to run for its effect: awaiting it returns `()`, or the error of the first statement that failed.
///
/// Made by [`Queryable::execute`](crate::Queryable::execute).
///
/// # Errors
///
/// Those of [`Query`], and the first failed statement, as by [`Response::check`](crate::Response::check).
///
/// # Cancel safety
///
/// See [`CallFuture`].
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// # surreal_session_embedded::example(async |session| {
/// session.execute("DEFINE TABLE user; CREATE user:ada SET age = $age").bind("age", 36).await?;
///
/// let error = session.execute("CREATE user:bob; CREATE user:ada").await.unwrap_err();
/// assert_eq!((error.is_already_exists(), error.statement()), (true, Some(1)));
/// # Ok(()) });
/// ```
#[must_use = "the text runs when this is awaited"]
pub struct Execute(Query);

impl Execute {
    pub(super) fn new(query: Query) -> Self {
        Self(query)
    }

    /// Binds `value` to `$name`; see [`Query::bind`].
    pub fn bind(self, name: impl AsRef<str>, value: impl Serialize) -> Self {
        Self(self.0.bind(name, value))
    }

    /// Binds each field of a struct, or each entry of a map; see [`Query::bind_all`].
    pub fn bind_all(self, values: impl Serialize) -> Self {
        Self(self.0.bind_all(values))
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`].
    pub fn deadline(self, deadline: Duration) -> Self {
        Self(self.0.deadline(deadline))
    }

    /// Fails at once if there is no socket; see [`Query::fail_fast`].
    pub fn fail_fast(self) -> Self {
        Self(self.0.fail_fast())
    }

    apply_if! {}

    /// Returns the text and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.0.to_surql()
    }
}

impl IntoFuture for Execute {
    type Output = Result<()>;
    type IntoFuture = CallFuture<()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let watch = self.0.watch();
            watch.observe(async move { self.0.run().await?.check().map(drop) }).await
        })
    }
}

impl fmt::Debug for Execute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Execute").field(&self.to_surql()).finish()
    }
}
