//! The questions that a session asks the server, and how the replies are read.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::debug;

use super::auth::{FACTS, Facts};
use super::recipe::Selection;
use super::state::SessionInner;
use crate::codec::{self, NONE};
use crate::connection::{Cleanup, Deadline, QueueItem};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Outcome, ServerVersion, SessionId, read_statements};
use crate::value::{Uuid, Value};

/// The statement that asks for the identity of the session, as far as it decides about its live queries.
///
/// The server sends events until the end of the second in which the session expires.
pub(crate) const IDENTITY: &str = "RETURN { \
    identity: [$token.ID, $token.NS, $token.DB, $token.AC, $session.data], \
    expires_in: IF $session.exp != NONE { ($session.exp + 1) * 1000 - time::millis(time::now()) } \
}";

/// The result of [`IDENTITY`].
#[derive(Debug, Deserialize)]
pub(crate) struct SessionIdentity {
    #[serde(default)]
    pub(crate) identity: Value,
    /// In milliseconds.
    expires_in: Option<i64>,
}

const SELECTION: &str = "RETURN { namespace: session::ns(), database: session::db() }";

impl SessionIdentity {
    /// The time until the session expires.
    pub(crate) fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(|left| Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }
}

/// Asks for the identity. The live streams read the reply.
async fn identity(session: &Arc<SessionInner>, deadline: Deadline) -> Result<Bytes> {
    let request = session.request("query").text(IDENTITY).finish();
    first_result(&session.call_in_turn(request, deadline).await?)
}

/// Tells the session's streams its identity, after a request that may have changed it.
pub(super) async fn report_identity(session: &Arc<SessionInner>, deadline: Deadline) {
    if session.streams.load(Ordering::Acquire) > 0 {
        let identity = identity(session, deadline).await.ok();
        session.tell(QueueItem::Identity(identity));
    }
}

/// Asks who and where the session is, in the turn of a change. A failure does not fail the change: the namespace and database
/// are asked for again by the next one.
pub(super) async fn settle_facts(session: &Arc<SessionInner>, deadline: Deadline) {
    let request = session.request("query").text(FACTS).finish();
    let asked = Instant::now();
    match session.call_in_turn(request, deadline).await.and_then(|reply| Facts::read(&reply, asked)) {
        Ok(facts) => session.confirmed().note(facts),
        Err(error) => {
            debug!(error = %error.outline(), session = %session.id, "the identity of the session is not known");
        }
    }
    session.compare_live_sessions();
}

/// Asks for the selected namespace and database, in the turn of a change.
pub(super) async fn refresh_selection(session: &Arc<SessionInner>, deadline: Deadline) -> Result<()> {
    let request = session.request("query").text(SELECTION).finish();
    let selection = Selection::read(&first_result(&session.call_in_turn(request, deadline).await?)?)?;
    session.confirmed().select(selection);
    Ok(())
}

/// Does the same if they are not known. A failure does not fail the change: the next one asks again.
pub(super) async fn settle_selection(session: &Arc<SessionInner>, deadline: Deadline) {
    if !session.confirmed().is_moved() {
        return;
    }
    if let Err(error) = refresh_selection(session, deadline).await {
        debug!(error = %error.outline(), session = %session.id, "the namespace and database of the session are not known");
    }
}

/// The result of the first statement of a reply.
fn first_result(reply: &Bytes) -> Result<Bytes> {
    match read_statements(reply)?.into_iter().next().map(|statement| statement.outcome) {
        Some(Outcome::Ok(result)) => Ok(result),
        Some(Outcome::Failed(error)) => Err(Error::from_statement(0, error)),
        None => Err(Error::protocol("the reply to `query` has no statement")),
    }
}

/// The record of the record user that the session is signed in as.
pub(super) async fn record<T: DeserializeOwned>(session: &Arc<SessionInner>, deadline: Deadline) -> Result<T> {
    let reply = match call(session, "info", deadline).await {
        Err(error) if is_without_record(&error) => Bytes::from_static(NONE),
        reply => reply?,
    };
    decode("info", &reply)
}

pub(super) async fn version(session: &Arc<SessionInner>, deadline: Deadline) -> Result<String> {
    decode("version", &call(session, "version", deadline).await?)
}

/// The version of the server that the session is on.
pub(super) async fn server_version(session: &Arc<SessionInner>, deadline: Deadline) -> Result<ServerVersion> {
    loop {
        let lease = session.ready(deadline, &"version".into()).await?;
        match lease.link().version(deadline).await {
            Err(error) if error.kind() == ErrorKind::Disconnected && !error.is_final() => {}
            version => return version.cloned(),
        }
    }
}

/// The sessions on all sockets of the connection, without its default one.
pub(super) async fn sessions(
    session: &Arc<SessionInner>,
    default: SessionId,
    deadline: Deadline,
) -> Result<Vec<SessionId>> {
    session.ready(deadline, &"sessions".into()).await?;
    let mut sessions = Vec::new();
    for link in session.client.links().iter().filter(|link| link.is_alive()) {
        let reply =
            session.call_on(link, session.implicit_request("sessions").finish(), deadline, Cleanup::Nothing).await;
        let ids: Vec<Uuid> = match reply {
            Ok(reply) => decode("sessions", &reply)?,
            // Its sessions are on none then.
            Err(error) if error.kind() == ErrorKind::Disconnected => continue,
            Err(error) => return Err(error),
        };
        sessions.extend(ids.into_iter().map(SessionId::new).filter(|id| *id != default));
    }
    Ok(sessions)
}

pub(super) async fn ping(session: &Arc<SessionInner>, deadline: Deadline) -> Result<()> {
    call(session, "ping", deadline).await.map(drop)
}

async fn call(session: &Arc<SessionInner>, method: &'static str, deadline: Deadline) -> Result<Bytes> {
    session.call(session.request(method).finish(), deadline, Cleanup::Nothing).await
}

fn decode<T: DeserializeOwned>(method: &str, reply: &[u8]) -> Result<T> {
    codec::decode(reply).map_err(|error| {
        Error::new(ErrorKind::Decode, format!("cannot decode the reply to `{method}`: {error}")).answered()
    })
}

/// The server (3.3.5) looks for the record in the session's database, even when there is neither, and as a query, which
/// it may deny guests.
fn is_without_record(error: &Error) -> bool {
    error.server().is_some_and(|server| {
        server.is_detail("NamespaceEmpty") || server.is_detail("DatabaseEmpty") || server.refuses_guests()
    })
}
