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

/// The means by which a session proves its identity.
#[derive(Debug, Clone)]
pub(super) enum IdentitySource {
    Token(Token),
    Credentials(AuthRequest),
}
