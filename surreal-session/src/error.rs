//! [`Error`], the one error type of the crate.

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

/// The result type of all fallible calls of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a call: its kind, and whether the server may have acted on the request.
///
/// [`kind`](Self::kind) is the value to branch on. [`delivery`](Self::delivery) tells whether the request reached the
/// server. [`server`](Self::server) is the server's own error, if it sent one. The predicates (`is_…`) treat an error of
/// a whole request and an error of one of its statements alike. They use the structured kind of the server's error, and
/// its text only where the server (3.3.5) sends no such kind.
///
/// The type is one word wide. A clone shares its source.
///
/// # Examples
///
/// ```
/// use surreal_session::prelude::*;
///
/// # surreal_session_embedded::example(async |session| {
/// for _ in 0..2 {
///     match session.execute("CREATE user:ada").await {
///         Ok(()) => println!("created"),
///         Err(error) if error.is_already_exists() => println!("exists already"),
///         Err(error) if error.delivery() == Delivery::Unknown => println!("may have been created: {error}"),
///         Err(error) => return Err(error),
///     }
/// }
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct Error(Box<ErrorInner>);

#[derive(Clone)]
struct ErrorInner {
    kind: ErrorKind,
    delivery: Delivery,
    statement: Option<usize>,
    message: Cow<'static, str>,
    server: Option<ServerError>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Returns the kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Tells whether the request reached the server, and whether its outcome is known.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// Returns the index of the failed statement, counted from 0, if the error belongs to one statement.
    pub fn statement(&self) -> Option<usize> {
        self.0.statement
    }

    /// Returns the server's own error, unchanged, if the server sent one.
    pub fn server(&self) -> Option<&ServerError> {
        self.0.server.as_ref()
    }

    /// Returns `true` if a write conflicted with a concurrent one. The whole transaction may be run again.
    ///
    /// This includes a [`TransactionFailed`](ErrorKind::TransactionFailed) whose first failure was a conflict.
    pub fn is_conflict(&self) -> bool {
        match self.kind() {
            ErrorKind::Conflict => true,
            ErrorKind::TransactionFailed => {
                self.server().is_some_and(|server| server.error_kind() == ErrorKind::Conflict)
            }
            _ => false,
        }
    }

    /// Returns the constraint of the schema that refused the write, such as an index, or the type or condition of a field.
    ///
    /// Read from the message text, because server 3.3.5 sends no structured kind for it. If another server words it
    /// differently, the error is of kind [`Internal`](ErrorKind::Internal) and this returns `None`.
    pub fn violation(&self) -> Option<Violation<'_>> {
        self.server()?.violation()
    }

    /// Returns `true` if a UNIQUE index refused the write. [`violation`](Self::violation) names the index and the value.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self.violation(), Some(Violation::Unique { .. }))
    }

    /// Returns the text of a THROW in the query, in a function or in an event.
    ///
    /// A few errors of the server itself begin with the same words, such as that of an ALTER which cannot be done.
    pub fn thrown(&self) -> Option<&str> {
        self.server()?.thrown()
    }

    /// Returns `true` if a patch wrote nothing because a [`PatchOp::test`](crate::query::PatchOp::test) in it failed.
    ///
    /// Read from the message text, because server 3.3.5 sends no structured kind for it.
    pub fn is_patch_test_failed(&self) -> bool {
        self.server().is_some_and(ServerError::is_patch_test_failed)
    }

    /// Returns `true` if the request names something that does not exist: a record, session, method or definition.
    ///
    /// Server 3.3.5 sends a structured kind for records, tables, namespaces and databases. For other definitions, such as
    /// indexes, users and functions, this is read from the message text.
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// Returns `true` if the record or definition to create exists already.
    pub fn is_already_exists(&self) -> bool {
        self.kind() == ErrorKind::AlreadyExists
    }

    /// Returns `true` for wrong credentials, an expired token or session, and missing rights.
    pub fn is_auth(&self) -> bool {
        self.kind() == ErrorKind::Auth
    }

    /// Returns `true` if the same call, on the same handle, can safely be repeated and may succeed.
    ///
    /// This is so for a conflict, for a connection that could not be opened, and for a call whose deadline passed before it
    /// was sent; never if the request may have been applied. It is not so for [`Disconnected`](ErrorKind::Disconnected)
    /// and [`Closed`](ErrorKind::Closed): a lost connection is not opened again, and every later call on its handles fails
    /// in the same way. Connect again, and repeat the call on the new connection if [`delivery`](Self::delivery) is
    /// [`NotSent`](Delivery::NotSent).
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::Conflict | ErrorKind::TransactionFailed => self.is_conflict(),
            ErrorKind::Connect | ErrorKind::Timeout => self.delivery() == Delivery::NotSent,
            _ => false,
        }
    }

    /// An error of the client, before anything was sent.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(ErrorInner {
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

    /// A reply that cannot be read: the outcome is unknown.
    pub(crate) fn protocol(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Protocol, message).with_delivery(Delivery::Unknown)
    }

    pub(crate) fn session_closed() -> Self {
        Self::new(ErrorKind::SessionClosed, "session closed")
    }

    /// A failure of a call that has carried out some of its requests.
    pub(crate) fn partly_applied(message: String, cause: Self) -> Self {
        let mut error = Self::new(ErrorKind::PartlyApplied, message).with_delivery(match cause.delivery() {
            Delivery::NotSent => Delivery::Answered,
            other => other,
        });
        error.0.server.clone_from(&cause.0.server);
        error.with_source(cause)
    }

    /// The transaction was cancelled by a reset of its session.
    pub(crate) fn transaction_reset(server: ServerError) -> Self {
        let message = "the server cancelled the transaction because its session was reset";
        Self::new(ErrorKind::TransactionFailed, message).answered().with_server(server)
    }

    /// The server's error reply to the operation `what`.
    pub(crate) fn from_server(what: impl fmt::Display, server: ServerError) -> Self {
        let message = format!("the server refused `{what}`: {}", server.explained());
        Self::from_answer(message, server)
    }

    /// The server's error reply to the operation `what`, which it carried out: it cannot send the result.
    pub(crate) fn result_lost(what: impl fmt::Display, server: ServerError) -> Self {
        let message = format!(
            "the server ran `{what}` but cannot send its result: it contains a value without a CBOR form, such as a \
             regex; do not repeat a write"
        );
        Self::new(ErrorKind::Serialization, message).with_delivery(Delivery::Unknown).with_server(server)
    }

    /// The server's error for one statement of a query.
    pub(crate) fn from_statement(index: usize, server: ServerError) -> Self {
        let message = format!("statement {index} failed: {}", server.explained());
        Self::from_answer(message, server).with_statement(index)
    }

    /// The server's answer to the one statement of a builder.
    pub(crate) fn from_operation(operation: impl fmt::Display, server: ServerError) -> Self {
        let message = format!("`{operation}` failed: {}", server.explained());
        Self::from_answer(message, server)
    }

    /// An error reply of the server, with a message that explains it.
    pub(crate) fn from_answer(message: String, server: ServerError) -> Self {
        let kind = server.error_kind();
        let delivery = if kind == ErrorKind::CommitUnknown { Delivery::Unknown } else { Delivery::Answered };
        Self::new(kind, message).with_delivery(delivery).with_server(server)
    }

    /// Prepends the operation to the message.
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
