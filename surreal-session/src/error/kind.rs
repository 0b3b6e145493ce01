//! What can go wrong, as far as a program can act on it.

/// The kind of an [`Error`](super::Error).
///
/// Kinds from [`NotFound`](Self::NotFound) on are the server's; those before it are found out by this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The URL cannot be read as one, or has parts that a connection cannot use.
    InvalidUrl,
    /// The URL's scheme or a feature of the server is not supported; the message says what to use instead.
    Unsupported,
    /// An argument cannot be sent: a variable's name, an identifier, an index out of range.
    InvalidArgument,
    /// A value cannot be written as SurrealDB's CBOR: an integer outside `i64`, a map key that has no text.
    Encode,
    /// The server's answer does not fit the type asked for; the message names the record and the path.
    Decode,
    /// The request is larger than the connection's message limit; it was not sent.
    TooLarge,
    /// The connection could not be opened.
    Connect,
    /// The connection was lost, or was closed by the server.
    Disconnected,
    /// The connection was closed by the program.
    Closed,
    /// The session was closed by the program.
    SessionClosed,
    /// The connection holds as many sessions as the server allows.
    TooManySessions,
    /// There are several records where the program asked for exactly one.
    TooManyRecords,
    /// The session has as many open transactions as the server allows.
    TooManyTransactions,
    /// The transaction was committed or cancelled before, perhaps through another handle of it.
    TransactionClosed,
    /// Something failed in the transaction before, or its session was reset: nothing of it is or will be kept. The
    /// [source](std::error::Error::source) is the first failure.
    TransactionFailed,
    /// The commit was sent, and whether it was carried out cannot be known; see
    /// [`Transaction::commit`](crate::Transaction::commit).
    CommitUnknown,
    /// No reply came before the call's deadline.
    Timeout,
    /// The server sent something that the protocol does not allow. The request may or may not have been carried out.
    Protocol,
    /// The call took several requests, and one failed after others had been carried out; the message says which, and
    /// the [`source`](std::error::Error::source) is that one's error. Calling again repeats what is done.
    PartlyApplied,

    /// Something that the request names does not exist, or the session may not see it.
    NotFound,
    /// Something that was to be created exists already.
    AlreadyExists,
    /// The session's identity is the cause: wrong credentials, an expired token or session, missing rights.
    Auth,
    /// The server's capabilities forbid the method, function or target.
    NotAllowed,
    /// A write lost against a concurrent one.
    Conflict,
    /// A constraint of the schema refused the write; [`Error::violation`](super::Error::violation) has its parts.
    Violation,
    /// The query text or a parameter is not valid.
    Validation,
    /// The query failed with THROW.
    Thrown,
    /// A statement was not executed, was cancelled, or passed the server's own time limit.
    Query,
    /// The server is not configured for what was asked.
    Configuration,
    /// The server could not serialise or deserialise a value.
    ///
    /// With [`Delivery::Unknown`], the server ran the request and could not send the result: it holds a regex, which has
    /// no CBOR (server 3.3.5). The statements were carried out; only their results are missing, and so it is unknown
    /// which of them failed. `RETURN NONE`, or a query that leaves the regex out, avoids the error.
    Serialization,
    /// Any other failure on the server.
    Internal,
}

/// Whether a failed request reached the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a request was not sent, was answered, or neither is known")]
pub enum Delivery {
    /// The request never left this process: nothing happened on the server.
    NotSent,
    /// The server answered it; what the answer says is what happened.
    Answered,
    /// The request was written to the socket and no answer came, or one that cannot be read or does not know the outcome:
    /// it may or may not have been carried out. Of kind [`Serialization`](ErrorKind::Serialization), it was carried out.
    Unknown,
}
