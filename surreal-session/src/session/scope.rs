//! The one door from the typed layers to the wire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OwnedRwLockReadGuard;

use super::change::timed_out;
use super::state::Shared;
use super::streams::{Followed, StreamGuard};
use crate::connection::{Capacity, Cleanup, Client, Deadline, LateReply, Retry, Timer};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{LiveId, Operation, Request, RequestWriter, Statement, read_statements};
use crate::transaction::State;

/// Where a request runs: a connection, one of its sessions, and perhaps a transaction.
///
/// Opaque: it is what [`Queryable`](crate::Queryable) hands to the builders.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Before the session, so that the last handle of both cancels first and detaches then.
    transaction: Option<Arc<State>>,
    session: Arc<Shared>,
}

impl Scope {
    pub(super) fn new(session: &Arc<Shared>) -> Self {
        Self { transaction: None, session: Arc::clone(session) }
    }

    /// The same session, in a transaction.
    pub(crate) fn within(&self, transaction: &Arc<State>) -> Self {
        Self { transaction: Some(Arc::clone(transaction)), session: Arc::clone(&self.session) }
    }

    /// Whether both are the same transaction, or the same session outside of any.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let id = |scope: &Self| scope.transaction().map(|transaction| transaction.id());
        Arc::ptr_eq(&self.session, &other.session) && id(self) == id(other)
    }

    pub(crate) fn transaction(&self) -> Option<&Arc<State>> {
        self.transaction.as_ref()
    }

    pub(crate) fn client(&self) -> &Client {
        &self.session.client
    }

    /// Starts a request of this scope.
    pub(crate) fn request(&self, operation: impl Into<Operation>) -> RequestWriter {
        let transaction = self.transaction.as_ref().map(|transaction| transaction.id());
        RequestWriter::new(self.client().next_id(), operation.into(), self.session.in_envelope(), transaction)
    }

    /// Sends a finished request and gives the bytes of its result.
    pub(crate) async fn call(&self, request: Request, deadline: Option<Duration>) -> Result<Bytes> {
        self.call_within(request, self.client().deadline(deadline), Cleanup::Nothing).await
    }

    /// The same for a call that has begun before, or that opens something.
    pub(crate) async fn call_within(&self, request: Request, deadline: Deadline, cleanup: Cleanup) -> Result<Bytes> {
        if self.session.is_closed() {
            return Err(Error::session_closed());
        }
        let result = self.session.client.call(request, deadline, cleanup).await;
        result.map_err(|error| self.explain(error))
    }

    /// The same for a change that joined the session's queue before the session was closed.
    pub(super) async fn call_in_turn(&self, request: Request, deadline: Deadline) -> Result<Bytes> {
        let result = self.session.client.call(request, deadline, Cleanup::Nothing).await;
        result.map_err(|error| self.explain(error))
    }

    /// The same, with the means to wait for a reply after the deadline.
    pub(super) async fn call_to_its_end(
        &self,
        request: Request,
        deadline: Deadline,
    ) -> (Result<Bytes>, Option<LateReply>) {
        let (result, late) = self.session.client.call_with_late_reply(request, deadline).await;
        (result.map_err(|error| self.explain(error)), late)
    }

    /// Sends a finished query of the scope's transaction when it is its turn, and finds the results of its statements.
    ///
    /// `surql` is what the query is called in messages.
    pub(crate) async fn query_in(
        &self,
        transaction: &Arc<State>,
        surql: String,
        request: Request,
        time: Option<Duration>,
    ) -> Result<Vec<Statement>> {
        let (scope, deadline) = (self.clone(), self.client().deadline(time));
        let operation = request.operation.clone();
        let query = async move {
            let reply = scope.call_within(request, deadline, Cleanup::Nothing).await?;
            read_statements(&reply)
        };
        transaction.in_turn(surql, operation, deadline, query).await
    }

    /// Sends a finished `query` request that ends with a LIVE SELECT, and gives the events beside its result.
    pub(crate) async fn follow(
        &self,
        request: Request,
        deadline: Deadline,
        capacity: Capacity,
    ) -> Result<(Bytes, Followed)> {
        let registering = self.register_within(deadline).await?;
        // Before the session is looked at: if it is closed from here on, the registration is too late.
        let owner = self.session.owner();
        if self.session.is_closed() {
            return Err(Error::session_closed());
        }
        if self.transaction.is_some() {
            return Err(Error::argument("a live query cannot be registered in a transaction; do so in its session"));
        }
        // Counted before the request is sent, so that a change of identity that runs beside it looks for streams.
        let guard = StreamGuard::new(&self.session);
        let result = self.session.client.follow(request, deadline, owner, capacity, registering).await;
        let (reply, subscription) = result.map_err(|error| self.explain(error))?;
        Ok((reply, Followed { subscription, _guard: guard }))
    }

    /// Waits until no change of the session's identity is under way, and keeps later ones waiting.
    async fn register_within(&self, deadline: Deadline) -> Result<OwnedRwLockReadGuard<()>> {
        let registering = Arc::clone(&self.session.registering).read_owned();
        let registering = self.client().within(deadline.at, registering).await;
        registering.ok_or_else(|| timed_out(deadline, "a change of the session's identity"))
    }

    /// Gives the events of a live query that exists already.
    pub(crate) fn subscribe(&self, id: LiveId, capacity: Capacity) -> Result<Followed> {
        let owner = self.session.owner();
        if self.session.is_closed() {
            return Err(Error::session_closed());
        }
        let guard = StreamGuard::new(&self.session);
        let subscription = self.session.client.subscribe(id, owner, capacity)?;
        Ok(Followed { subscription, _guard: guard })
    }

    /// Kills a live query and ends its streams.
    ///
    /// The server (3.3.5) lets kills at the same time conflict with each other, so that trying again succeeds.
    pub(crate) async fn kill(&self, id: LiveId) -> Result<()> {
        let client = self.client();
        let deadline = client.deadline(None);
        let kill = || {
            let request = Request::kill(client.next_id(), self.session.in_envelope(), id);
            self.call_within(request, deadline, Cleanup::Nothing)
        };
        self.retry_conflicts(deadline, kill).await?;
        client.killed(id);
        Ok(())
    }

    /// Makes attempts while they fail with a conflict, with a random pause before each further one, until the deadline.
    pub(crate) async fn retry_conflicts<T, F: Future<Output = Result<T>>>(
        &self,
        deadline: Deadline,
        attempt: impl Fn() -> F,
    ) -> Result<T> {
        Retry::until(self.client(), deadline).run(attempt).await
    }

    /// A timer, wherever it is asked for.
    pub(crate) fn sleep(&self, time: Duration) -> Timer {
        self.client().timer(self.client().deadline(Some(time)).at)
    }

    /// The size of the largest message that is sent.
    pub(crate) fn max_message_bytes(&self) -> usize {
        self.session.client.max_message_bytes()
    }

    /// A session that was closed while the request was under way is unknown to the server, and so are its transactions.
    fn explain(&self, error: Error) -> Error {
        let Some(server) = error.server() else { return error };
        let lost = server.is_lost_transaction();
        if (lost || server.is_detail("Session")) && self.session.is_closed() {
            return error.with_kind(ErrorKind::SessionClosed);
        }
        // The server drops a transaction of its own accord only with its session's state or with the connection.
        if lost { Error::transaction_reset(server.clone()) } else { error }
    }
}

