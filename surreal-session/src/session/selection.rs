//! Changes of a session's namespace and database.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::change::{self, SessionChange};
use super::recipe::{Choice, Selection, UseRequest};
use super::state::SessionInner;
use super::turn::ChangeContext;
use super::{CallFuture, info};
use crate::connection::Patience;
use crate::error::{Delivery, ErrorKind, Result};
use crate::protocol::Request;

/// A change of a session's namespace, database or both; see [`Session::use_ns`](super::Session::use_ns).
#[derive(Debug, Clone)]
#[must_use = "nothing is selected until this is awaited"]
pub struct Use {
    session: Arc<SessionInner>,
    request: UseRequest,
    deadline: Patience,
}

impl Use {
    pub(super) fn new(session: &Arc<SessionInner>, request: UseRequest) -> Self {
        Self { session: Arc::clone(session), request, deadline: Patience::default() }
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
        self.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.deadline.fail_fast();
        self
    }
}

impl IntoFuture for Use {
    type Output = Result<()>;
    type IntoFuture = CallFuture<()>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { session, request, deadline } = self;
            let watch = session.watch(|| "use".into());
            watch.observe(change::apply(&session, request, session.client.deadline(deadline))).await
        })
    }
}

impl SessionChange for UseRequest {
    type Output = ();

    /// It makes a namespace or database that does not exist, as others may do at the same time.
    const MAY_CONFLICT: bool = true;

    async fn check(&self, context: &ChangeContext) -> Result<()> {
        let ChangeContext { session, deadline } = context;
        let Some(facts) = session.facts() else { return Ok(()) };
        let lease = session.ready(*deadline, &"use".into()).await?;
        self.check_place(&facts.identity, lease.link(), *deadline).await
    }

    fn request(&self, session: &SessionInner) -> Result<Request> {
        self.write(session.request("use"))
    }

    fn doubt(&self, session: &SessionInner) {
        session.confirmed().doubts.selection = true;
    }

    async fn conclude(&self, context: &ChangeContext, reply: Result<Bytes>) -> Result<()> {
        let session = &context.session;
        let error = match reply.and_then(|reply| Selection::read(&reply)) {
            Ok(selection) => {
                session.change_recipe(|confirmed| confirmed.select(selection));
                return Ok(());
            }
            Err(error) => error,
        };
        // The server (3.3.5) selects the namespace first: when the database fails, the session may have moved already.
        let is_lost = error.kind() == ErrorKind::Disconnected;
        if error.delivery() != Delivery::NotSent && !error.is_auth() && !is_lost {
            session.confirmed().doubts.selection = true;
        }
        if error.delivery() == Delivery::Answered || error.kind() == ErrorKind::Protocol {
            info::settle_selection(session, context.deadline).await;
        }
        Err(Self::explain(error))
    }
}
