//! The one error type of the crate, and what a program can ask it.

mod existence;
mod kind;
mod server;
mod violation;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

pub use kind::{Delivery, ErrorKind};
pub use server::{ErrorDetails, ServerError};
pub use violation::Violation;

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call did not do what it was asked to.
///
/// One word wide; a clone shares its source. [`kind`](Self::kind) says what happened, [`delivery`](Self::delivery)
/// whether the server may have acted on the request, [`server`](Self::server) holds the server's own words where it
/// answered. The predicates (`is_…`) give the same answer for an error of a whole request and for an error of one of
/// its statements, and look at the server's structured kind first and at its text only where the server (3.3.5) sends
/// nothing else.
///
/// # Examples
///
/// ```no_run
/// use surreal_session::prelude::*;
///
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// match session.query("CREATE user:ada").await.and_then(|response| response.check()) {
///     Ok(_) => println!("created"),
///     Err(error) if error.is_already_exists() => println!("there already"),
///     Err(error) if error.delivery() == Delivery::Unknown => println!("perhaps created: {error}"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    delivery: Delivery,
    statement: Option<usize>,
    message: Cow<'static, str>,
    server: Option<ServerError>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the request reached the server.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// The index of the statement that failed, counted from 0, where the failure belongs to one statement.
    pub fn statement(&self) -> Option<usize> {
        self.0.statement
    }

    /// The server's own error, verbatim, where the server answered with one.
    pub fn server(&self) -> Option<&ServerError> {
        self.0.server.as_ref()
    }

    /// Whether a write lost against a concurrent one; the whole transaction may be run again.
    ///
    /// True also for a [`TransactionFailed`](ErrorKind::TransactionFailed) whose first failure was a conflict.
    pub fn is_conflict(&self) -> bool {
        match self.kind() {
            ErrorKind::Conflict => true,
            ErrorKind::TransactionFailed => {
                self.server().is_some_and(|server| server.error_kind() == ErrorKind::Conflict)
            }
            _ => false,
        }
    }

    /// The constraint of the schema that refused the write, where one did: an index, a field's type or condition.
    ///
    /// Told by the message text, as server 3.3.5 sends no structured kind for it: another server may word it otherwise,
    /// and the error is then of kind [`Internal`](ErrorKind::Internal) like any other.
    pub fn violation(&self) -> Option<Violation<'_>> {
        self.server()?.violation()
    }

    /// Whether a UNIQUE index refused the write; [`violation`](Self::violation) says which, and for what.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self.violation(), Some(Violation::Unique { .. }))
    }

    /// The text that the query failed with by THROW, be it in the query itself, in a function or in an event.
    ///
    /// The server fails a few of its own statements by the same words, such as an ALTER of a field that cannot be.
    pub fn thrown(&self) -> Option<&str> {
        self.server()?.thrown()
    }

    /// Whether a patch wrote nothing because a [`PatchOp::test`](crate::query::PatchOp::test) in it found another value.
    ///
    /// Told by the message text, as server 3.3.5 sends no structured kind for it.
    pub fn is_patch_test_failed(&self) -> bool {
        self.server().is_some_and(ServerError::is_patch_test_failed)
    }

    /// Whether something named by the request does not exist: a record, a session, a method, or anything that DEFINE makes.
    ///
    /// Server 3.3.5 sends a structured kind for records, tables, namespaces and databases; for other definitions, such as
    /// indexes, users and functions, it is told by the message text.
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// Whether something that was to be created exists already: a record, or anything that DEFINE makes.
    pub fn is_already_exists(&self) -> bool {
        self.kind() == ErrorKind::AlreadyExists
    }

    /// Whether the session's identity is the cause: wrong credentials, an expired token or session, missing rights.
    pub fn is_auth(&self) -> bool {
        self.kind() == ErrorKind::Auth
    }

    /// Whether running the same thing again, on the same handle, is safe and may succeed.
    ///
    /// True for a conflict, for a connection that could not be opened, and for a call whose deadline passed before it was
    /// sent. Never true when the request may have been applied. Also false for
    /// [`Disconnected`](ErrorKind::Disconnected) and [`Closed`](ErrorKind::Closed): a lost connection is not opened again,
    /// so that every later call on its handles fails in the same way. Connect again then; if
    /// [`delivery`](Self::delivery) is [`NotSent`](Delivery::NotSent), the call may be repeated on the new connection.
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::Conflict | ErrorKind::TransactionFailed => self.is_conflict(),
            ErrorKind::Connect | ErrorKind::Timeout => self.delivery() == Delivery::NotSent,
            _ => false,
        }
    }

    /// An error of the client itself, made before anything was sent.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            delivery: Delivery::NotSent,
            statement: None,
            message: message.into(),
            server: None,
            source: None,
        }))
    }

    pub(crate) fn argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    /// An answer that cannot be read: it does not say what happened.
    pub(crate) fn protocol(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Protocol, message).with_delivery(Delivery::Unknown)
    }

    pub(crate) fn session_closed() -> Self {
        Self::new(ErrorKind::SessionClosed, "session closed")
    }

    /// A failure after which a part of what was asked for is done and stays done.
    pub(crate) fn partly_applied(message: String, cause: Self) -> Self {
        let mut error = Self::new(ErrorKind::PartlyApplied, message).with_delivery(match cause.delivery() {
            Delivery::NotSent => Delivery::Answered,
            other => other,
        });
        error.0.server.clone_from(&cause.0.server);
        error.with_source(cause)
    }

    /// A reset of its session has taken a transaction along.
    pub(crate) fn transaction_reset(server: ServerError) -> Self {
        let message = "the server has cancelled the transaction, because its session was reset";
        Self::new(ErrorKind::TransactionFailed, message).answered().with_server(server)
    }

    /// The server's answer to `what`, as an error of the whole request.
    pub(crate) fn from_server(what: impl fmt::Display, server: ServerError) -> Self {
        let message = format!("the server refused `{what}`: {}", server.explained());
        Self::from_answer(message, server)
    }

    /// The server's answer to `what`, which it has carried out: it cannot send the result.
    pub(crate) fn result_lost(what: impl fmt::Display, server: ServerError) -> Self {
        let message = format!(
            "the server ran `{what}` and cannot send its result, which holds a value that has no CBOR, such as a regex; \
             do not repeat a write"
        );
        Self::new(ErrorKind::Serialization, message).with_delivery(Delivery::Unknown).with_server(server)
    }

    /// The server's answer to one statement of a query.
    pub(crate) fn from_statement(index: usize, server: ServerError) -> Self {
        let message = format!("statement {index} failed: {}", server.explained());
        Self::from_answer(message, server).with_statement(index)
    }

    /// The server's answer to the one statement of a builder.
    pub(crate) fn from_operation(operation: impl fmt::Display, server: ServerError) -> Self {
        let message = format!("`{operation}` failed: {}", server.explained());
        Self::from_answer(message, server)
    }

    /// An answer of the server in words that say what it means.
    pub(crate) fn from_answer(message: String, server: ServerError) -> Self {
        let kind = server.error_kind();
        let delivery = if kind == ErrorKind::CommitUnknown { Delivery::Unknown } else { Delivery::Answered };
        Self::new(kind, message).with_delivery(delivery).with_server(server)
    }

    /// Puts what was being done in front of the message.
    pub(crate) fn in_context(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message).into();
        self
    }

    pub(crate) fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    pub(crate) fn with_statement(mut self, index: usize) -> Self {
        self.0.statement = Some(index);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    pub(crate) fn with_server(mut self, server: ServerError) -> Self {
        self.0.server = Some(server);
        self
    }

    pub(crate) fn answered(self) -> Self {
        self.with_delivery(Delivery::Answered)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &inner.kind).field("message", &inner.message).field("delivery", &inner.delivery);
        if let Some(index) = inner.statement {
            debug.field("statement", &index);
        }
        if let Some(server) = &inner.server {
            debug.field("server", server);
        }
        if let Some(source) = &inner.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_is_one_word_wide() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn retryable_only_when_nothing_can_have_been_applied() {
        let lost = || Error::new(ErrorKind::Disconnected, "connection lost");
        let conflict = || ServerError {
            code: None,
            message: "Transaction conflict: Transaction write conflict. This transaction can be retried".to_owned(),
            kind: "Query".to_owned(),
            details: Some(ErrorDetails { kind: "TransactionConflict".to_owned(), ..ErrorDetails::default() }),
            cause: None,
        };
        for (error, expected) in [
            (lost(), false),
            (Error::new(ErrorKind::Closed, "connection closed"), false),
            (Error::new(ErrorKind::Timeout, "not sent"), true),
            (lost().with_delivery(Delivery::Unknown), false),
            (Error::new(ErrorKind::Conflict, "conflict").answered(), true),
            (Error::new(ErrorKind::Timeout, "no reply").with_delivery(Delivery::Unknown), false),
            (Error::argument("bad name"), false),
            (Error::new(ErrorKind::CommitUnknown, "lost").with_delivery(Delivery::Unknown), false),
            (Error::new(ErrorKind::TransactionFailed, "failed"), false),
            (Error::new(ErrorKind::TransactionFailed, "failed").with_server(conflict()), true),
        ] {
            assert_eq!(error.is_retryable(), expected, "{error:?}");
        }
    }
}
