//! [`Error`], the one error type of the crate.

mod existence;
mod kind;
mod server;
mod violation;

use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

pub use kind::{Delivery, ErrorKind};
pub(crate) use server::STALE;
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
    row: Option<usize>,
    message: Cow<'static, str>,
    server: Option<ServerError>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    /// A value that a layer above adds, and reads again.
    attachment: Option<Arc<dyn Any + Send + Sync>>,
    /// Set if every later call on the same handle fails in the same way.
    is_final: bool,
    /// Set if other statements of the same text may have been applied.
    is_partial: bool,
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

    /// Returns the index of the row that failed, counted from 0, if the error belongs to one row of a write of many, such as
    /// an insert, or of a [lenient](crate::query::Select::lenient) select.
    ///
    /// For a request of several rows it is known if the server names the record, as for an id that is taken and a value that
    /// does not fit its field, and the row has an id. A [settled](crate::query::write::SettledInsert) insert finds every row
    /// that fails.
    pub fn row(&self) -> Option<usize> {
        self.0.row
    }

    /// The kind and the server's code, for logs: the message may contain values.
    pub(crate) fn outline(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| match self.server() {
            Some(server) => write!(f, "{} ({})", self.kind(), server.status()),
            None => write!(f, "{}", self.kind()),
        })
    }

    /// Returns the server's own error, unchanged, if the server sent one.
    pub fn server(&self) -> Option<&ServerError> {
        self.0.server.as_ref()
    }

    /// Returns `true` if a write conflicted with a concurrent one. Nothing of that write, or of its transaction, is applied,
    /// and it may be run again.
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
    /// Text that begins with the server's own words, `An error occurred: `, is returned without them: servers before 3.3 repeat
    /// them in some blocks.
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

    /// Returns `true` if a write wrote nothing because the record has another version than
    /// [`if_version`](crate::query::write::Write::if_version) said: another write was first.
    ///
    /// This includes a [`TransactionFailed`](ErrorKind::TransactionFailed) whose first failure it was. Read the record again,
    /// and repeat the change on it; [`current_version`](Self::current_version) is its version.
    pub fn is_stale(&self) -> bool {
        self.current_version().is_some()
    }

    /// Returns the version that the record has, if it is not the one that
    /// [`if_version`](crate::query::write::Write::if_version) said; see [`is_stale`](Self::is_stale).
    pub fn current_version(&self) -> Option<i64> {
        self.server()?.stored_version()
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
    ///
    /// [`is_expired`](Self::is_expired) and [`is_forbidden`](Self::is_forbidden) tell the last two apart; neither is `true`
    /// for wrong credentials.
    pub fn is_auth(&self) -> bool {
        self.kind() == ErrorKind::Auth
    }

    /// Returns `true` if the session or the token has expired: another sign-in helps, as after HTTP status 401.
    ///
    /// Nothing of the request was executed. This includes a [`TransactionFailed`](ErrorKind::TransactionFailed) whose first
    /// failure it was. The server (3.3.5) does not distinguish an expired refresh token or bearer key from one that was
    /// revoked, so this is `false` for them.
    pub fn is_expired(&self) -> bool {
        self.server().is_some_and(ServerError::is_expired)
    }

    /// Returns `true` if the identity lacks a right: another identity is needed, as after HTTP status 403.
    ///
    /// This includes anonymous sessions on a server that refuses guests, and a
    /// [`TransactionFailed`](ErrorKind::TransactionFailed) whose first failure it was. Permissions of tables and fields
    /// hide records without an error. What the server's capabilities forbid for every identity is
    /// [`NotAllowed`](ErrorKind::NotAllowed).
    pub fn is_forbidden(&self) -> bool {
        self.server().is_some_and(ServerError::is_forbidden)
    }

    /// Returns `true` if the same call, on the same handle, can safely be repeated and may succeed.
    ///
    /// These are conflicts; [`TransactionLost`](ErrorKind::TransactionLost); and failures to connect, lost connections and
    /// deadlines, if the request was [not sent](Delivery::NotSent) or is [rolled back](Delivery::RolledBack). For an error
    /// inside a transaction, the call to repeat is the whole transaction, on its session.
    ///
    /// It is `false` if anything may have been applied, as by other statements of the same text, and if the handle cannot
    /// work again: the connection was closed by the program, or is over for good.
    /// [`is_safe_to_repeat`](Self::is_safe_to_repeat) answers only whether anything may have been applied.
    pub fn is_retryable(&self) -> bool {
        let is_undone = matches!(self.delivery(), Delivery::NotSent | Delivery::RolledBack);
        !self.0.is_final
            && match self.kind() {
                ErrorKind::Conflict | ErrorKind::TransactionFailed => self.is_conflict() && !self.0.is_partial,
                ErrorKind::Connect | ErrorKind::Disconnected | ErrorKind::Timeout => is_undone,
                ErrorKind::TransactionLost => true,
                _ => false,
            }
    }

    /// Returns `true` if it is certain that nothing was applied, so that repeating the call cannot apply it twice.
    ///
    /// This is so if the request was [not sent](Delivery::NotSent) or is [rolled back](Delivery::RolledBack); for a
    /// conflict; and for an answer that says that nothing was executed: the text does not parse, the session has expired
    /// or is anonymous on a server that refuses guests, the server forbids the method, the record is
    /// [stale](Self::is_stale), another statement of the same
    /// transaction block failed, or the [transaction](crate::Transaction) did. It is `false` if the outcome is unknown, for
    /// [`PartlyApplied`](ErrorKind::PartlyApplied), if other statements of the same text succeeded, and for every other
    /// answer.
    ///
    /// It does not tell whether a repeated call can succeed: the handle may be closed, or the text may never parse.
    /// [`is_retryable`](Self::is_retryable) tells that.
    pub fn is_safe_to_repeat(&self) -> bool {
        match self.delivery() {
            Delivery::NotSent | Delivery::RolledBack => true,
            Delivery::Unknown => false,
            Delivery::Answered => {
                let is_failed = self.kind() == ErrorKind::TransactionFailed;
                is_failed || !self.0.is_partial && (self.is_conflict() || self.is_unexecuted())
            }
        }
    }

    /// Returns `true` if the server's answer says that it executed nothing.
    fn is_unexecuted(&self) -> bool {
        let Some(server) = self.server() else { return false };
        match self.kind() {
            ErrorKind::TooManyTransactions | ErrorKind::Stale => true,
            ErrorKind::Query => server.is_detail("NotExecuted"),
            // Errors of the whole request. A statement may have called a function that wrote before.
            _ if self.statement().is_some() || server.code().is_none() => false,
            ErrorKind::Validation => true,
            ErrorKind::Auth => server.auth_detail() == Some("SessionExpired") || server.refuses_guests(),
            ErrorKind::NotAllowed => server.is_detail("Method"),
            _ => false,
        }
    }

    /// Returns `true` if the server has refused the whole request because its session has expired: nothing was executed.
    pub(crate) fn is_session_expired(&self) -> bool {
        let is_refused = self.statement().is_none() && self.delivery() == Delivery::Answered;
        is_refused && self.server().is_some_and(|server| server.auth_detail() == Some("SessionExpired"))
    }

    /// An error of the client, before anything was sent.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(ErrorInner {
            kind,
            delivery: Delivery::NotSent,
            statement: None,
            row: None,
            message: message.into(),
            server: None,
            source: None,
            attachment: None,
            is_final: false,
            is_partial: false,
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
        error.0.row = cause.0.row;
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
        let is_unknown = kind == ErrorKind::CommitUnknown || server.code().is_some() && server.is_result_lost();
        let delivery = if is_unknown { Delivery::Unknown } else { Delivery::Answered };
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

    pub(crate) fn with_row(mut self, index: usize) -> Self {
        self.0.row = Some(index);
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

    pub(crate) fn with_attachment(mut self, attachment: Arc<dyn Any + Send + Sync>) -> Self {
        self.0.attachment = Some(attachment);
        self
    }

    pub(crate) fn attachment(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.0.attachment.as_deref()
    }

    /// Returns true if every later call on the same handle fails in the same way.
    pub(crate) fn is_final(&self) -> bool {
        self.0.is_final
    }

    /// Notes that every later call on the same handle fails in the same way.
    pub(crate) fn with_final(mut self) -> Self {
        self.0.is_final = true;
        self
    }

    /// Notes that other statements of the same text may have been applied.
    pub(crate) fn with_partial(mut self, is_partial: bool) -> Self {
        self.0.is_partial = is_partial;
        self
    }

    /// An error of a transaction, of which nothing is kept. The loss of its connection becomes `TransactionLost`.
    pub(crate) fn rolled_back(mut self) -> Self {
        self.0.delivery = Delivery::RolledBack;
        if self.kind() != ErrorKind::Disconnected {
            return self;
        }
        let mut lost = Self::new(ErrorKind::TransactionLost, format!("transaction rolled back: {self}"));
        (lost.0.delivery, lost.0.is_final) = (Delivery::RolledBack, self.0.is_final);
        lost.with_source(self)
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
        if let Some(index) = inner.row {
            debug.field("row", &index);
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

    fn server(kind: &str, code: Option<i64>, details: &str) -> ServerError {
        let message = "refused".to_owned();
        let mut details = details.split(' ').rev();
        let inner = details.next().map(|kind| ErrorDetails { kind: kind.to_owned(), ..ErrorDetails::default() });
        let nest = |inner, kind: &str| ErrorDetails {
            kind: kind.to_owned(),
            inner: Some(Box::new(inner)),
            ..ErrorDetails::default()
        };
        let details = inner.map(|inner| details.fold(inner, nest));
        ServerError { code, message, kind: kind.to_owned(), details, cause: None }
    }

    fn conflict() -> ServerError {
        server("Query", None, "TransactionConflict")
    }

    fn statement(server: ServerError) -> Error {
        Error::from_statement(0, server)
    }

    fn request(kind: &str, details: &str) -> Error {
        Error::from_server("query", server(kind, Some(-32000), details))
    }

    #[test]
    fn only_calls_that_applied_nothing_are_retryable_or_safe_to_repeat() {
        let lost = || Error::new(ErrorKind::Disconnected, "connection lost");
        let late = || Error::new(ErrorKind::Timeout, "timed out");
        let failed = |server| Error::new(ErrorKind::TransactionFailed, "failed").with_server(server).rolled_back();
        let unknown = |error: Error| error.with_delivery(Delivery::Unknown);
        // (error, is_retryable, is_safe_to_repeat)
        for (error, retryable, safe) in [
            (lost(), true, true),
            (lost().with_final(), false, true),
            (unknown(lost()), false, false),
            (unknown(lost()).rolled_back(), true, true),
            (unknown(lost()).with_final().rolled_back(), false, true),
            (lost().rolled_back(), true, true),
            (Error::new(ErrorKind::Closed, "closed"), false, true),
            (unknown(Error::new(ErrorKind::Closed, "closed")).rolled_back(), false, true),
            (late(), true, true),
            (unknown(late()), false, false),
            (unknown(late()).rolled_back(), true, true),
            (Error::new(ErrorKind::Connect, "refused"), true, true),
            (Error::argument("bad name"), false, true),
            (Error::session_closed(), false, true),
            (unknown(Error::new(ErrorKind::CommitUnknown, "lost")), false, false),
            (Error::partly_applied("half".to_owned(), late()), false, false),
            (Error::partly_applied("half".to_owned(), statement(conflict())), false, false),
            (Error::protocol("garbage"), false, false),
            (Error::result_lost("query", server("Serialization", None, "")), false, false),
            (statement(conflict()), true, true),
            (statement(conflict()).with_partial(true), false, false),
            (failed(conflict()), true, true),
            (failed(server("Thrown", None, "")), false, true),
            (Error::transaction_reset(server("Internal", Some(-32000), "")), false, true),
            (statement(server("Query", None, "NotExecuted")), false, true),
            (statement(server("Query", None, "NotExecuted")).with_partial(true), false, false),
            (statement(server("Query", None, "Cancelled")), false, false),
            (statement(server("Query", None, "TimedOut")), false, false),
            (statement(server("Thrown", None, "")), false, false),
            (statement(server("AlreadyExists", None, "Record")), false, false),
            (statement(server("Validation", None, "Parse")), false, false),
            (request("Validation", "Parse"), false, true),
            (request("NotAllowed", "Auth SessionExpired"), false, true),
            (request("NotAllowed", "Auth InvalidAuth"), false, false),
            (request("NotAllowed", "Method"), false, true),
            (statement(server("NotAllowed", None, "Method")), false, false),
            (request("Internal", ""), false, false),
        ] {
            assert_eq!((error.is_retryable(), error.is_safe_to_repeat()), (retryable, safe), "{error:?}");
        }
    }

    #[test]
    fn transaction_lost_names_the_loss() {
        let lost = Error::new(ErrorKind::Disconnected, "`begin` failed: the connection was lost").rolled_back();
        assert_eq!((lost.kind(), lost.delivery()), (ErrorKind::TransactionLost, Delivery::RolledBack));
        assert_eq!(lost.to_string(), "transaction rolled back: `begin` failed: the connection was lost");
        let source = lost.source().unwrap().downcast_ref::<Error>().unwrap();
        assert_eq!(source.kind(), ErrorKind::Disconnected);
        let late = Error::new(ErrorKind::Timeout, "late").with_delivery(Delivery::Unknown).rolled_back();
        assert_eq!((late.kind(), late.delivery()), (ErrorKind::Timeout, Delivery::RolledBack));
    }
}
