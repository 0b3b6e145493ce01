//! Changes of a session's namespace and database.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Serialize, Serializer};

use super::change::{self, ChangeContext, SessionChange};
use super::state::{Selection, SessionInner};
use super::{CallFuture, info};
use crate::error::{Delivery, ErrorKind, Result};
use crate::protocol::Request;
use crate::value::Null;

/// A change of a session's namespace, database or both; see [`Session::use_ns`](super::Session::use_ns).
#[derive(Debug, Clone)]
#[must_use = "nothing is selected until this is awaited"]
pub struct Use {
    session: Arc<SessionInner>,
    request: UseRequest,
    deadline: Option<Duration>,
}

/// A change of the selected namespace and database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct UseRequest {
    pub(super) namespace: Choice,
    pub(super) database: Choice,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Choice {
    #[default]
    Keep,
    Unset,
    Select(String),
}

impl Use {
    pub(super) fn new(session: &Arc<SessionInner>, request: UseRequest) -> Self {
        Self { session: Arc::clone(session), request, deadline: None }
    }

    /// Selects this namespace instead.
    pub fn use_ns(mut self, namespace: impl Into<String>) -> Self {
        self.request.namespace = Choice::Select(namespace.into());
        self
    }

    /// Selects this database too.
    pub fn use_db(mut self, database: impl Into<String>) -> Self {
        self.request.database = Choice::Select(database.into());
        self
    }

    /// Leaves the database that was selected before.
    pub fn unset_db(mut self) -> Self {
        self.request.database = Choice::Unset;
        self
    }

    /// Sets how long the call may take; see [`SessionCall::deadline`](crate::SessionCall::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl IntoFuture for Use {
    type Output = Result<()>;
    type IntoFuture = CallFuture<()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { session, request, deadline } = self;
            change::apply(&session, request, session.client.deadline(deadline)).await
        })
    }
}

impl UseRequest {
    pub(super) fn namespace(name: String) -> Self {
        Self { namespace: Choice::Select(name), ..Self::default() }
    }

    pub(super) fn database(name: String) -> Self {
        Self { database: Choice::Select(name), ..Self::default() }
    }

    pub(super) fn without_namespace() -> Self {
        Self { namespace: Choice::Unset, database: Choice::Unset }
    }

    pub(super) fn without_database() -> Self {
        Self { database: Choice::Unset, ..Self::default() }
    }
}

/// As the method `use` has it: NONE leaves a name unchanged, NULL unsets it.
impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep => serializer.serialize_none(),
            Self::Unset => Null.serialize(serializer),
            Self::Select(name) => serializer.serialize_str(name),
        }
    }
}

impl SessionChange for UseRequest {
    type Output = ();

    fn request(&self, session: &SessionInner) -> Result<Request> {
        Ok(session.request("use").value(&self.namespace)?.value(&self.database)?.finish())
    }

    fn doubt(&self, session: &SessionInner) {
        session.confirmed().forget_selection();
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        let session = &context.session;
        let selection = reply.and_then(|reply| Selection::read(&reply));
        let Err(error) = selection.map(|selection| session.confirmed().select(selection)) else { return Ok(()) };
        // The server (3.3.5) selects the namespace first: when the database fails, the session may have moved already.
        if error.delivery() != Delivery::NotSent && !error.is_auth() {
            session.confirmed().forget_selection();
        }
        if error.delivery() == Delivery::Answered || error.kind() == ErrorKind::Protocol {
            info::settle_selection(session, context.deadline).await;
        }
        if error.server().is_some_and(|server| server.message() == NO_DATABASE) {
            return Err(error.in_context("the identity is bound to its database and cannot leave it"));
        }
        Err(error)
    }
}

/// The server's refusal to leave a database, for an identity that is bound to it.
const NO_DATABASE: &str = "You don't have permission to change to the  database";
