//! The handle of a running server, and the builder that starts it.

use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::thread;

use surreal_session::Surreal;
use surreal_session::auth::Root;
use surreal_session::blocking::Wait;

use crate::StartError;
use crate::handle::{self, Handle};
use crate::once::Once;
use crate::server::{Guests, LiveEngine, Settings};
use crate::socket::Ending;
use crate::storage::Storage;
use crate::store::SharedStore;

/// A SurrealDB server that runs in this process.
///
/// It stops when this handle is dropped or [shut down](Embedded::shutdown). Connected clients then lose their
/// connections.
pub struct Embedded {
    url: String,
    port: u16,
    username: String,
    password: String,
    handle: Handle,
}

impl Embedded {
    /// Starts a server in memory, on a free port, with the root user `root` and the password `root`.
    ///
    /// # Errors
    ///
    /// Like [`Builder::start`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the server at any stage of its start.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Does the same without `async`, and waits until the server accepts connections.
    ///
    /// `Embedded::builder().path("data").start().wait()` starts one with other settings.
    ///
    /// # Errors
    ///
    /// Like [`Builder::start`], and [`StartError::Thread`] in an async context.
    ///
    /// # Examples
    ///
    /// ```
    /// use surreal_session::blocking::*;
    /// use surreal_session_embedded::Embedded;
    ///
    /// let server = Embedded::blocking()?;
    /// let db = server.connect().wait()?;
    /// db.execute("RETURN 1").wait()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn blocking() -> Result<Self, StartError> {
        Self::start().wait()
    }

    /// Returns the server in memory that this process shares, and starts it if this is the first call.
    ///
    /// It is the one that tests with the attribute [`test`](macro@crate::test) use, unless `SURREAL_URL` names another. It
    /// runs until the process ends. The first call blocks its thread during the start, 0.15 seconds in a `dev` build.
    ///
    /// # Errors
    ///
    /// Like [`Builder::start`]. The next call tries again.
    pub fn shared() -> Result<&'static Self, StartError> {
        static SHARED: Once<Embedded> = Once::new();
        SHARED.get_or_start(|| {
            // On a thread of its own, so that it works in a runtime as well.
            let started = thread::spawn(Self::blocking).join();
            started.unwrap_or_else(|_| Err(StartError::server("its start panicked")))
        })
    }

    /// Returns a builder with the default settings.
    pub fn builder() -> Builder {
        Builder::new()
    }

    fn new(port: u16, username: String, password: String, handle: Handle) -> Self {
        let url = format!("ws://127.0.0.1:{port}");
        Self { url, port, username, password, handle }
    }

    /// Returns the URL for clients, such as `ws://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the port on `127.0.0.1`: a server that is started again on it has the same URL.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the name of the root user.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Returns the password of the root user.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Opens a new connection to the server, signed in as the root user.
    ///
    /// No namespace or database is selected, and a new server has none: `use_ns` and `use_db` create them.
    ///
    /// # Errors
    ///
    /// Like [`Surreal::connect`], and like [`Session::signin`](surreal_session::Session::signin) if the store was created
    /// with [other credentials](Builder::credentials).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection. Repeating the call is safe.
    pub async fn connect(&self) -> surreal_session::Result<Surreal> {
        let db = Surreal::connect(&self.url).await?;
        db.signin(Root::new(&self.username, &self.password)).await?;
        Ok(db)
    }

    /// Stops the server, and returns once its port is free and its store can be opened again.
    ///
    /// A [`Builder`] with the same [path](Builder::path) and [port](Builder::port) starts it again with the same data and
    /// the same URL.
    ///
    /// Clients are disconnected, their running statements are cancelled and their open transactions rolled back. This
    /// takes milliseconds, or up to a second if a statement does not react. Then the storage engine gets up to ten
    /// seconds to write its data. Failures and timeouts are `tracing` warnings.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the shutdown: it goes on in the background, as after dropping the handle.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use surreal_session_embedded::Embedded;
    ///
    /// # async fn example() -> Result<(), surreal_session_embedded::StartError> {
    /// let settings = Embedded::builder().path("data");
    /// let server = settings.clone().start().await?;
    /// let settings = settings.port(server.port());
    /// server.shutdown().await;
    /// // Clients lose their connections, and cannot open new ones until this is ready.
    /// let server = settings.start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(self) {
        self.handle.stop(Ending::Orderly).await;
    }

    /// Stops the server like a crash, to test clients: connections break off, and replies that were not sent yet are lost.
    ///
    /// It returns once its port is free and its store can be opened again. What was committed is kept, also if the
    /// client did not get the reply.
    ///
    /// # Cancel safety
    ///
    /// Like [`shutdown`](Self::shutdown).
    pub async fn kill(self) {
        self.handle.stop(Ending::Abrupt).await;
    }
}

