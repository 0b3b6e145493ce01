//! Requests that prove an identity, and the errors of their refusals.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use super::{Credentials, Token, Tokens};
use crate::codec;
use crate::error::{Delivery, Error, ErrorKind, Result, ServerError};
use crate::protocol::{Request, RequestWriter};

/// A request that proves an identity, and its description without a secret.
#[derive(Clone)]
pub struct AuthRequest {
    method: &'static str,
    params: Bytes,
    /// The attempt in messages, such as "sign in as root user `ada`".
    attempt: String,
    /// The cause of a refusal for which the server gives none.
    problem: &'static str,
    reauth_by: ReauthBy,
}

/// The means by which a session can prove the same identity again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReauthBy {
    /// The token that the server gave for the credentials.
    Token,
    /// The credentials: the server (3.3.5) does not accept a token that it issued for a bearer key.
    Credentials,
}

impl AuthRequest {
    pub(in crate::session) fn signin(credentials: &impl Credentials) -> Result<Self> {
        Self::with("signin", "sign in", credentials)
    }

    pub(in crate::session) fn signup(credentials: &impl Credentials) -> Result<Self> {
        Self::with("signup", "sign up", credentials)
    }

    pub(in crate::session) fn authenticate(token: &Token) -> Result<Self> {
        let problem =
            "the token is malformed or not valid yet, was issued by another server, or its user no longer exists";
        Self::new("authenticate", "authenticate with a token", token.as_str(), problem)
    }

    pub(in crate::session) fn refresh(tokens: &Tokens) -> Result<Self> {
        Self::new("refresh", "refresh the tokens", &TokenPair::of(tokens)?, USED_UP)
    }

    pub(in crate::session) fn revoke(tokens: &Tokens) -> Result<Self> {
        Self::new("revoke", "revoke the refresh token", &TokenPair::of(tokens)?, USED_UP)
    }

    fn with(method: &'static str, verb: &str, credentials: &impl Credentials) -> Result<Self> {
        credentials.check()?;
        let attempt = format!("{verb} {}", credentials.described());
        let request = Self::new(method, attempt, credentials, credentials.problem())?;
        Ok(Self { reauth_by: credentials.reauth_by(), ..request })
    }

    fn new<P: Serialize + ?Sized>(
        method: &'static str,
        attempt: impl Into<String>,
        params: &P,
        problem: &'static str,
    ) -> Result<Self> {
        let params = codec::encode(params)?;
        Ok(Self { method, params, attempt: attempt.into(), problem, reauth_by: ReauthBy::Token })
    }

    pub(in crate::session) fn method(&self) -> &'static str {
        self.method
    }

    /// Finishes a request of this method.
    pub(in crate::session) fn finish(&self, request: RequestWriter) -> Request {
        request.raw(&self.params).finish()
    }

    /// The error of a reply that contains no tokens.
    pub(in crate::session) fn malformed(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::protocol(format!("the reply to `{}` has no token", self.method)).with_source(error)
    }

    /// Returns true if the same request may prove the identity again. A sign-up makes a record: it is never repeated.
    pub(in crate::session) fn is_repeatable(&self) -> bool {
        self.method == "signin"
    }

    /// Returns true if the server accepts the token that it gives for this request.
    pub(in crate::session) fn gives_usable_token(&self) -> bool {
        self.reauth_by == ReauthBy::Token
    }

    /// The error of a refusal, with the attempt and a likely cause in its message.
    pub(in crate::session) fn refused(&self, error: Error) -> Error {
        let Some(server) = error.server().filter(|_| error.delivery() == Delivery::Answered) else { return error };
        let message = match self.advice(server) {
            Some(advice) => format!("cannot {}: {}; {advice}", self.attempt, server.message()),
            None => format!("cannot {}: {}", self.attempt, server.message()),
        };
        let kind = match kind(error.kind(), server) {
            // The server (3.3.5) tries to parse what a token says.
            ErrorKind::Validation if self.method == "authenticate" => ErrorKind::Auth,
            kind => kind,
        };
        error.with_message(message).with_kind(kind)
    }

    fn advice(&self, server: &ServerError) -> Option<&'static str> {
        match server.auth_detail() {
            Some("InvalidAuth" | "InvalidPass") => return Some(self.problem),
            Some("TokenExpired") => return Some("sign in again, or refresh it if there is a refresh token"),
            Some("UnexpectedAuth") => {
                return Some("a clause of the access method conflicted with a concurrent write: try again");
            }
            _ => {}
        }
        let is_bearers = server.message() == MISMATCH || server.error_kind() == ErrorKind::Validation;
        if self.method == "authenticate" && is_bearers {
            return Some("the server does not accept a token that it issued for a bearer key: sign in with the key");
        }
        ADVICE.iter().find(|(message, _)| *message == server.message()).map(|(_, advice)| *advice)
    }
}

