//! Registering a live query, for the first time and again.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::EndReason;
use crate::connection::{Backoff, Capacity, Deadline, Patience, Retry};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{LiveId, Operation, Target};
use crate::query::{Fragment, Response, Scope};
use crate::session::{IDENTITY, SessionIdentity, SessionSubscription, SharedLive, Sharing};
use crate::value::{Table, Uuid, Value};

/// The statement of a live query, and where it runs.
#[derive(Debug, Clone)]
pub(super) struct Registration {
    /// The session of the program.
    pub(super) owner: Scope,
    /// The session and the live query, once there is one.
    pub(super) before: Option<(Scope, Sharing)>,
    pub(super) table: Table,
    /// Three statements: the identity, the place, and the LIVE SELECT.
    pub(super) statement: Fragment,
    pub(super) capacity: Capacity,
    pub(super) timeout: Patience,
}

/// A live query that is registered.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) live: Arc<SharedLive>,
    pub(super) subscription: SessionSubscription,
    /// The present position, if the live query has other streams: what came before is not for this one.
    pub(super) since: Option<Uuid>,
}

/// A task of the connection's runtime that ends with its owner.
#[derive(Debug)]
pub(super) struct Task<T> {
    handle: JoinHandle<T>,
    _abort: AbortOnDrop,
}

