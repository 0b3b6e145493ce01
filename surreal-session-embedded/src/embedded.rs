use std::fmt;

use surreal_session::Surreal;
use surreal_session::auth::Root;

use crate::handle::Handle;
use crate::{Builder, StartError};

/// A SurrealDB server that runs in this process.
///
/// It stops when this handle is dropped or [shut down](Embedded::shutdown); clients that are still connected
/// then lose their connections, whichever handle they were made through.
pub struct Embedded {
    url: String,
    username: String,
    password: String,
    handle: Handle,
}

impl Embedded {
    /// Starts a server in memory, on a port that the system chooses, with the root user `root`, password `root`.
    ///
    /// # Errors
    ///
    /// Like [`Builder::start`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the server, wherever its start had got to.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Returns the settings of a server, to be changed before it is started.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(port: u16, username: String, password: String, handle: Handle) -> Self {
        let url = format!("ws://127.0.0.1:{port}");
        Self { url, username, password, handle }
    }

    /// Returns the address for clients, such as `ws://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the name of the root user.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Returns the password of the root user.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Opens a connection of its own to the server, signed in as the root user.
    ///
    /// No namespace and no database is selected, and a new server has none: `use_ns` and `use_db` create them.
    ///
    /// # Errors
    ///
    /// Like [`Surreal::connect`], and like [`Session::signin`](surreal_session::Session::signin) where the store was
    /// made with [other credentials](Builder::credentials).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection; repeating the call is safe.
    pub async fn connect(&self) -> surreal_session::Result<Surreal> {
        let db = Surreal::connect(&self.url).await?;
        db.signin(Root::new(&self.username, &self.password)).await?;
        Ok(db)
    }

    /// Stops the server and returns when it is gone: its port is free and its store can be opened again.
    ///
    /// Clients are disconnected, their running statements are cancelled and their open transactions undone. This
    /// takes milliseconds, and at most a second where a statement does not notice; then the storage engine gets up
    /// to ten seconds to write what it holds. What fails or takes longer is reported as a `tracing` warning.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the server stopping on its own, as dropping the handle does.
    pub async fn shutdown(self) {
        self.handle.stop().await;
    }
}

/// The password is left out.
impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("url", &self.url).field("username", &self.username).finish_non_exhaustive()
    }
}
