//! Changes of a session's variables, SurrealQL's `$name`.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::change::{SessionChange, is_unknown};
use super::recipe::Variables;
use super::state::SessionInner;
use super::turn::ChangeContext;
use crate::codec::{self, DecodeError};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Request, check_name};

/// The variables of a session, SurrealQL's `$name`, as the server last confirmed them.
///
/// Returned by [`Session::variables`](crate::Session::variables). The values may be secrets: the `Debug` form shows only the
/// names.
///
/// # Examples
///
/// ```
/// # surreal_session_embedded::example(async |session| {
/// session.set("tenant", "acme").await?;
/// let variables = session.variables();
/// assert_eq!(variables.names().collect::<Vec<_>>(), ["tenant"]);
/// assert_eq!(variables.get::<String>("tenant")?.as_deref(), Some("acme"));
/// assert_eq!(variables.get::<String>("other")?, None);
/// # Ok(()) });
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SessionVariables(BTreeMap<String, Bytes>);

impl SessionVariables {
    pub(super) fn new(variables: &Variables) -> Self {
        Self(variables.0.clone())
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the value of a variable, or `None` if it is not set.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode) if the value does not fit `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let value = codec::decode(value).map_err(|error| cannot_decode(name, &error))?;
        Ok(Some(value))
    }

    /// Returns whether the variable is set.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the number of variables.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether no variable is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The names.
impl fmt::Debug for SessionVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

fn cannot_decode(name: &str, error: &DecodeError) -> Error {
    Error::new(ErrorKind::Decode, format!("cannot decode `${name}`: {error}"))
}

/// Sets a variable.
pub(super) struct SetVariable {
    name: String,
    value: Bytes,
}

/// Removes a variable.
pub(super) struct UnsetVariable {
    name: String,
}

impl SetVariable {
    /// Encodes the value, and checks the name.
    pub(super) fn new(name: String, value: &impl Serialize) -> Result<Self> {
        let value = codec::encode(value)?;
        check_name(&name)?;
        Ok(Self { name, value })
    }

    pub(super) fn into_pair(self) -> (String, Bytes) {
        (self.name, self.value)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl UnsetVariable {
    pub(super) fn new(name: String) -> Result<Self> {
        check_name(&name)?;
        Ok(Self { name })
    }
}

impl SessionChange for SetVariable {
    type Output = ();

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(session.request("set").text(&self.name).raw(&self.value).finish())
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        conclude(context, &self.name, Some(&self.value), reply)
    }
}

impl SessionChange for UnsetVariable {
    type Output = ();

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(session.request("unset").text(&self.name).finish())
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        conclude(context, &self.name, None, reply)
    }
}

fn conclude(context: &ChangeContext, name: &str, value: Option<&Bytes>, reply: Result<Bytes>) -> Result<()> {
    let session = &context.session;
    if is_unknown(&reply) {
        session.confirmed().doubts.variables.insert(name.to_owned());
    }
    reply?;
    session.change_recipe(|confirmed| {
        confirmed.doubts.variables.remove(name);
        match value {
            Some(value) => confirmed.recipe.variables.0.insert(name.to_owned(), value.clone()),
            None => confirmed.recipe.variables.0.remove(name),
        };
    });
    Ok(())
}
