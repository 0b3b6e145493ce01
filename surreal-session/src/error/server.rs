//! The server's own error, kept as it was sent.

use std::collections::BTreeMap;
use std::fmt;

use super::ErrorKind;

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

    pub(crate) fn is_unique_violation(&self) -> bool {
        self.message.starts_with("Database index `") && self.message.contains("` already contains ")
    }

    /// Whether the request named a transaction that the server does not have.
    pub(crate) fn is_lost_transaction(&self) -> bool {
        self.message == "Transaction not found"
    }

    /// Whether the storage is shutting down, which it also says of a commit that it applied and did not get to confirm.
    pub(crate) fn is_shutting_down(&self) -> bool {
        self.message == "The datastore is shutting down"
    }

    /// Whether the details are `kind`, as in `NotAllowed` with details `Auth`.
    pub(crate) fn is_detail(&self, kind: &str) -> bool {
        self.details.as_ref().is_some_and(|details| details.kind == kind)
    }

    pub(crate) fn error_kind(&self) -> ErrorKind {
        match self.kind.as_str() {
            _ if self.message.starts_with("The transaction's commit outcome is unknown") => ErrorKind::CommitUnknown,
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
            _ => ErrorKind::Internal,
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

/// The code of a transaction conflict since server 3.0.1.
const CONFLICT: i64 = -32009;
