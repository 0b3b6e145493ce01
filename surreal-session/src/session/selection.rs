//! Changes of a session's namespace and database.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize, Serializer};
use tracing::debug;

use super::change::{self, ChangeContext, SessionChange};
use super::state::SessionInner;
use super::{CallFuture, Session, info};
use crate::codec;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::Request;
use crate::value::Null;

/// A change of a session's namespace, database or both; see [`Session::use_ns`].
#[derive(Debug, Clone)]
#[must_use = "nothing is selected until this is awaited"]
pub struct Use {
    session: Session,
    request: UseRequest,
    deadline: Option<Duration>,
}

/// The selected namespace and database of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Selection {
    pub(super) namespace: Option<String>,
    pub(super) database: Option<String>,
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
    pub(super) fn new(session: &Session, request: UseRequest) -> Self {
        Self { session: session.clone(), request, deadline: None }
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
            let inner = session.inner();
            change::apply(inner, request, inner.client.deadline(deadline)).await
        })
    }
}

impl Selection {
    pub(super) fn read(reply: &[u8]) -> Result<Self> {
        let unreadable = "the reply to `use` names no namespace and database";
        codec::decode(reply).map_err(|error| Error::protocol(unreadable).with_source(error))
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
        let Err(error) = selection.map(|selection| confirm(session, selection)) else { return Ok(()) };
        // The server (3.3.5) selects the namespace first: when the database fails, the session may have moved already.
        if error.delivery() != Delivery::NotSent && !error.is_auth() {
            session.confirmed().forget_selection();
        }
        if error.delivery() == Delivery::Answered || error.kind() == ErrorKind::Protocol {
            settle(context).await;
        }
        if error.server().is_some_and(|server| server.message() == NO_DATABASE) {
            return Err(error.in_context("the identity is bound to its database and cannot leave it"));
        }
        Err(error)
    }
}

/// Asks the server for the selection, if it is not known.
///
/// A failure does not fail the change: the next one asks again.
pub(super) async fn settle(context: &ChangeContext) {
    if !context.session.confirmed().is_moved {
        return;
    }
    if let Err(error) = refresh(context).await {
        debug!(%error, session = %context.session.id, "the namespace and database of the session are not known");
    }
}

/// Asks the server for the selection.
pub(super) async fn refresh(context: &ChangeContext) -> Result<()> {
    let selection = info::selection(context).await?;
    confirm(&context.session, selection);
    Ok(())
}

fn confirm(session: &SessionInner, selection: Selection) {
    let mut confirmed = session.confirmed();
    (confirmed.selection, confirmed.is_moved) = (selection, false);
}

/// The server's refusal to leave a database, for an identity that is bound to it.
const NO_DATABASE: &str = "You don't have permission to change to the  database";
