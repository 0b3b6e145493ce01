//! Changes of a session's variables, SurrealQL's `$name`.

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

/// The value of a variable, if it is set.
pub(super) fn value<T: DeserializeOwned>(variables: &Variables, name: &str) -> Result<Option<T>> {
    let Some(value) = variables.0.get(name) else { return Ok(None) };
    codec::decode(value).map(Some).map_err(|error| cannot_decode(name, &error))
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
