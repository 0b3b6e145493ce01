//! Opening a session, ready to use in one expression.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use super::attempt::Attempt;
use super::auth::{Authenticate, Prove};
use super::change::Change;
use super::namespace::{Part, Place};
use super::state::{Identity, State};
use super::variables::{Set, encode};
use super::{CallFuture, Credentials, Session, Token, check_name, namespace};
use crate::connection::{Client, Deadline};
use crate::error::Result;

/// A session to be opened; see [`Surreal::new_session`](super::Surreal::new_session).
///
/// Whatever the order of the calls, the session is attached, then signed in, then given its namespace and database,
/// then its variables: each may need the one before. If any of it fails, the session is detached and the error is
/// the result.
///
/// # Cancel safety
///
/// Dropping the future detaches what was attached.
#[must_use = "a session is opened when this is awaited"]
pub struct NewSession {
    client: Client,
    identity: Option<Proof>,
    place: Place,
    variables: Vec<(String, Result<Bytes>)>,
}

/// How a new session becomes somebody.
pub(super) enum Proof {
    Credentials(Result<Attempt>),
    Token(Token),
}

impl NewSession {
    pub(super) fn new(client: Client) -> Self {
        Self { client, identity: None, place: Place::default(), variables: Vec::new() }
    }

    /// A session like the one that `state` describes.
    pub(super) fn like(client: Client, state: State) -> Self {
        let identity = match state.identity {
            // The second is refused before this is called.
            Identity::Anonymous | Identity::Unknown => None,
            Identity::Token(token) => Some(Proof::Token(token)),
            Identity::Credentials(attempt) => Some(Proof::Credentials(Ok(attempt))),
        };
        // A token brings its own namespace and database with it, which the session may have left.
        let absent = if identity.is_some() { Part::Unset } else { Part::Keep };
        let part = |name: Option<String>| name.map_or_else(|| absent.clone(), Part::Select);
        let place = Place { namespace: part(state.selected.namespace), database: part(state.selected.database) };
        let variables = state.variables.into_iter().map(|(name, value)| (name, Ok(value))).collect();
        Self { client, identity, place, variables }
    }

    /// Signs the session in; see [`Session::signin`].
    pub fn signin(mut self, credentials: impl Credentials) -> Self {
        self.identity = Some(Proof::Credentials(Attempt::signin(&credentials)));
        self
    }

    /// Makes the session the identity that `token` stands for; see [`Session::authenticate`].
    pub fn authenticate(mut self, token: impl Into<Token>) -> Self {
        self.identity = Some(Proof::Token(token.into()));
        self
    }

    /// Selects a namespace; see [`Session::use_ns`].
    pub fn use_ns(mut self, namespace: impl Into<String>) -> Self {
        self.place.namespace = Part::Select(namespace.into());
        self
    }

    /// Selects a database; see [`Session::use_db`].
    pub fn use_db(mut self, database: impl Into<String>) -> Self {
        self.place.database = Part::Select(database.into());
        self
    }

    /// Gives a variable a value, whose type is not checked; see [`Session::set`].
    pub fn set(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.variables.push((name.into(), encode(&value)));
        self
    }

    async fn open(self) -> Result<Session> {
        let deadline = self.client.deadline(None);
        self.open_within(deadline).await
    }

    /// Opens the session with all that belongs to it by one deadline.
    pub(super) async fn open_within(self, deadline: Deadline) -> Result<Session> {
        self.variables.iter().try_for_each(|(name, _)| check_name(name))?;
        let session = Session::attach(&self.client, deadline).await?;
        let change = Change::new(&session.shared, deadline);
        match self.identity {
            Some(Proof::Credentials(attempt)) => drop(change.carry_out(&Prove(attempt?)).await?),
            Some(Proof::Token(token)) => change.carry_out(&Authenticate::new(token)?).await?,
            None => {}
        }
        if self.place != Place::default() {
            change.carry_out(&self.place).await?;
        }
        namespace::settle(&change).await;
        for (name, value) in self.variables {
            change.carry_out(&Set { name, value: value? }).await?;
        }
        Ok(session)
    }
}

impl IntoFuture for NewSession {
    type Output = Result<Session>;
    type IntoFuture = CallFuture<Session>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

/// Without credentials and the values of variables.
impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.iter().map(|(name, _)| name).collect();
        let mut debug = f.debug_struct("NewSession");
        debug.field("place", &self.place).field("variables", &names).finish_non_exhaustive()
    }
}
