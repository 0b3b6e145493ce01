//! The kinds of errors, and the delivery of a failed request.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of an [`Error`](super::Error).
///
/// Displayed in a few plain words (`not found`), serialized as the variant's name (`"NotFound"`).
///
/// The server reports the kinds from [`NotFound`](Self::NotFound) on; this crate reports the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The URL is malformed, or has parts that a connection cannot use.
    InvalidUrl,
    /// The URL's scheme or a feature of the server is not supported; the message names an alternative.
    Unsupported,
    /// An argument is not valid, such as a variable's name, an identifier, or an index out of range.
    InvalidArgument,
    /// A value cannot be encoded, such as an integer outside `i64` or a map key without a text form.
    Encode,
    /// A result does not fit the requested type; the message names the record and the path.
    Decode,
    /// The request or its reply is larger than [`max_message_bytes`](crate::Connect::max_message_bytes).
    ///
    /// With [`Delivery::NotSent`], the request was refused before it was sent. With [`Delivery::Answered`], the server carried
    /// out the request, and the reply was dropped: with it the results, and the errors of single statements. Do not
    /// repeat a write.
    TooLarge,
    /// The connection could not be opened.
    Connect,
    /// The socket of the call was lost or closed by the server, or there is no socket. The connection opens another one, unless
    /// its policy has given up.
    Disconnected,
    /// The connection was closed by the program.
    Closed,
    /// The session was closed by the program.
    SessionClosed,
    /// The session was opened again after an outage or renewed, and its credentials then proved another identity. The session
    /// is over: nothing was sent as somebody else.
    IdentityChanged,
    /// The sockets of the connection hold as many sessions as the server allows.
    TooManySessions,
    /// The program asked for exactly one record, and several match; or more match than the `max_records` of a live query.
    TooManyRecords,
    /// The session has as many open transactions as the server allows.
    TooManyTransactions,
    /// The transaction was committed or cancelled before, on this or another handle.
    TransactionClosed,
    /// The transaction is rolled back, because an earlier call of it failed or its session was reset. The
    /// [source](std::error::Error::source) is the first failure.
    TransactionFailed,
    /// The connection was lost before the commit was sent, or the marker of a transaction that
    /// [runs exactly once](crate::TransactionBuilder::exactly_once) shows that a lost commit had no effect: the transaction is
    /// rolled back, and can be run again. The [source](std::error::Error::source) is the loss.
    TransactionLost,
    /// The commit was sent, and its outcome cannot be known; see [`Transaction::commit`](crate::Transaction::commit).
    CommitUnknown,
    /// The call's deadline passed without a reply.
    Timeout,
    /// The server violated the protocol. The request may have been carried out.
    Protocol,
    /// The call consists of several requests, and one failed after others had been carried out. The message names it, and
    /// the [`source`](std::error::Error::source) is its error. Calling again repeats the requests that succeeded.
    PartlyApplied,
    /// The record has another version than [`if_version`](crate::query::write::Write::if_version) said, and is not written;
    /// [`Error::current_version`](super::Error::current_version) is its version.
    Stale,
    /// The database does not have the schema of the models; see [`SchemaReport`](crate::schema::SchemaReport).
    SchemaMismatch,
    /// A migration failed or cannot be run; the message names its file. See [`migration`](crate::migration).
    Migration,

    /// The request names something that does not exist or that the session may not see.
    NotFound,
    /// The record or definition to create exists already.
    AlreadyExists,
    /// Wrong credentials, an expired token or session, or missing rights.
    Auth,
    /// The server's capabilities forbid the method, function or target.
    NotAllowed,
    /// A write conflicted with a concurrent one.
    Conflict,
    /// A constraint of the schema refused the write; [`Error::violation`](super::Error::violation) has its parts.
    Violation,
    /// The query text or a parameter is not valid.
    Validation,
    /// The query executed a THROW.
    Thrown,
    /// A statement was not executed, was cancelled, or passed the server's own time limit.
    Query,
    /// The server is not configured for the request.
    Configuration,
    /// The server could not serialise or deserialise a value.
    ///
    /// With [`Delivery::Unknown`], the server ran the request but could not send the result, because it contains a regex,
    /// which has no CBOR form (server 3.3.5). The statements were carried out; their results are lost, and with them the
    /// errors of single statements. `RETURN NONE`, or a query without the regex, avoids the error.
    Serialization,
    /// Any other failure on the server.
    Internal,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidUrl => "invalid URL",
            Self::Unsupported => "unsupported",
            Self::InvalidArgument => "invalid argument",
            Self::Encode => "encoding failed",
            Self::Decode => "decoding failed",
            Self::TooLarge => "message too large",
            Self::Connect => "connecting failed",
            Self::Disconnected => "disconnected",
            Self::Closed => "connection closed",
            Self::SessionClosed => "session closed",
            Self::IdentityChanged => "identity changed",
            Self::TooManySessions => "too many sessions",
            Self::TooManyRecords => "too many records",
            Self::TooManyTransactions => "too many transactions",
            Self::TransactionClosed => "transaction closed",
            Self::TransactionFailed => "transaction failed",
            Self::TransactionLost => "transaction lost",
            Self::CommitUnknown => "commit outcome unknown",
            Self::Timeout => "timed out",
            Self::Protocol => "protocol violation",
            Self::PartlyApplied => "partly applied",
            Self::Stale => "stale version",
            Self::SchemaMismatch => "schema mismatch",
            Self::Migration => "migration failed",
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Auth => "not authorized",
            Self::NotAllowed => "not allowed by the server",
            Self::Conflict => "write conflict",
            Self::Violation => "constraint violation",
            Self::Validation => "invalid query",
            Self::Thrown => "thrown by the query",
            Self::Query => "query failed",
            Self::Configuration => "server not configured",
            Self::Serialization => "server-side serialization failed",
            Self::Internal => "internal server error",
        })
    }
}

/// The extent to which a failed request reached the server, and whether its outcome is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a request was not sent, was answered, is undone, or none of this is known"
)]
pub enum Delivery {
    /// The request was not sent: nothing happened on the server.
    NotSent,
    /// The server answered the request: the error describes the outcome.
    Answered,
    /// The request belongs to a transaction that is not committed, and never will be: nothing of it is kept.
    ///
    /// The request may have been carried out in the transaction, and the server may still be working on it. Functions
    /// with effects outside of the database, such as `http::post`, are not undone.
    RolledBack,
    /// The request was written to the socket and may have been applied, or may still be applied later: the reply is
    /// missing, cannot be read, or does not know the outcome. The server goes on with what it has received, also after
    /// its connection is lost. With the kind [`Serialization`](ErrorKind::Serialization), it was carried out.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_serialized_by_their_names_and_displayed_in_words() {
        for (kind, text) in [
            (ErrorKind::InvalidUrl, "invalid URL"),
            (ErrorKind::CommitUnknown, "commit outcome unknown"),
            (ErrorKind::NotFound, "not found"),
            (ErrorKind::Internal, "internal server error"),
        ] {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind:?}\""));
            assert_eq!(serde_json::from_str::<ErrorKind>(&json).unwrap(), kind);
            assert_eq!(kind.to_string(), text);
        }
    }
}
