//! The server's own error, unchanged.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::{fmt, iter};

use super::{ErrorKind, Violation, existence, violation};

/// An error as the server sent it.
///
/// An error of a whole request has a [`code`](Self::code) and may have a [`cause`](Self::cause). An error of one
/// statement has neither (server 3.3.5). Kinds and details that this crate does not know are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    pub(crate) code: Option<i64>,
    pub(crate) message: String,
    pub(crate) kind: String,
    pub(crate) details: Option<ErrorDetails>,
    pub(crate) cause: Option<Box<ServerError>>,
}

/// The structured part of a [`ServerError`]: the name of a variant, its fields, and the nested variant if it has one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorDetails {
    pub(crate) kind: String,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) inner: Option<Box<ErrorDetails>>,
}

impl ServerError {
    /// Returns the JSON-RPC code, if the server sent one.
    pub fn code(&self) -> Option<i64> {
        self.code
    }

    /// Returns the message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the name of the kind, such as `NotFound`; empty if the server sent none (before 3.0).
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the structured details, if the server sent any.
    pub fn details(&self) -> Option<&ErrorDetails> {
        self.details.as_ref()
    }

    /// Returns the error that caused this one, if the server sent it.
    pub fn cause(&self) -> Option<&ServerError> {
        self.cause.as_deref()
    }

