//! The reason of a connection's end, and the errors of the calls that it ends.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::error::{Delivery, Error, ErrorKind};
use crate::protocol::Operation;

/// The reason of a connection's end. Cheap to clone: each call that it ends gets its error.
#[derive(Debug, Clone)]
pub(crate) struct End {
    kind: ErrorKind,
    message: Arc<str>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// Set if the server sent a close frame.
    is_close_reason: bool,
    /// The code of the close frame.
    close_code: Option<u16>,
    /// Set if the whole connection is over for good.
    is_final: bool,
}

/// The end of a link, set once.
pub(super) type LinkEnd = OnceLock<End>;

impl End {
    /// The program closed the connection.
    pub(super) fn closed() -> Self {
        Self {
            kind: ErrorKind::Closed,
            message: "connection closed".into(),
            source: None,
            is_close_reason: false,
            close_code: None,
            is_final: false,
        }
    }

    pub(super) fn lost(message: impl Into<Arc<str>>) -> Self {
        Self {
            kind: ErrorKind::Disconnected,
            message: message.into(),
            source: None,
            is_close_reason: false,
            close_code: None,
            is_final: false,
        }
    }

    /// The server closed the connection with a close frame, which may have a code.
    pub(super) fn close_reason(code: Option<u16>, message: String) -> Self {
        Self { is_close_reason: true, close_code: code, ..Self::lost(message) }
    }

    pub(super) fn runtime_gone() -> Self {
        Self::lost(RUNTIME_GONE).for_good()
    }

    /// The connection can never be opened.
    pub(super) fn unusable(error: Error) -> Self {
        Self { kind: error.kind(), ..Self::lost(error.to_string()) }.for_good()
    }

    /// The end of the whole connection.
    pub(super) fn for_good(self) -> Self {
        Self { is_final: true, ..self }
    }

    pub(super) fn panicked() -> Self {
        Self::lost("the task of the connection panicked")
    }

    pub(super) fn is_close_reason(&self) -> bool {
        self.is_close_reason
    }

    pub(super) fn close_code(&self) -> Option<u16> {
        self.close_code
    }

    pub(super) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// `Closed` if the program closed the connection, `Disconnected` if it was lost.
    pub(crate) fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The error of one call.
    pub(super) fn error(&self, operation: &Operation, delivery: Delivery) -> Error {
        let when = if delivery == Delivery::NotSent { "before it was sent" } else { "before its reply came" };
        self.with_message(format!("`{operation}` failed: {} {when}", self.message), delivery)
    }

    /// The error of no call in particular.
    pub(crate) fn error_of(&self, what: &str, delivery: Delivery) -> Error {
        self.with_message(format!("{what} is over: {}", self.message), delivery)
    }

    fn with_message(&self, message: String, delivery: Delivery) -> Error {
        let error = Error::new(self.kind, message).with_delivery(delivery);
        let error = if self.is_final { error.with_final() } else { error };
        match &self.source {
            Some(source) => error.with_source(SharedSource(Arc::clone(source))),
            None => error,
        }
    }
}

/// The error of a call whose task ended with the runtime of the connection.
pub(crate) fn runtime_gone(delivery: Delivery) -> Error {
    Error::new(ErrorKind::Disconnected, RUNTIME_GONE).with_delivery(delivery).with_final()
}

const RUNTIME_GONE: &str = "the runtime of the connection was shut down";

/// A source that several errors have in common.
#[derive(Debug)]
struct SharedSource(Arc<dyn StdError + Send + Sync>);

impl fmt::Display for SharedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for SharedSource {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
