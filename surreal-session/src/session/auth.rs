//! Credentials and tokens, and the requests that are made of them.
//!
//! Nothing here knows a session. An [`AuthRequest`] is the part of a sign-in that the server gets; a session keeps it if it
//! can prove its identity again only by its credentials.

mod credentials;
mod request;
mod token;

pub use credentials::{Bearer, Credentials, Database, Namespace, RecordAccess, Root};
pub(super) use request::AuthRequest;
pub use token::{RefreshToken, Token, Tokens};

/// The means by which a session proves its identity, the first one first.
#[derive(Debug, Clone, Default)]
pub(super) struct IdentitySource {
    pub(super) token: Option<Token>,
    pub(super) credentials: Option<AuthRequest>,
}

impl IdentitySource {
    pub(super) fn of_token(token: Token) -> Self {
        Self { token: Some(token), credentials: None }
    }

    pub(super) fn of_credentials(request: AuthRequest) -> Self {
        Self { token: None, credentials: Some(request) }
    }
}
