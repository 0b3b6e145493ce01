//! The handle of a connection.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use super::state::Role;
use super::{Connect, NewSession, Session};
use crate::connection::Client;
use crate::error::Result;

/// A connection to a SurrealDB server, and its default session.
///
/// It dereferences to the [`Session`] that every connection has, so that all verbs of a session are verbs of the
/// connection. Work that must not share namespace, database, variables or identity goes through
/// [`new_session`](Self::new_session). A clone is the same connection and costs nothing; when the last handle of it
/// and of its sessions is dropped, the socket is closed.
///
/// Lost connections are not reopened: every call then fails with
/// [`ErrorKind::Disconnected`](crate::ErrorKind::Disconnected), which is not
/// [retryable](crate::Error::is_retryable) on these handles. [`Connect`] says when a connection ends, and what it bears.
#[derive(Clone)]
pub struct Surreal {
    default: Session,
}

impl Surreal {
    /// Connects to `url`, such as `ws://127.0.0.1:8000`, when awaited.
    ///
    /// The default session is anonymous and has no namespace or database.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`](crate::ErrorKind::InvalidUrl) for text that is no URL or has parts that cannot be used,
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for schemes other than `ws://` and `wss://`,
    /// [`Connect`](crate::ErrorKind::Connect) if nobody answers, or somebody else than a SurrealDB server of version 3, or
    /// if this is not awaited on a tokio runtime with IO and timers.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use surreal_session::prelude::*;
    ///
    /// # async fn example() -> surreal_session::Result<()> {
    /// let db = Surreal::connect("ws://127.0.0.1:8000").await?;
    /// let session = db.new_session().signin(Root::new("root", "root")).use_ns("shop").use_db("inventory").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect(url: impl Into<String>) -> Connect {
        Connect::new(url.into())
    }

    pub(super) fn over(client: Client) -> Self {
        let id = client.id();
        Self { default: Session::of(client, id, Role::Default) }
    }

    /// Opens an isolated session on this connection when awaited.
    ///
    /// It is anonymous, has no namespace, no database and no variables, and inherits nothing from the default session.
    /// See [`NewSession`] for what can be chained.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use surreal_session::prelude::*;
    /// # async fn example(db: Surreal) -> surreal_session::Result<()> {
    /// let acme = db.new_session().signin(Root::new("root", "root")).use_ns("tenants").use_db("acme").await?;
    /// let globex = db.new_session().signin(Root::new("root", "root")).use_ns("tenants").use_db("globex").await?;
    /// acme.set("tenant", "acme").await?;
    /// assert_eq!(globex.database().as_deref(), Some("globex"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_session(&self) -> NewSession {
        NewSession::new(self.default.client().clone())
    }

    /// Closes the connection with all its sessions, and waits until the socket is closed, a second at most.
    ///
    /// Calls in flight fail with [`ErrorKind::Closed`](crate::ErrorKind::Closed), their
    /// [`Delivery`](crate::Delivery) says whether the server may have seen them; so do all later calls. Closing a
    /// connection that is over already succeeds.
    ///
    /// # Errors
    ///
    /// None at present.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the connection is closed whether or not the future is kept.
    pub async fn close(&self) -> Result<()> {
        let client = self.default.client();
        client.close(client.deadline(Some(CLOSE_DEADLINE))).await
    }

    pub(super) fn into_session(self) -> Session {
        self.default
    }
}

impl Deref for Surreal {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.default
    }
}

impl fmt::Debug for Surreal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surreal").field("default", &self.default).finish()
    }
}

/// How long [`Surreal::close`] waits. The connection's task needs a second at most, if its runtime runs.
const CLOSE_DEADLINE: Duration = Duration::from_secs(5);