/// Refuses a name that cannot be a variable, or by which the server (3.3.5) means something else.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        let advice = "a variable's name is made of ASCII letters, digits and underscores, without the `$`";
        return Err(Error::argument(format!("`{}` cannot name a variable: {advice}", name.escape_debug())));
    }
    if PROTECTED.contains(&name) {
        return Err(Error::argument(format!("`${name}` is set by the server and cannot be given a value")));
    }
    if let Some((_, meaning)) = CONTEXTUAL.iter().find(|(contextual, _)| *contextual == name) {
        let message = format!("`${name}` cannot be given a value: in some places of SurrealQL it is {meaning} instead");
        return Err(Error::argument(message));
    }
    Ok(())
}

const PROTECTED: [&str; 4] = ["access", "auth", "token", "session"];

/// The names that hide a variable without a word, and what they stand for.
const CONTEXTUAL: [(&str, &str); 7] = [
    ("this", "the record at hand"),
    ("parent", "the record of the outer statement"),
    ("value", "the value of a field or the record of an event"),
    ("input", "the data that came in"),
    ("before", "the record before the change"),
    ("after", "the record after the change"),
    ("event", "the kind of the change"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_variables_are_refused() {
        for (name, accepted) in [
            ("a", true),
            ("_p0", true),
            ("tenant_1", true),
            ("", false),
            ("$a", false),
            ("a b", false),
            ("ä", false),
            ("a\0", false),
            ("auth", false),
            ("session", false),
            ("this", false),
            ("parent", false),
            ("value", false),
            ("input", false),
            ("before", false),
            ("after", false),
            ("event", false),
            ("values", true),
            ("This", true),
        ] {
            assert_eq!(check_name(name).is_ok(), accepted, "{name}");
        }
    }
}
