use std::error::Error;
use std::io;
use std::path::PathBuf;

/// The reason for which a server did not start.
///
/// The message names the step that failed; [`source`](std::error::Error::source) is its cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The server cannot listen on the port, usually because another program does.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The requested port; 0 stands for any free one.
        port: u16,
        /// The error of the system.
        source: io::Error,
    },

    /// The path is not a directory, or cannot be one for a database.
    #[error("cannot keep a database in `{}`", path.display())]
    Path {
        /// The path as it was given.
        path: PathBuf,
        /// The problem with the path.
        source: io::Error,
    },

    /// The directory exists, but its database cannot be opened: another server uses it, it is damaged, or another
    /// version wrote it.
    #[error("cannot open the database in `{}`", path.display())]
    Open {
        /// The path as it was given.
        path: PathBuf,
        /// The error of the server.
        source: Box<dyn Error + Send + Sync>,
    },

    /// A thread or event queue cannot be created.
    #[error("cannot start the threads of the server")]
    Thread(#[source] io::Error),

    /// The server refused to start.
    #[error("the server did not start")]
    Server(#[source] Box<dyn Error + Send + Sync>),
}

impl StartError {
    /// Takes the reason as text: the server's own error types stay private, and carry backtraces.
    pub(crate) fn server(reason: impl Into<String>) -> Self {
        Self::Server(reason.into().into())
    }
}

/// The error of [`Wait`](surreal_session::blocking::Wait) in an async context.
impl From<surreal_session::Error> for StartError {
    fn from(error: surreal_session::Error) -> Self {
        Self::Thread(io::Error::other(error))
    }
}

/// Converts to an error of kind [`Connect`](surreal_session::ErrorKind::Connect), so that a program can use `?` on both.
impl From<StartError> for surreal_session::Error {
    fn from(error: StartError) -> Self {
        surreal_session::__private::start_failed(error)
    }
}
