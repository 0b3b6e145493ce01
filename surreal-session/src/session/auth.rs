//! Credentials and tokens, the requests that are made of them, and the identity that they prove.
//!
//! Nothing here knows a session. An [`AuthRequest`] is the part of a sign-in that the server gets. An [`IdentitySource`] has
//! what proves an identity again, and [`Facts`] is the server's view of it.

mod credentials;
mod facts;
mod provided;
mod request;
mod source;
mod token;

pub use credentials::{Bearer, Credentials, Database, Namespace, RecordAccess, Root};
pub(super) use facts::{FACTS, Facts};
pub use facts::{Identity, Level};
pub use provided::ProvidedCredentials;
pub(super) use request::AuthRequest;
pub(super) use source::{IdentitySource, OnRenewal, Reauth};
pub use token::{RefreshToken, Token, Tokens};