    /// Returns the constraint that refused a write, read from this message or that of a [`cause`](Self::cause); see
    /// [`Error::violation`](super::Error::violation).
    pub fn violation(&self) -> Option<Violation<'_>> {
        self.chain().find_map(|error| Violation::read(&error.message))
    }

    /// This error and the chain of its causes.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        iter::successors(Some(self), |error| error.cause())
    }

    /// Returns the text of the THROW that the query executed; see [`Error::thrown`](super::Error::thrown).
    pub fn thrown(&self) -> Option<&str> {
        // Other kinds use the same words for other errors.
        let may_be = self.kind == "Thrown" || self.kind_is_vague();
        let text = violation::innermost(&self.message).strip_prefix(THROWN).filter(|_| may_be)?;
        // Servers before 3.3 repeat the words in some blocks.
        Some(text.trim_start_matches(THROWN))
    }

    /// Returns the version of the record that a write with another expected version found.
    pub(crate) fn stored_version(&self) -> Option<i64> {
        let stored = self.thrown()?.strip_prefix(STALE)?.split(' ').next()?;
        stored.parse().ok()
    }

    /// Returns `true` if a `test` in a JSON Patch failed.
    pub(crate) fn is_patch_test_failed(&self) -> bool {
        self.message.starts_with("Given test operation failed for JSON Patch.")
    }

    /// Returns `true` if the server does not have the transaction that the request names.
    pub(crate) fn is_lost_transaction(&self) -> bool {
        self.message == "Transaction not found"
    }

    /// Returns `true` if the store has no transactions of the isolation that was asked for (server 4.0).
    pub(crate) fn is_isolation_missing(&self) -> bool {
        self.message.starts_with("The isolation level ") && self.message.contains(" is not available on this datastore")
    }

    /// Returns `true` if the storage is shutting down. A commit with this error may have been applied.
    pub(crate) fn is_shutting_down(&self) -> bool {
        self.message == "The datastore is shutting down"
    }

    /// Returns `true` if the server ran the request but could not encode the result.
    ///
    /// Servers have no CBOR form for a regex. Up to 3.3.5 the whole request has this error, and the same error without an id
    /// belongs to a request that the server could not read. In 4.0 it may be the error of one
    /// statement, which then has changed nothing.
    pub(crate) fn is_result_lost(&self) -> bool {
        self.code == Some(PARSE_ERROR) && self.is_detail("Parse")
            || self.message.starts_with("Unsupported value type: ")
    }

    /// Returns `true` if the details are of this kind, as in `NotAllowed` with details `Auth`.
    pub(crate) fn is_detail(&self, kind: &str) -> bool {
        self.details.as_ref().is_some_and(|details| details.kind == kind)
    }

    /// The kind of an authentication error, such as `SessionExpired`; `None` for other errors.
    pub(crate) fn auth_detail(&self) -> Option<&str> {
        let auth = self.details.as_ref().filter(|details| self.kind == "NotAllowed" && details.kind == "Auth")?;
        auth.inner().map(ErrorDetails::kind)
    }

    /// Returns `true` if the session or the token has expired.
    pub(crate) fn is_expired(&self) -> bool {
        matches!(self.auth_detail(), Some("SessionExpired" | "TokenExpired"))
    }

    /// Returns `true` if the identity of the session lacks a right.
    pub(crate) fn is_forbidden(&self) -> bool {
        self.auth_detail() == Some("NotAllowed") || self.lacks_permission()
    }

    /// The server (3.3.5) reports these with the kinds `NotAllowed` or `Internal`, and never as `Auth`.
    fn lacks_permission(&self) -> bool {
        matches!(self.kind.as_str(), "NotAllowed" | "Internal")
            && self.message.starts_with("You don't have permission to ")
    }

    /// The code, or else the kinds, such as `Query/TransactionConflict`. Never the message, which may contain values.
    pub(crate) fn status(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(|f| {
            if let Some(code) = self.code {
                return write!(f, "{code}");
            }
            f.write_str(&self.kind)?;
            self.details.as_ref().map_or(Ok(()), |details| write!(f, "/{}", details.kind))
        })
    }

    /// The message, and an explanation from the details if it needs one.
    pub(crate) fn explained(&self) -> Cow<'_, str> {
        // The message of a syntax error ends in a line break.
        let message = match self.stored_version().and_then(|_| self.thrown()) {
            Some(stale) => stale.trim_start_matches(OURS),
            None => self.message.trim_end(),
        };
        let why = match self.auth_detail() {
            Some("SessionExpired") => Some("sign in again, or open another session".into()),
            Some("NotAllowed") => self.lacks(),
            _ => None,
        };
        why.map_or(message.into(), |why| format!("{message}; {why}").into())
    }

    /// The missing right, which the server (3.3.5) names only in the details.
    fn lacks(&self) -> Option<String> {
        let details = self.details.as_ref()?.inner()?;
        if self.refuses_guests() {
            return Some("sign in first: the server refuses anonymous sessions".to_owned());
        }
        let (actor, action) = (details.field("actor")?, details.field("action")?);
        Some(format!("{actor} may not {action} {}", details.field("resource")?))
    }

    /// Returns `true` if the session is anonymous, and the server denies guests.
    pub(crate) fn refuses_guests(&self) -> bool {
        let details = self.details.as_ref().and_then(ErrorDetails::inner);
        self.auth_detail() == Some("NotAllowed")
            && details.and_then(|details| details.field("actor")) == Some("anonymous")
    }

    /// Returns `true` if a write conflicted with another one. Up to 3.0.5 the server may tell this in the text alone.
    fn is_conflict(&self) -> bool {
        let is_structured =
            self.kind == "Query" && self.is_detail("TransactionConflict") || self.code == Some(CONFLICT);
        let is_told = || self.message.ends_with("This transaction can be retried") && self.thrown().is_none();
        is_structured || (self.kind_is_vague() || self.kind == "Query") && is_told()
    }

    /// Returns `true` if the kind says nothing, so that the text counts. Servers before 3.0 send no kind.
    fn kind_is_vague(&self) -> bool {
        matches!(self.kind.as_str(), "Internal" | "")
    }

    pub(crate) fn error_kind(&self) -> ErrorKind {
        match self.kind.as_str() {
            _ if self.message.starts_with("The transaction's commit outcome is unknown") => ErrorKind::CommitUnknown,
            _ if self.lacks_permission() => ErrorKind::Auth,
            _ if self.is_conflict() => ErrorKind::Conflict,
            "Internal" if self.is_result_lost() => ErrorKind::Serialization,
            "NotFound" => ErrorKind::NotFound,
            "AlreadyExists" => ErrorKind::AlreadyExists,
            "NotAllowed" if self.is_detail("Auth") => ErrorKind::Auth,
            "NotAllowed" => ErrorKind::NotAllowed,
            "Query" => ErrorKind::Query,
            "Validation" if self.message == "Too many open transactions" => ErrorKind::TooManyTransactions,
            // Server 4.0 reports some violations with this kind.
            "Validation" if self.violation().is_none() => ErrorKind::Validation,
            _ if self.stored_version().is_some() => ErrorKind::Stale,
            "Thrown" => ErrorKind::Thrown,
            "Configuration" => ErrorKind::Configuration,
            "Serialization" => ErrorKind::Serialization,
            _ if self.violation().is_some() => ErrorKind::Violation,
            _ if self.thrown().is_some() => ErrorKind::Thrown,
            _ => self.chain().find_map(|error| existence::read(error.message())).unwrap_or(ErrorKind::Internal),
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.cause() {
            Some(cause) => Some(cause),
            None => None,
        }
    }
}

