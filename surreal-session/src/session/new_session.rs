//! Opening sessions: new ones, and copies of others.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::auth::{AuthRequest, Credentials, IdentitySource, Token};
use super::change::{self, ChangeContext};
use super::selection::{Choice, UseRequest};
use super::state::{Confirmed, Identity, Role, SessionInner};
use super::variables::SetVariable;
use super::{CallFuture, Session, identity, info};
use crate::connection::{Cleanup, Client, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Request, SessionId};

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

    /// A session with the same identity, selection and variables as another one.
    fn like(client: Client, confirmed: Confirmed) -> Self {
        let identity = match confirmed.identity {
            // The second is refused before this is called.
            Identity::Anonymous | Identity::Unknown => None,
            Identity::Proved(source) => Some(Ok(source)),
        };
        // A token brings its own namespace and database with it, which the session may have left.
        let absent = if identity.is_some() { Choice::Unset } else { Choice::Keep };
        let choice = |name: Option<String>| name.map_or_else(|| absent.clone(), Choice::Select);
        let selected = confirmed.selection;
        let selection = UseRequest { namespace: choice(selected.namespace), database: choice(selected.database) };
        let variables = confirmed.variables.into_iter();
        let variables = variables.map(|(name, value)| SetVariable::encoded(name, value)).collect();
        Self { identity, selection, variables, ..Self::new(client) }
    }

    /// Signs the session in; see [`Session::signin`].
    pub fn signin(mut self, credentials: impl Credentials) -> Self {
        self.identity = Some(AuthRequest::signin(&credentials).map(IdentitySource::Credentials));
        self
    }

    /// Gives the session the identity of `token`; see [`Session::authenticate`].
    pub fn authenticate(mut self, token: impl Into<Token>) -> Self {
        self.identity = Some(Ok(IdentitySource::Token(token.into())));
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

    /// Opens the session with all its parts.
    async fn open(self, deadline: Deadline) -> Result<Session> {
        let variables = self.variables.into_iter().collect::<Result<Vec<_>>>()?;
        let identity = self.identity.transpose()?;
        let session = attach(&self.client, deadline).await?;
        let context = ChangeContext::new(&session, deadline);
        if let Some(source) = identity {
            identity::prove(source, &context).await?;
        }
        if self.selection != UseRequest::default() {
            context.carry_out(&self.selection).await?;
        }
        info::settle_selection(&session, deadline).await;
        for variable in variables {
            context.carry_out(&variable).await?;
        }
        Ok(Session::of(session))
    }
}

/// Opens a session with the confirmed state of another one.
pub(super) async fn fork(session: &Arc<SessionInner>, deadline: Deadline) -> Result<Session> {
    // In its turn, like a change: it comes whether or not this future is polled on.
    let confirmed = change::confirmed(session, deadline).await?;
    confirmed.check_known()?;
    NewSession::like(session.client.clone(), confirmed).open(deadline).await
}

/// Attaches a session. If the caller does not become its owner, it is detached.
async fn attach(client: &Client, deadline: Deadline) -> Result<Arc<SessionInner>> {
    let id = SessionId::random();
    let request = Request::attach(client.next_id(), id);
    // Dropped here: the connection task detaches what may have been attached.
    client.call(request, deadline, Cleanup::Detach(id)).await.map_err(|error| explain(client, error))?;
    Ok(Arc::new(SessionInner::new(client.clone(), id, Role::Attached)))
}

/// The server has no separate error for "too many sessions": it denies the method, as its capabilities would.
fn explain(client: &Client, error: Error) -> Error {
    let open = client.attached_sessions();
    if error.kind() != ErrorKind::NotAllowed || open == 0 {
        return error;
    }
    let message = format!(
        "too many sessions: the server refuses another one on this connection, which has {open} open and its default one \
         (the server's limit is 256 in all, unless SURREAL_WEBSOCKET_MAX_ATTACHED_SESSIONS is set)"
    );
    error.with_kind(ErrorKind::TooManySessions).with_message(message)
}

impl IntoFuture for NewSession {
    type Output = Result<Session>;
    type IntoFuture = CallFuture<Session>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let deadline = self.client.deadline(self.deadline);
            self.open(deadline).await
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
