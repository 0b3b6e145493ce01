use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why a server did not start.
///
/// The message says what was tried; [`source`](std::error::Error::source) says what went wrong with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The port cannot be listened on, most often because another program holds it.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port that was asked for, or 0 for one of the system's choice.
        port: u16,
        /// The system's answer.
        source: io::Error,
    },

    /// The path is not, and cannot become, a directory for a database.
    #[error("cannot keep a database in `{}`", path.display())]
    Path {
        /// The path as it was given.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },

    /// The directory is there, but the database in it does not open: another server holds it, it is damaged,
    /// or another version wrote it.
    #[error("cannot open the database in `{}`", path.display())]
    Open {
        /// The path as it was given.
        path: PathBuf,
        /// The server's explanation.
        source: Box<dyn Error + Send + Sync>,
    },

    /// The system gave no thread or no event queue.
    #[error("cannot start the threads of the server")]
    Thread(#[source] io::Error),

    /// The server refused to start.
    #[error("the server did not start")]
    Server(#[source] Box<dyn Error + Send + Sync>),
}

impl StartError {
    /// Takes the reason as text: the server's own error types are none of the caller's, and carry backtraces.
    pub(crate) fn server(reason: impl Into<String>) -> Self {
        Self::Server(reason.into().into())
    }
}

/// So that a program of one error type can use `?` on both; of kind [`Connect`](surreal_session::ErrorKind::Connect).
impl From<StartError> for surreal_session::Error {
    fn from(error: StartError) -> Self {
        surreal_session::__private::start_failed(error)
    }
}
