//! The one walk that makes a session on a link: a new session, a copy of another one, and one whose link was lost.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::try_join_all;
use tokio::sync::watch;
use tracing::{Instrument, debug, debug_span};

use super::auth::{Facts, IdentitySource};
use super::proof::Proof;
use super::recipe::{Choices, Confirmed, Doubts, Identity, Selection, UseRequest};
use super::renewal;
use super::standing::Standing;
use super::state::SessionInner;
use crate::connection::{Cleanup, ConnectionEvent, Deadline, Lease, Retry};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::Request;

/// What the server has confirmed about a session that was made.
#[derive(Debug)]
struct Made {
    facts: Option<Facts>,
    selection: Option<Selection>,
}

/// The making of one session on one link.
#[derive(Debug, Clone, Copy)]
struct Walk<'a> {
    session: &'a SessionInner,
    lease: &'a Lease,
    deadline: Deadline,
}

/// Makes a session on a link in the background, and notes where it stands.
pub(super) fn begin(
    session: &Arc<SessionInner>,
    lease: Arc<Lease>,
    deadline: Deadline,
    done: watch::Sender<Option<Result<()>>>,
) {
    let session = Arc::clone(session);
    let (client, id) = (session.client.clone(), session.id);
    let deadline = client.own_deadline(deadline);
    let work = async move {
        let outcome = make(&session, &lease, deadline).await;
        let outcome = settle(&session, lease, outcome).await;
        done.send_replace(Some(outcome));
    };
    client.spawn(work.instrument(debug_span!("restore", session = %id)));
}

/// Makes the session until no change has come in between.
async fn make(session: &Arc<SessionInner>, lease: &Lease, deadline: Deadline) -> Result<()> {
    let Some(_permit) = session.client.restoration(deadline).await else {
        return Err(deadline.timed_out_waiting_for("the restoration of other sessions"));
    };
    loop {
        let confirmed = session.confirmed().clone();
        let made = Walk { session, lease, deadline }.run(&confirmed).await?;
        if session.confirmed().note_made(&confirmed, made) {
            return Ok(());
        }
    }
}

/// Notes where the session stands after its making.
async fn settle(session: &Arc<SessionInner>, lease: Arc<Lease>, outcome: Result<()>) -> Result<()> {
    let Err(error) = outcome else {
        let (id, was_made) = (session.id, session.was_made());
        session.stand_on(lease);
        renewal::schedule(session);
        if was_made {
            debug!(session = %id, "a session was restored");
            session.client.emit(ConnectionEvent::SessionRestored { session: id });
        }
        return Ok(());
    };
    if lease.link().is_alive() && error.kind() != ErrorKind::TooManySessions {
        // Awaited: the server does not keep the order of requests, and the next attempt attaches again.
        let detach = Request::detach(session.client.next_id(), session.id);
        let detached = lease.link().call(detach, session.client.deadline(None), Cleanup::Nothing).await;
        if detached.as_ref().is_err_and(|error| error.delivery() == Delivery::NotSent) {
            lease.link().clean(Cleanup::Detach(session.id));
        }
        debug!(error = %error.outline(), is_detached = detached.is_ok(), session = %session.id, "a session could not be made");
    }
    let is_final = session.was_made() && is_refusal(&error);
    if is_final {
        let error = error.clone().in_context("the session is lost");
        session.client.emit(ConnectionEvent::SessionLost { session: session.id, error: error.clone() });
        *session.standing() = Standing::Lost(error);
    } else {
        *session.standing() = Standing::Nowhere;
    }
    Err(error)
}

/// Returns true for an answer of the server that a later attempt cannot change.
fn is_refusal(error: &Error) -> bool {
    let is_passing = matches!(error.kind(), ErrorKind::Conflict | ErrorKind::TooManySessions | ErrorKind::Internal);
    error.delivery() == Delivery::Answered && !is_passing
}

impl Walk<'_> {
    async fn run(&self, before: &Confirmed) -> Result<Made> {
        self.attach().await?;
        let recipe = &before.recipe;
        // Before anything else is sent: what follows would be done as another user.
        let facts = match &recipe.identity {
            Identity::Proved(source) => self.identify(source, before).await?,
            Identity::Anonymous => None,
        };
        let request = recipe.selection.to_request(&recipe.identity);
        if let (Some(facts), Choices::Wanted(_)) = (&facts, &recipe.selection) {
            request.check_place(&facts.identity, self.lease.link(), self.deadline).await?;
        }
        let selection = self.select(&request).await?;
        let set =
            |(name, value): (&String, &Bytes)| self.call(self.session.request("set").text(name).raw(value).finish());
        try_join_all(recipe.variables.0.iter().map(set)).await?;
        Ok(Made { facts, selection })
    }

    /// Proves the identity, and compares it with the one before.
    async fn identify(&self, source: &IdentitySource, before: &Confirmed) -> Result<Option<Facts>> {
        let proof = Proof { session: self.session, link: self.lease.link(), deadline: self.deadline, gate: None };
        proof.run(source).await?;
        match proof.facts().await {
            Ok(facts) => before.check_identity(&facts).map(|()| Some(facts)),
            // Users of an access method may be denied queries: then there is nothing to compare.
            Err(error) if before.facts.is_none() && is_unknowable(&error) => {
                debug!(error = %error.outline(), "the server does not say who a session is");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn call(&self, request: Request) -> Result<Bytes> {
        self.lease.link().call(request, self.deadline, Cleanup::Nothing).await
    }

    async fn attach(&self) -> Result<()> {
        let attach = || self.call(Request::attach(self.session.client.next_id(), self.session.id));
        let attached = match attach().await {
            // The reply to an earlier attempt was late: what was made then is half a session.
            Err(error) if error.is_already_exists() => {
                self.call(Request::detach(self.session.client.next_id(), self.session.id)).await?;
                attach().await
            }
            attached => attached,
        };
        attached.map(drop).map_err(|error| self.explain(error))
    }

    /// The server has no separate error for "too many sessions": it denies the method, as its capabilities would.
    fn explain(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::NotAllowed || !self.session.client.note_session_limit(self.lease) {
            return error;
        }
        let message = "too many sessions: the server refuses another one on this socket";
        error.with_kind(ErrorKind::TooManySessions).with_message(message)
    }

    /// Selects namespace and database; `None` if there is nothing to select.
    async fn select(&self, request: &UseRequest) -> Result<Option<Selection>> {
        if *request == UseRequest::default() {
            return Ok(None);
        }
        let request = request.write(self.session.request("use"))?;
        let retry = Retry::until(&self.session.client, self.deadline);
        let reply = retry.run(|| self.call(request.clone())).await.map_err(UseRequest::explain)?;
        Selection::read(&reply).map(Some)
    }
}

/// Returns true if the server does not say who a session is.
fn is_unknowable(error: &Error) -> bool {
    error.delivery() == Delivery::Answered || error.kind() == ErrorKind::Protocol
}

impl Confirmed {
    /// Notes what was made from `before`. Returns false if the recipe has changed since.
    fn note_made(&mut self, before: &Confirmed, made: Made) -> bool {
        if self.version != before.version {
            return false;
        }
        let brings_its_own = matches!(self.recipe.identity, Identity::Proved(_)) && made.selection.is_none();
        let is_unknown = brings_its_own && made.facts.is_none();
        self.recipe.selection = Choices::Confirmed(Selection::default());
        if let Some(facts) = made.facts {
            self.note(facts);
        }
        if let Some(selection) = made.selection {
            self.select(selection);
        }
        self.doubts = Doubts { selection: is_unknown, ..Doubts::default() };
        true
    }
}
