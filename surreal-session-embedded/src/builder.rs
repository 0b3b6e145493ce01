use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use crate::handle;
use crate::server::{Guests, Settings};
use crate::storage::Storage;
use crate::{Embedded, StartError};

/// The settings of a server that is not running yet.
///
/// Made by [`Embedded::builder`]; does nothing until [`start`](Builder::start) is awaited.
#[must_use = "a server does not run until `start` is awaited"]
pub struct Builder {
    port: u16,
    username: String,
    password: String,
    storage: Storage,
    guests: Guests,
    denied_functions: Vec<String>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            port: 0,
            username: "root".to_owned(),
            password: "root".to_owned(),
            storage: Storage::Memory,
            guests: Guests::Allowed,
            denied_functions: Vec::new(),
        }
    }

    /// Listens on this port of `127.0.0.1`. Default: 0, which lets the system choose a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Creates the root user under this name and password. Default: `root` and `root`.
    ///
    /// A persistent store that already has a root user keeps the one it has; give the same credentials again
    /// when it is reopened, or [`Embedded::connect`] is refused.
    pub fn credentials(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.username = username.into();
        self.password = password.into();
        self
    }

    /// Keeps the data in this directory, which is created if it is missing. Default: in memory, gone at the end.
    ///
    /// One server at a time can have a directory open. After [`Embedded::shutdown`] it can be opened again.
    pub fn path(mut self, directory: impl Into<PathBuf>) -> Self {
        self.storage = Storage::Directory(directory.into());
        self
    }

    /// Refuses queries of sessions that are not signed in, as the server's own program does unless it is started with
    /// `--allow-guests`. Default: they may query, and see what permissions let them.
    pub fn deny_guests(mut self) -> Self {
        self.guests = Guests::Denied;
        self
    }

    /// Refuses to call this function of SurrealQL, such as `http::get`, or a family of them, such as `http`; as the server's
    /// own program does with `--deny-funcs`. Default: all may be called.
    pub fn deny_function(mut self, name: impl Into<String>) -> Self {
        self.denied_functions.push(name.into());
        self
    }

    /// Starts the server and returns when it accepts connections.
    ///
    /// Works in any runtime and on any thread: it waits for the server's own threads and for nothing else.
    ///
    /// # Errors
    ///
    /// - [`StartError::Listen`]: the port is taken or not allowed.
    /// - [`StartError::Path`]: the path is a file, cannot be created, is not UTF-8 or contains a question mark.
    /// - [`StartError::Open`]: the store is in use by another server, is damaged, or another version wrote it.
    /// - [`StartError::Thread`]: the system gave no thread.
    /// - [`StartError::Server`]: anything else that the server reported.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the server, wherever its start had got to.
    pub async fn start(self) -> Result<Embedded, StartError> {
        let (listener, port) = listen(self.port)?;
        let settings = Settings {
            listener,
            username: self.username.clone(),
            password: self.password.clone(),
            storage: self.storage,
            guests: self.guests,
            denied_functions: self.denied_functions,
        };
        let starting = handle::spawn(settings)?;
        let handle = starting.started().await?;
        Ok(Embedded::new(port, self.username, self.password, handle))
    }
}

/// The password is left out.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("port", &self.port)
            .field("username", &self.username)
            .field("storage", &self.storage)
            .field("guests", &self.guests)
            .field("denied_functions", &self.denied_functions)
            .finish_non_exhaustive()
    }
}

/// Takes the port before any thread is started, so that a taken one is told at once.
fn listen(port: u16) -> Result<(TcpListener, u16), StartError> {
    let bind = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    };
    bind().map_err(|source| StartError::Listen { port, source })
}
