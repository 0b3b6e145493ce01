//! The variables of a session, SurrealQL's `$name`.

use bytes::Bytes;
use serde::Serialize;

use super::change::{Alter, Change, is_unknown};
use super::{CallFuture, Scope, Session, check_name};
use crate::codec;
use crate::error::Result;
use crate::protocol::Request;

impl Session {
    /// Gives the session's variable `$name` a value, for every later query of this session and of no other.
    ///
    /// The value is encoded when this is called. NONE removes the variable.
    ///
    /// The type of the value is not checked. Types of chrono, time, jiff, uuid and `rust_decimal` and `std::time::Duration` are
    /// sent as serde writes them, a time as text: convert them first, as in `Datetime::from(time)`.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a name that cannot be a variable, is the server's own
    /// (`access`, `auth`, `token`, `session`), or means something else in places of SurrealQL, where it would hide the
    /// variable (`this`, `parent`, `value`, `input`, `before`, `after`, `event`).
    /// [`Encode`](crate::ErrorKind::Encode) for a value that cannot be sent.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use surreal_session::prelude::*;
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// session.set("limits", [10, 20]).await?;
    /// let limits: Vec<i64> = session.query("RETURN $limits").await?.take(0)?;
    /// assert_eq!(limits, [10, 20]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set(&self, name: impl Into<String>, value: impl Serialize) -> CallFuture<()> {
        let (name, value) = (name.into(), encode(&value));
        let session = self.clone();
        Box::pin(async move {
            let value = value?;
            check_name(&name)?;
            session.change(Set { name, value }).await
        })
    }

    /// Removes the session's variable `$name`; one that is not there is no error.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a name that cannot be a variable.
    ///
    /// # Cancel safety
    ///
    /// See [`Session`].
    pub async fn unset(&self, name: impl Into<String>) -> Result<()> {
        let name = name.into();
        check_name(&name)?;
        self.change(Unset { name }).await
    }
}

/// Sets a variable to a value that is encoded already. The name has been checked.
pub(super) struct Set {
    pub(super) name: String,
    pub(super) value: Bytes,
}

struct Unset {
    name: String,
}

impl Alter for Set {
    type Output = ();

    fn request(&self, scope: &Scope) -> Result<Request> {
        Ok(scope.request("set").text(&self.name).raw(&self.value).finish())
    }

    async fn conclude(&self, change: &Change, reply: Result<Bytes>) -> Result<()> {
        conclude(change, &self.name, Some(&self.value), reply)
    }
}

impl Alter for Unset {
    type Output = ();

    fn request(&self, scope: &Scope) -> Result<Request> {
        Ok(scope.request("unset").text(&self.name).finish())
    }

    async fn conclude(&self, change: &Change, reply: Result<Bytes>) -> Result<()> {
        conclude(change, &self.name, None, reply)
    }
}

fn conclude(change: &Change, name: &str, value: Option<&Bytes>, reply: Result<Bytes>) -> Result<()> {
    let mut state = change.shared.state();
    if is_unknown(&reply) {
        state.doubted.insert(name.to_owned());
    }
    reply?;
    state.doubted.remove(name);
    match value {
        Some(value) => state.variables.insert(name.to_owned(), value.clone()),
        None => state.variables.remove(name),
    };
    Ok(())
}

pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes> {
    Ok(codec::encode(value)?)
}
