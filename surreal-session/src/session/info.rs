//! What a session can ask about itself and its server.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::Session;
use crate::codec::{self, NONE};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::SessionId;
use crate::value::Uuid;

impl Session {
    /// Reads the record of the record user that this session is signed in as.
    ///
    /// NONE for anybody else, and where the user may not read that record: ask for an `Option` where that may be.
    ///
    /// # Errors
    ///
    /// [`Decode`](ErrorKind::Decode) if the record does not fit `T`, or there is none and `T` is not an `Option`.
    ///
    /// # Cancel safety
    ///
    /// Only reads.
    pub async fn info<T: DeserializeOwned>(&self) -> Result<T> {
        let scope = self.scope();
        let reply = match scope.call(scope.request("info").finish(), None).await {
            Err(error) if is_nobody(&error) => Bytes::from_static(NONE),
            reply => reply?,
        };
        decode("info", &reply)
    }

    /// The server's version, such as `surrealdb-3.3.5`.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// Only reads.
    pub async fn version(&self) -> Result<String> {
        self.ask("version").await
    }

    /// Makes a round trip to the server, through its request handling.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// Changes nothing.
    pub async fn ping(&self) -> Result<()> {
        let scope = self.scope();
        scope.call(scope.request("ping").finish(), None).await.map(drop)
    }

    /// The sessions that are attached to this connection, in no particular order; the default one is not among them.
    ///
    /// # Errors
    ///
    /// Fails only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// Only reads.
    pub async fn sessions(&self) -> Result<Vec<SessionId>> {
        let ids: Vec<Uuid> = self.ask("sessions").await?;
        Ok(ids.into_iter().map(SessionId::new).collect())
    }

    async fn ask<T: DeserializeOwned>(&self, method: &'static str) -> Result<T> {
        let scope = self.scope();
        let reply = scope.call(scope.request(method).finish(), None).await?;
        decode(method, &reply)
    }
}

fn decode<T: DeserializeOwned>(method: &str, reply: &[u8]) -> Result<T> {
    codec::decode(reply).map_err(|error| {
        Error::new(ErrorKind::Decode, format!("cannot decode the reply to `{method}`: {error}")).answered()
    })
}

/// The server (3.3.5) looks for the record in the session's database, even when there is neither, and as a query, which
/// it may deny guests.
fn is_nobody(error: &Error) -> bool {
    error.server().is_some_and(|server| {
        server.is_detail("NamespaceEmpty") || server.is_detail("DatabaseEmpty") || server.refuses_guests()
    })
}
