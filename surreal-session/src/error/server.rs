//! The server's own error, kept as it was sent.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::{fmt, iter};

use super::{ErrorKind, Violation, existence, violation};

/// An error as the server sent it, word for word.
///
/// An error of a whole request has a [`code`](Self::code) and may have a [`cause`](Self::cause); an error of one
/// statement has neither (server 3.3.5). Kinds and details that this version of the crate does not know are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    pub(crate) code: Option<i64>,
    pub(crate) message: String,
    pub(crate) kind: String,
    pub(crate) details: Option<ErrorDetails>,
    pub(crate) cause: Option<Box<ServerError>>,
}

/// The structured part of a [`ServerError`]: the variant's name, its fields, and a nested variant where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorDetails {
    pub(crate) kind: String,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) inner: Option<Box<ErrorDetails>>,
}

impl ServerError {
    /// The JSON-RPC code, where the server sent one.
    pub fn code(&self) -> Option<i64> {
        self.code
    }

    /// The message, as sent.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The kind's name, as sent, such as `NotFound`; empty where the server sent none (before 3.0).
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The structured details, where the server sent any.
    pub fn details(&self) -> Option<&ErrorDetails> {
        self.details.as_ref()
    }

    /// The error that caused this one, where the server sent it.
    pub fn cause(&self) -> Option<&ServerError> {
        self.cause.as_deref()
    }

    /// The constraint that refused a write, told by this message or by that of a [`cause`](Self::cause); see
    /// [`Error::violation`](super::Error::violation).
    pub fn violation(&self) -> Option<Violation<'_>> {
        self.chain().find_map(|error| Violation::read(&error.message))
    }

    /// This error, its cause, the cause of that, and so on.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        iter::successors(Some(self), |error| error.cause())
    }

    /// The text of the THROW that failed the query; see [`Error::thrown`](super::Error::thrown).
    pub fn thrown(&self) -> Option<&str> {
        // A server before 3.0 sends no kind; all others that are not `Internal` mean something else by such words.
        let may_be = matches!(self.kind.as_str(), "Thrown" | "Internal" | "");
        violation::innermost(&self.message).strip_prefix("An error occurred: ").filter(|_| may_be)
    }

    /// Whether a `test` in a JSON Patch found another value.
    pub(crate) fn is_patch_test_failed(&self) -> bool {
        self.message.starts_with("Given test operation failed for JSON Patch.")
    }

    /// Whether the request named a transaction that the server does not have.
    pub(crate) fn is_lost_transaction(&self) -> bool {
        self.message == "Transaction not found"
    }

    /// Whether the storage is shutting down, which it also says of a commit that it applied and did not get to confirm.
    pub(crate) fn is_shutting_down(&self) -> bool {
        self.message == "The datastore is shutting down"
    }

    /// Whether the server ran the request, and then could not write the result.
    ///
    /// Server 3.3.5 has no CBOR for a regex. An error like this one that has no id is of a request that it could not read.
    pub(crate) fn is_result_lost(&self) -> bool {
        self.code == Some(PARSE_ERROR) && self.is_detail("Parse")
    }

    /// Whether the details are `kind`, as in `NotAllowed` with details `Auth`.
    pub(crate) fn is_detail(&self, kind: &str) -> bool {
        self.details.as_ref().is_some_and(|details| details.kind == kind)
    }

    /// What is the matter with the identity, such as `SessionExpired`, where that is the matter.
    pub(crate) fn auth_detail(&self) -> Option<&str> {
        let auth = self.details.as_ref().filter(|details| self.kind == "NotAllowed" && details.kind == "Auth")?;
        auth.inner().map(ErrorDetails::kind)
    }

    /// The message, and behind it what the details know better.
    pub(crate) fn explained(&self) -> Cow<'_, str> {
        // That of text that does not parse ends in a line of its own.
        let message = self.message.trim_end();
        let why = match self.auth_detail() {
            Some("SessionExpired") => Some("sign in again, or open another session".into()),
            Some("NotAllowed") => self.lacks(),
            _ => None,
        };
        why.map_or(message.into(), |why| format!("{message}; {why}").into())
    }

    /// Who may not do what, where the server (3.3.5) says so in the details alone.
    fn lacks(&self) -> Option<String> {
        let details = self.details.as_ref()?.inner()?;
        if self.refuses_guests() {
            return Some("sign in first: the server does not let guests in".to_owned());
        }
        let (actor, action) = (details.field("actor")?, details.field("action")?);
        Some(format!("{actor} may not {action} {}", details.field("resource")?))
    }

    /// Whether the session is nobody, and the server denies guests.
    pub(crate) fn refuses_guests(&self) -> bool {
        let details = self.details.as_ref().and_then(ErrorDetails::inner);
        self.auth_detail() == Some("NotAllowed")
            && details.and_then(|details| details.field("actor")) == Some("anonymous")
    }

    pub(crate) fn error_kind(&self) -> ErrorKind {
        match self.kind.as_str() {
            _ if self.message.starts_with("The transaction's commit outcome is unknown") => ErrorKind::CommitUnknown,
            // The server (3.3.5) reports these as either, and never as a matter of identity.
            "NotAllowed" | "Internal" if self.message.starts_with("You don't have permission to ") => ErrorKind::Auth,
            "NotFound" => ErrorKind::NotFound,
            "AlreadyExists" => ErrorKind::AlreadyExists,
            "NotAllowed" if self.is_detail("Auth") => ErrorKind::Auth,
            "NotAllowed" => ErrorKind::NotAllowed,
            "Query" if self.is_detail("TransactionConflict") => ErrorKind::Conflict,
            "Query" => ErrorKind::Query,
            "Validation" if self.message == "Too many open transactions" => ErrorKind::TooManyTransactions,
            "Validation" => ErrorKind::Validation,
            "Thrown" => ErrorKind::Thrown,
            "Configuration" => ErrorKind::Configuration,
            "Serialization" => ErrorKind::Serialization,
            _ if self.code == Some(CONFLICT) => ErrorKind::Conflict,
            _ if self.violation().is_some() => ErrorKind::Violation,
            _ if self.thrown().is_some() => ErrorKind::Thrown,
            _ => self.chain().find_map(existence::read).unwrap_or(ErrorKind::Internal),
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
    /// The variant's name, such as `Record` in an `AlreadyExists` error.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// One of the variant's fields as text, such as `id` or `name`.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// The nested variant, as `InvalidAuth` in `Auth`.
    pub fn inner(&self) -> Option<&ErrorDetails> {
        self.inner.as_deref()
    }
}

/// The code for a message that the server cannot read, or cannot write.
const PARSE_ERROR: i64 = -32700;

/// The code of a transaction conflict since server 3.0.1.
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
    fn thrown_text_is_told_apart_by_kind_and_text() {
        for (kind, message, thrown, is) in [
            ("Thrown", "An error occurred: no", Some("no"), ErrorKind::Thrown),
            ("", "An error occurred: no", Some("no"), ErrorKind::Thrown),
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
