//! A try to become somebody: what is sent, and what is said when the server refuses it.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use super::state::Identity;
use super::variables::encode;
use super::{Credentials, Scope, Token, Tokens};
use crate::error::{Delivery, Error, ErrorKind, Result, ServerError};
use crate::protocol::Request;

/// A request that proves an identity, and its description without a secret.
#[derive(Clone)]
pub(super) struct Attempt {
    method: &'static str,
    params: Bytes,
    /// What was tried, as in "sign in as root user `ada`".
    what: String,
    /// What is wrong when the server says no more than that there was a problem.
    problem: &'static str,
    keeps: Keeps,
}

/// By what a session can become the same identity once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// The token that the server gave for the credentials.
    Token,
    /// The credentials: the server (3.3.5) takes back no token that it gave for a bearer key.
    Credentials,
}

impl Attempt {
    pub(super) fn signin(credentials: &impl Credentials) -> Result<Self> {
        Self::with("signin", "sign in", credentials)
    }

    pub(super) fn signup(credentials: &impl Credentials) -> Result<Self> {
        Self::with("signup", "sign up", credentials)
    }

    pub(super) fn authenticate(token: &Token) -> Result<Self> {
        let problem =
            "the token is malformed or not valid yet, or it is of another server, or whom it stands for is gone";
        Self::new("authenticate", "authenticate with a token", token.as_str(), problem)
    }

    pub(super) fn refresh(tokens: &Tokens) -> Result<Self> {
        Self::new("refresh", "refresh the tokens", &Pair::of(tokens)?, USED_UP)
    }

    pub(super) fn revoke(tokens: &Tokens) -> Result<Self> {
        Self::new("revoke", "revoke the refresh token", &Pair::of(tokens)?, USED_UP)
    }

    fn with(method: &'static str, verb: &str, credentials: &impl Credentials) -> Result<Self> {
        credentials.check()?;
        let what = format!("{verb} {}", credentials.whom());
        let attempt = Self::new(method, what, credentials, credentials.problem())?;
        Ok(Self { keeps: credentials.keeps(), ..attempt })
    }

    fn new<P: Serialize + ?Sized>(
        method: &'static str,
        what: impl Into<String>,
        params: &P,
        problem: &'static str,
    ) -> Result<Self> {
        Ok(Self { method, params: encode(params)?, what: what.into(), problem, keeps: Keeps::Token })
    }

    /// Sends it as a call that does not change the session, and gives the bytes of the answer.
    pub(super) async fn send_aside(&self, scope: &Scope) -> Result<Bytes> {
        let reply = scope.call(self.request(scope), None).await;
        reply.map_err(|error| self.refused(error))
    }

    pub(super) fn request(&self, scope: &Scope) -> Request {
        scope.request(self.method).raw(&self.params).finish()
    }

    /// The error of an answer that is not what the method gives.
    pub(super) fn malformed(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::protocol(format!("the reply to `{}` has no token", self.method)).with_source(error)
    }

    /// What the session has become by `tokens`, the answer.
    pub(super) fn identity(&self, tokens: &Tokens) -> Identity {
        match self.keeps {
            Keeps::Token => Identity::Token(tokens.access.clone()),
            Keeps::Credentials => Identity::Credentials(self.clone()),
        }
    }

    /// The error of a refusal, in the words of the attempt.
    pub(super) fn refused(&self, error: Error) -> Error {
        let Some(server) = error.server().filter(|_| error.delivery() == Delivery::Answered) else { return error };
        let message = match self.advice(server) {
            Some(advice) => format!("cannot {}: {}; {advice}", self.what, server.message()),
            None => format!("cannot {}: {}", self.what, server.message()),
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
            Some("TokenExpired") => return Some("sign in again, or refresh it where there is a refresh token"),
            Some("UnexpectedAuth") => {
                return Some("a clause of the access method lost against a concurrent write: try again");
            }
            _ => {}
        }
        let is_bearers = server.message() == MISMATCH || server.error_kind() == ErrorKind::Validation;
        if self.method == "authenticate" && is_bearers {
            return Some("a token that was given for a bearer key is not taken back: sign in with the key");
        }
        ADVICE.iter().find(|(message, _)| *message == server.message()).map(|(_, advice)| *advice)
    }
}

/// Without the parameters, which are secrets.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("what", &self.what).finish_non_exhaustive()
    }
}

/// The server says no to credentials in many ways, most of them without details: not found, not allowed, a clause that
/// failed. What it says about itself is none of them.
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

/// Both tokens, as the server wants them back.
#[derive(Serialize)]
struct Pair<'a> {
    access: &'a str,
    refresh: &'a str,
}

impl<'a> Pair<'a> {
    fn of(tokens: &'a Tokens) -> Result<Self> {
        let without = || Error::argument("there is no refresh token: the access method is not defined WITH REFRESH");
        let refresh = tokens.refresh.as_ref().ok_or_else(without)?;
        Ok(Self { access: tokens.access.as_str(), refresh: refresh.as_str() })
    }
}

const USED_UP: &str = "the refresh token was used before, was revoked, or has expired";

/// What to do about refusals that the server (3.3.5) tells apart by their text alone.
const ADVICE: [(&str, &str); 8] = [
    ("No record was returned", "its clause found or made nobody for these parameters"),
    ("The record access signin query failed", CLAUSE),
    ("The record access signup query failed", CLAUSE),
    ("This record access method does not allow signin", "it is defined without SIGNIN"),
    ("This record access method does not allow signup", "it is defined without SIGNUP"),
    (MISMATCH, "it is of another TYPE than this needs"),
    ("This bearer access method requires a key to be provided", "it is of TYPE BEARER: sign in with a `Bearer`"),
    (
        "This bearer access grant has an invalid format",
        "the key is not one that ACCESS … GRANT gives, or the parameter `refresh` is no refresh token",
    ),
];

const MISMATCH: &str = "The access method cannot be used in the requested operation";

const CLAUSE: &str = "its clause failed, for example by a parameter that is missing or a constraint of the table; \
    the server tells more only with SURREAL_INSECURE_FORWARD_ACCESS_ERRORS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_about_itself_is_no_matter_of_identity() {
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
            let tried = Attempt::authenticate(&Token::from("t")).unwrap();
            let refused = tried.refused(Error::from_server("authenticate", server));
            assert_eq!(refused.kind(), expected, "{refused}");
        }
    }
}
