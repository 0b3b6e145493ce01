//! The questions that a session asks the server, and how the replies are read.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tracing::debug;

use super::state::{Selection, SessionInner};
use crate::codec::{self, NONE};
use crate::connection::{Cleanup, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Outcome, SessionId, read_statements};
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

/// Asks for the identity, in the turn of a change. The live streams read the reply.
pub(super) async fn identity(session: &SessionInner, deadline: Deadline) -> Result<Bytes> {
    ask(session, IDENTITY, deadline).await
}

/// Asks for the selected namespace and database, in the turn of a change.
pub(super) async fn refresh_selection(session: &SessionInner, deadline: Deadline) -> Result<()> {
    let selection = Selection::read(&ask(session, SELECTION, deadline).await?)?;
    session.confirmed().select(selection);
    Ok(())
}

/// Does the same if they are not known. A failure does not fail the change: the next one asks again.
pub(super) async fn settle_selection(session: &SessionInner, deadline: Deadline) {
    if !session.confirmed().is_moved {
        return;
    }
    if let Err(error) = refresh_selection(session, deadline).await {
        debug!(%error, session = %session.id, "the namespace and database of the session are not known");
    }
}

/// Returns the result of a statement.
async fn ask(session: &SessionInner, statement: &str, deadline: Deadline) -> Result<Bytes> {
    let request = session.request("query").text(statement).finish();
    let reply = session.call_in_turn(request, deadline).await?;
    match read_statements(&reply)?.into_iter().next().map(|statement| statement.outcome) {
        Some(Outcome::Ok(result)) => Ok(result),
        Some(Outcome::Failed(error)) => Err(Error::from_statement(0, error)),
        None => Err(Error::protocol("the reply to `query` has no statement")),
    }
}

/// The record of the record user that the session is signed in as.
pub(super) async fn record<T: DeserializeOwned>(session: &SessionInner, deadline: Deadline) -> Result<T> {
    let reply = match call(session, "info", deadline).await {
        Err(error) if is_without_record(&error) => Bytes::from_static(NONE),
        reply => reply?,
    };
    decode("info", &reply)
}

pub(super) async fn version(session: &SessionInner, deadline: Deadline) -> Result<String> {
    decode("version", &call(session, "version", deadline).await?)
}

pub(super) async fn sessions(session: &SessionInner, deadline: Deadline) -> Result<Vec<SessionId>> {
    let ids: Vec<Uuid> = decode("sessions", &call(session, "sessions", deadline).await?)?;
    Ok(ids.into_iter().map(SessionId::new).collect())
}

pub(super) async fn ping(session: &SessionInner, deadline: Deadline) -> Result<()> {
    call(session, "ping", deadline).await.map(drop)
}

async fn call(session: &SessionInner, method: &'static str, deadline: Deadline) -> Result<Bytes> {
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
