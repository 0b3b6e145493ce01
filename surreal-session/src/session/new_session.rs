//! Opening sessions: new ones, and copies of others.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::auth::{AuthRequest, Credentials, IdentitySource, Token};
use super::change;
use super::recipe::{Choice, Choices, Confirmed, Doubts, Identity, Recipe, UseRequest, Variables};
use super::state::{Role, SessionInner};
use super::variables::SetVariable;
use super::{CallFuture, Session};
use crate::connection::{Client, Deadline};
use crate::error::Result;

/// A session to be opened; see [`Surreal::new_session`](crate::Surreal::new_session).
///
/// Whatever the order of the calls, the session is attached, then signed in, then given its namespace and database,
/// then its variables: each may need the one before. If any of it fails, the session is detached and the error is
/// the result.
///
/// # Cancel safety
///
/// Dropping the future detaches the session.
#[must_use = "a session is opened when this is awaited"]
pub struct NewSession {
    client: Client,
    deadline: Option<Duration>,
    identity: Option<Result<IdentitySource>>,
    selection: UseRequest,
    variables: Vec<Result<SetVariable>>,
}

impl NewSession {
    pub(super) fn new(client: Client) -> Self {
        Self { client, deadline: None, identity: None, selection: UseRequest::default(), variables: Vec::new() }
    }

    /// Signs the session in; see [`Session::signin`].
    pub fn signin(mut self, credentials: impl Credentials) -> Self {
        self.identity = Some(AuthRequest::signin(&credentials).map(IdentitySource::of_credentials));
        self
    }

    /// Gives the session the identity of `token`; see [`Session::authenticate`].
    pub fn authenticate(mut self, token: impl Into<Token>) -> Self {
        self.identity = Some(Ok(IdentitySource::of_token(token.into())));
        self
    }

    /// Selects a namespace; see [`Session::use_ns`].
    pub fn use_ns(mut self, namespace: impl Into<String>) -> Self {
        self.selection.namespace = Choice::Select(namespace.into());
        self
    }

    /// Selects a database; see [`Session::use_db`].
    pub fn use_db(mut self, database: impl Into<String>) -> Self {
        self.selection.database = Choice::Select(database.into());
        self
    }

    /// Sets a variable, without a check of the value's type; see [`Session::set`].
    pub fn set(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.variables.push(SetVariable::new(name.into(), &value));
        self
    }

    /// Sets how long all requests together may take, by default as long as
    /// [`Connect::deadline`](crate::Connect::deadline) says.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    fn recipe(self) -> Result<Recipe> {
        let variables = self.variables.into_iter().map(|variable| Ok(variable?.into_pair()));
        let variables = Variables(variables.collect::<Result<_>>()?);
        let identity = self.identity.transpose()?.map_or(Identity::Anonymous, Identity::Proved);
        Ok(Recipe { identity, selection: Choices::Wanted(self.selection), variables })
    }
}

/// Opens a session with the confirmed state of another one.
pub(super) async fn fork(session: &Arc<SessionInner>, deadline: Deadline) -> Result<Session> {
    // In its turn, like a change: it comes whether or not this future is polled on.
    let confirmed = change::confirmed(session, deadline).await?;
    confirmed.check_known()?;
    open(&session.client, Confirmed { doubts: Doubts::default(), version: 0, ..confirmed }, deadline).await
}

/// Makes a session. If the caller does not become its owner, it is detached.
async fn open(client: &Client, confirmed: Confirmed, deadline: Deadline) -> Result<Session> {
    let session = Arc::new(SessionInner::new(client.clone(), Role::Attached, confirmed));
    session.ready(deadline, &"attach".into()).await?;
    Ok(Session::of(session))
}

impl IntoFuture for NewSession {
    type Output = Result<Session>;
    type IntoFuture = CallFuture<Session>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (client, deadline) = (self.client.clone(), self.client.deadline(self.deadline));
            let confirmed = Confirmed { recipe: self.recipe()?, ..Confirmed::default() };
            open(&client, confirmed, deadline).await
        })
    }
}

/// Without credentials and the values of variables.
impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.iter().flatten().map(SetVariable::name).collect();
        let mut debug = f.debug_struct("NewSession");
        debug.field("selection", &self.selection).field("variables", &names).finish_non_exhaustive()
    }
}