/// Without the parameters, which are secrets.
impl fmt::Debug for AuthRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthRequest").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

/// The server refuses credentials with many errors, most of them without details: not found, not allowed, a clause that
/// failed. Errors about the server itself are no refusals.
fn kind(kind: ErrorKind, server: &ServerError) -> ErrorKind {
    use ErrorKind::{Auth, Conflict, Internal, NotAllowed, NotFound, Query, Thrown};
    let bare = server.details().is_none() && !server.message().starts_with("The server is ");
    match kind {
        _ if server.auth_detail() == Some("UnexpectedAuth") => Conflict,
        NotFound if server.is_detail("Namespace") || server.is_detail("Database") => Auth,
        NotFound | NotAllowed | Query | Thrown | Internal if bare => Auth,
        _ => kind,
    }
}

/// Both tokens, in the form that the server expects.
#[derive(Serialize)]
struct TokenPair<'a> {
    access: &'a str,
    refresh: &'a str,
}

impl<'a> TokenPair<'a> {
    fn of(tokens: &'a Tokens) -> Result<Self> {
        let without = || Error::argument("there is no refresh token: the access method is not defined WITH REFRESH");
        let refresh = tokens.refresh.as_ref().ok_or_else(without)?;
        Ok(Self { access: tokens.access.as_str(), refresh: refresh.as_str() })
    }
}

const USED_UP: &str = "the refresh token was used before, was revoked, or has expired";

/// Advice for refusals that the server (3.3.5) distinguishes by their text alone.
const ADVICE: [(&str, &str); 8] = [
    ("No record was returned", "its clause found nobody for these parameters"),
    ("The record access signin query failed", CLAUSE),
    ("The record access signup query failed", CLAUSE),
    ("This record access method does not allow signin", "it is defined without SIGNIN"),
    ("This record access method does not allow signup", "it is defined without SIGNUP"),
    (MISMATCH, "it has another TYPE than this needs"),
    ("This bearer access method requires a key to be provided", "it has TYPE BEARER: sign in with a `Bearer`"),
    (
        "This bearer access grant has an invalid format",
        "the key is not one that ACCESS … GRANT gives, or the parameter `refresh` is not a refresh token",
    ),
];

const MISMATCH: &str = "The access method cannot be used in the requested operation";

const CLAUSE: &str = "its clause failed, for example because of a missing parameter or a constraint of the table; \
    the server gives details only with SURREAL_INSECURE_FORWARD_ACCESS_ERRORS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_about_the_server_are_no_refusals_of_credentials() {
        let error = |kind: &str, message: &str, detail: Option<&str>| {
            let details = detail.map(|kind| crate::error::ErrorDetails { kind: kind.to_owned(), ..Default::default() });
            let (kind, message) = (kind.to_owned(), message.to_owned());
            ServerError { code: Some(-32000), message, kind, details, cause: None }
        };
        for (server, expected) in [
            (error("Internal", "The access method does not exist", None), ErrorKind::Auth),
            (error("Validation", "Parse error: Unexpected end of file", None), ErrorKind::Auth),
            (error("NotFound", "The database 'd' does not exist", Some("Database")), ErrorKind::Auth),
            (error("NotFound", "Session not found: 1", Some("Session")), ErrorKind::NotFound),
            (error("NotAllowed", "Method not allowed: signin", Some("Method")), ErrorKind::NotAllowed),
            (error("Query", "The query was not executed because", Some("TimedOut")), ErrorKind::Query),
            (error("Internal", "The server is unable to client the request", None), ErrorKind::Internal),
            (error("Internal", "The server is gracefully shutting down", None), ErrorKind::Internal),
        ] {
            let tried = AuthRequest::authenticate(&Token::from("t")).unwrap();
            let refused = tried.refused(Error::from_server("authenticate", server));
            assert_eq!(refused.kind(), expected, "{refused}");
        }
    }
}