#[derive(Debug)]
pub(super) struct AbortOnDrop(pub(super) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Task<T> {
    pub(super) fn new(handle: JoinHandle<T>) -> Self {
        let abort = AbortOnDrop(handle.abort_handle());
        Self { handle, _abort: abort }
    }

    pub(super) fn handle(&mut self) -> &mut JoinHandle<T> {
        &mut self.handle
    }
}

impl Registration {
    /// The statements of a registration. `calls` are the values of the second one, after the place.
    pub(super) fn statement(calls: &str, live: Fragment) -> Fragment {
        Fragment::new(format!("{IDENTITY}; RETURN [{PLACE}{calls}]; LIVE SELECT ")).then(live)
    }

    /// Registers the live query, or joins the streams of an equal one.
    pub(super) async fn register(&self, deadline: Deadline) -> Result<Registered> {
        let owner = self.owner.session_for_live()?;
        let (scope, sharing) = match &self.before {
            Some((scope, sharing)) => (scope.clone(), sharing.clone()),
            None => {
                let session = owner.for_live_query(deadline).await?;
                let sharing = owner.sharing(self.statement.fingerprint(), &session);
                (Scope::of_inner(session), sharing)
            }
        };
        loop {
            let mut registering = sharing.lock(owner, deadline).await?;
            let Some(live) = registering.upgrade().filter(|live| live.may_replace_one_on(scope.session())) else {
                let registered = self.register_on(&scope, sharing.clone(), deadline).await?;
                *registering = Arc::downgrade(&registered.live);
                return Ok(registered);
            };
            drop(registering);
            if let Some(joined) = self.join(&live, deadline).await {
                return Ok(joined);
            }
            sharing.forget(&live, deadline).await?;
        }
    }

    /// In the server (3.3.5), concurrent registrations conflict with each other, and trying again succeeds.
    async fn register_on(&self, scope: &Scope, sharing: Sharing, deadline: Deadline) -> Result<Registered> {
        Retry::until(scope.client(), deadline).run(|| self.try_register(scope, sharing.clone(), deadline)).await
    }

    async fn try_register(&self, scope: &Scope, sharing: Sharing, deadline: Deadline) -> Result<Registered> {
        let operation = operation("live", &self.table);
        let query = self.statement.clone().into_query(scope.clone(), operation.clone(), self.timeout);
        let (scope, request, _) = query.into_request()?;
        // Dropped here: the connection's task kills the live query that may have been registered.
        let (reply, link, subscription) =
            SessionSubscription::register(scope.session(), request, deadline, self.capacity).await?;
        let response = Response::read(&reply)?.named(operation).check()?;
        let identity: SessionIdentity = response.take(0)?;
        let expires_at = identity.expires_in().map(|left| Instant::now() + left);
        let place = response.take::<Vec<Value>>(1)?.into_iter().next();
        let id = response.take(2)?;
        scope.session().note_live_query(id);
        let session = Arc::clone(scope.session());
        let live = SharedLive { id, session, link, identity: identity.identity, expires_at, place, sharing };
        Ok(Registered { live: Arc::new(live), subscription, since: None })
    }

    /// Joins the streams of a live query. `None` if it is over, or expires before its session.
    ///
    /// The notice that it was killed with its table may be on the way. The server answers whether it exists only to identities
    /// that may see the table's definition.
    async fn join(&self, live: &Arc<SharedLive>, deadline: Deadline) -> Option<Registered> {
        let query = Fragment::new(format!("{IDENTITY}; RETURN rand::uuid::v7(); RETURN "));
        let query = query.then(is_registered(&self.table, live.id));
        let scope = Scope::of_inner(Arc::clone(&live.session));
        let (_, request, _) =
            query.into_query(scope, operation("live", &self.table), self.timeout).into_request().ok()?;
        let (subscription, reply) = live.follow(request, deadline, self.capacity).await.ok()?;
        let response = Response::read(&reply).ok()?;
        let identity: SessionIdentity = response.take(0).ok()?;
        let is_known = response.take::<bool>(2).unwrap_or(true);
        let is_present = is_known && identity.identity == live.identity && !expires_later(&identity, live.expires_at);
        // The positions of several nodes are made by several clocks.
        let since = if self.owner.client().endpoints() == 1 { response.take(1).ok() } else { None };
        let is_joined = is_present && !subscription.events.queue.is_over();
        is_joined.then(|| Registered { live: Arc::clone(live), subscription, since })
    }

    /// Registers the live query again, in the background, as soon as the connection allows it. It gives up only for a reason
    /// that another attempt cannot change.
    pub(super) fn again(&self) -> Task<Result<Registered>> {
        let registration = self.clone();
        Task::new(self.owner.client().spawn(async move {
            let client = registration.owner.client().clone();
            let mut pauses = Backoff::default();
            loop {
                let deadline = client.deadline(None).failing_fast(false);
                match registration.register(deadline).await {
                    Err(error) if may_pass(&error) => {
                        debug!(error = %error.outline(), table = %registration.table, "a live query is not registered again yet");
                        sleep(pauses.next_pause()).await;
                    }
                    outcome => return outcome,
                }
            }
        }))
    }

    /// Does the same with the present proof of the session's identity.
    pub(super) fn renewed(&self) -> Task<Result<Registered>> {
        let renew = |(scope, sharing): &(Scope, Sharing)| {
            let session = self.owner.session().renewed_for_live_query(scope.session());
            (Scope::of_inner(session), sharing.clone())
        };
        Self { before: self.before.as_ref().map(renew), ..self.clone() }.again()
    }
}

/// Returns true if a live query expires before its session, which was renewed.
pub(super) fn expires_later(session: &SessionIdentity, live: Option<Instant>) -> bool {
    live.is_some_and(|at| session.expires_in().is_none_or(|left| Instant::now() + left > at + LATER))
}

/// Returns true if another attempt may succeed.
fn may_pass(error: &Error) -> bool {
    let is_passing = match error.kind() {
        ErrorKind::Disconnected
        | ErrorKind::Timeout
        | ErrorKind::Connect
        | ErrorKind::Conflict
        | ErrorKind::TooManySessions
        | ErrorKind::Internal => true,
        ErrorKind::Closed | ErrorKind::SessionClosed | ErrorKind::IdentityChanged => false,
        _ => error.delivery() != Delivery::Answered && error.is_retryable(),
    };
    is_passing && !error.is_final()
}

/// The reason of a stream's end if its live query cannot be registered again.
pub(super) fn reason_of(error: &Error, scope: &Scope) -> EndReason {
    match error.kind() {
        ErrorKind::Closed => EndReason::ConnectionClosed,
        ErrorKind::Disconnected | ErrorKind::Timeout | ErrorKind::Connect => EndReason::ConnectionLost,
        // A session of live queries is closed if its owner becomes somebody else.
        ErrorKind::SessionClosed => EndReason::of(&scope.session().live_queries_end()),
        ErrorKind::IdentityChanged => EndReason::IdentityChanged,
        ErrorKind::NotFound => EndReason::TableRemoved,
        _ => EndReason::SessionLost,
    }
}

/// Whether the server knows a live query of a table, in SurrealQL. It answers only identities that may see the table's
/// definition.
pub(super) fn is_registered(table: &Table, id: LiveId) -> Fragment {
    let info = Fragment::new("((INFO FOR TABLE ").value(table.as_str()).text(").lives[");
    info.value(&id.to_string()).text("] != NONE)")
}

/// The name of a request about a table in messages.
pub(super) fn operation(verb: &'static str, table: &Table) -> Operation {
    Operation::statement(verb, Target::shown(table.clone()))
}

/// A session that expires this much later was renewed.
const LATER: Duration = Duration::from_millis(1_500);

/// The namespace and the database of a session, in SurrealQL.
pub(super) const PLACE: &str = "[$session.ns, $session.db]";
