//! Registering a live query, for the first time and again.

use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::sleep;
use tracing::debug;

use super::EndReason;
use crate::connection::{Backoff, Capacity, Deadline, Patience, Retry};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{LiveId, Operation, Target};
use crate::query::{Fragment, Response, Scope};
use crate::session::{IDENTITY, SessionIdentity, SessionSubscription};
use crate::value::{Table, Value};

/// The statement of a live query, and where it runs.
#[derive(Debug, Clone)]
pub(super) struct Registration {
    /// The session of the program.
    pub(super) owner: Scope,
    /// The session of the live query, once there is one.
    pub(super) scope: Option<Scope>,
    pub(super) table: Table,
    /// Three statements: the identity, the place, and the LIVE SELECT.
    pub(super) statement: Fragment,
    pub(super) capacity: Capacity,
    pub(super) timeout: Patience,
}

/// A live query that is registered.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) id: LiveId,
    /// The session of the live query.
    pub(super) scope: Scope,
    pub(super) subscription: SessionSubscription,
    /// The session's identity at the registration.
    pub(super) identity: SessionIdentity,
    /// The namespace and the database. `None` if the server did not say.
    pub(super) place: Option<Value>,
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

    /// Registers the live query. In the server (3.3.5), concurrent registrations conflict with each other, and trying again
    /// succeeds.
    pub(super) async fn register(&self, deadline: Deadline) -> Result<Registered> {
        let scope = match &self.scope {
            Some(scope) => scope.clone(),
            None => Scope::of_inner(self.owner.session_for_live()?.for_live_query(deadline).await?),
        };
        Retry::until(scope.client(), deadline).run(|| self.try_register(&scope, deadline)).await
    }

    async fn try_register(&self, scope: &Scope, deadline: Deadline) -> Result<Registered> {
        let operation = operation("live", &self.table);
        let query = self.statement.clone().into_query(scope.clone(), operation.clone(), self.timeout);
        let (scope, request, _) = query.into_request()?;
        // Dropped here: the connection's task kills the live query that may have been registered.
        let (reply, subscription) =
            SessionSubscription::register(scope.session(), request, deadline, self.capacity).await?;
        let response = Response::read(&reply)?.named(operation).check()?;
        let place = response.take::<Vec<Value>>(1)?.into_iter().next();
        let id = response.take(2)?;
        scope.session().note_live_query(id);
        Ok(Registered { id, scope, subscription, identity: response.take(0)?, place })
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
                        debug!(%error, table = %registration.table, "a live query is not registered again yet");
                        sleep(pauses.next_pause()).await;
                    }
                    outcome => return outcome,
                }
            }
        }))
    }

    /// Does the same with the present proof of the session's identity.
    pub(super) fn renewed(&self) -> Task<Result<Registered>> {
        let renew = |scope: &Scope| Scope::of_inner(self.owner.session().renewed_for_live_query(scope.session()));
        Self { scope: self.scope.as_ref().map(renew), ..self.clone() }.again()
    }
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

/// The name of a request about a table in messages.
pub(super) fn operation(verb: &'static str, table: &Table) -> Operation {
    Operation::statement(verb, Target::shown(table.clone()))
}

/// The namespace and the database of a session, in SurrealQL.
pub(super) const PLACE: &str = "[$session.ns, $session.db]";