impl ErrorDetails {
    /// Returns the name of the variant, such as `Record` in an `AlreadyExists` error.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns a field of the variant as text, such as `id` or `name`.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Returns the nested variant, such as `InvalidAuth` in `Auth`.
    pub fn inner(&self) -> Option<&ErrorDetails> {
        self.inner.as_deref()
    }
}

/// The begin of the message of a THROW.
const THROWN: &str = "An error occurred: ";

/// The code for a message that the server cannot decode or encode.
const PARSE_ERROR: i64 = -32700;

/// The begin of the text that a write throws if the record has another version than it expects. The stored version follows.
pub(crate) const STALE: &str = "surreal-session: the record has version ";

/// The begin of each text that is thrown by a statement of this crate.
const OURS: &str = "surreal-session: ";

/// The code of a transaction conflict, from server 3.0.1 on.
const CONFLICT: i64 = -32009;

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: &str, message: &str, cause: Option<ServerError>) -> ServerError {
        let (kind, message) = (kind.to_owned(), message.to_owned());
        ServerError { code: Some(-32000), message, kind, details: None, cause: cause.map(Box::new) }
    }

    #[test]
    fn violation_is_found_in_a_cause() {
        let refused = error("Internal", "Database index `i` already contains 1, with record `t:1`", None);
        let wrapped =
            error("Context", "while signing up", Some(error("Context", "in the clause", Some(refused.clone()))));
        assert!(refused.violation().is_some());
        assert_eq!(wrapped.violation(), refused.violation());
        assert_eq!(wrapped.error_kind(), ErrorKind::Violation);
    }

    #[test]
    fn thrown_text_is_recognised_by_kind_and_text() {
        for (kind, message, thrown, is) in [
            ("Thrown", "An error occurred: no", Some("no"), ErrorKind::Thrown),
            ("", "An error occurred: no", Some("no"), ErrorKind::Thrown),
            ("Thrown", "An error occurred: An error occurred: no", Some("no"), ErrorKind::Thrown),
            ("Thrown", "An error occurred: surreal-session: no", Some("surreal-session: no"), ErrorKind::Thrown),
            ("Internal", "Error while processing event e: An error occurred: a: b", Some("a: b"), ErrorKind::Thrown),
            ("Internal", "An error occurred while updating references for `a:1`: x", None, ErrorKind::Internal),
            ("Validation", "An error occurred: no", None, ErrorKind::Validation),
            ("Later", "something new", None, ErrorKind::Internal),
        ] {
            let error = error(kind, message, None);
            assert_eq!((error.thrown(), error.error_kind()), (thrown, is), "{kind}: {message}");
        }
    }
}