/// Leaves out the password.
impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("url", &self.url).field("username", &self.username).finish_non_exhaustive()
    }
}

/// The settings of a server that has not been started.
///
/// Made by [`Embedded::builder`]. It does nothing until [`start`](Builder::start) is awaited.
#[derive(Clone)]
#[must_use = "a server does not run until `start` is awaited"]
pub struct Builder {
    port: u16,
    username: String,
    password: String,
    storage: Storage,
    guests: Guests,
    denied_functions: Vec<String>,
    live_engine: LiveEngine,
}

impl Builder {
    fn new() -> Self {
        Self {
            port: 0,
            username: "root".to_owned(),
            password: "root".to_owned(),
            storage: Storage::Memory,
            guests: Guests::Allowed,
            denied_functions: Vec::new(),
            live_engine: LiveEngine::Inline,
        }
    }

    /// Listens on this port of `127.0.0.1`. Default: 0, which lets the system choose a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Creates the root user under this name and password. Default: `root` and `root`.
    ///
    /// A store on disk keeps the root user that it was created with: open it again with the same credentials, or
    /// [`Embedded::connect`] fails.
    pub fn credentials(mut self, username: impl Into<String>, password: impl Into<String>) -> Self {
        self.username = username.into();
        self.password = password.into();
        self
    }

    /// Stores the data in this directory, which is created if it is missing. Default: in memory only.
    ///
    /// Only one server can use a directory at a time. It is free again after [`Embedded::shutdown`].
    pub fn path(mut self, directory: impl Into<PathBuf>) -> Self {
        self.storage = Storage::Directory(directory.into());
        self
    }

    /// Refuses queries of sessions that are not signed in, like the `surreal` program without `--allow-guests`. Default:
    /// they may query, limited by permissions.
    pub fn deny_guests(mut self) -> Self {
        self.guests = Guests::Denied;
        self
    }

    /// Denies a function of SurrealQL, such as `http::get`, or a family of functions, such as `http`, like the option
    /// `--deny-funcs` of the `surreal` program. Default: none is denied.
    pub fn deny_function(mut self, name: impl Into<String>) -> Self {
        self.denied_functions.push(name.into());
        self
    }

    /// Delivers live queries with this engine. Default: [`LiveEngine::Inline`], like the `surreal` program.
    pub fn live_engine(mut self, engine: LiveEngine) -> Self {
        self.live_engine = engine;
        self
    }

    /// Opens a store that other servers of this process use too.
    pub(crate) fn shared(mut self, store: SharedStore) -> Self {
        self.storage = Storage::Shared(store);
        self
    }

    /// Starts the server, and returns once it accepts connections.
    ///
    /// Works in any runtime and on any thread: it waits only for the server's own threads.
    ///
    /// # Errors
    ///
    /// - [`StartError::Listen`]: the port is taken or not allowed.
    /// - [`StartError::Path`]: the path is a file, cannot be created, is not UTF-8 or contains a question mark.
    /// - [`StartError::Open`]: the store is in use by another server, is damaged, or another version wrote it.
    /// - [`StartError::Thread`]: a thread or event queue cannot be created.
    /// - [`StartError::Server`]: any other error of the server.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops the server at any stage of its start.
    pub async fn start(self) -> Result<Embedded, StartError> {
        let (listener, port) = listen(self.port)?;
        let settings = Settings {
            listener,
            username: self.username.clone(),
            password: self.password.clone(),
            storage: self.storage,
            guests: self.guests,
            denied_functions: self.denied_functions,
            live_engine: self.live_engine,
        };
        let starting = handle::spawn(settings)?;
        let handle = starting.started().await?;
        Ok(Embedded::new(port, self.username, self.password, handle))
    }
}

/// Leaves out the password.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("port", &self.port)
            .field("username", &self.username)
            .field("storage", &self.storage)
            .field("guests", &self.guests)
            .field("denied_functions", &self.denied_functions)
            .field("live_engine", &self.live_engine)
            .finish_non_exhaustive()
    }
}

/// Binds the port before any thread is started, so that a port in use is reported at once.
fn listen(port: u16) -> Result<(TcpListener, u16), StartError> {
    let bind = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    };
    bind().map_err(|source| StartError::Listen { port, source })
}
