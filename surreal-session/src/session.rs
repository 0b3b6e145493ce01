//! Sessions: many isolated contexts over one connection, each with its own namespace, database, variables and identity.
//!
//! A [`Session`] is a shared handle on one server session; [`Surreal`] is the handle of a connection and, with the
//! same verbs, of its default session. What a session has selected is kept as the server last confirmed it, which is
//! what [`Session::fork`] copies.

mod attempt;
mod auth;
mod background;
mod bearer;
mod change;
mod connect;
mod credentials;
mod fork;
mod future;
mod handle;
mod info;
mod namespace;
mod new_session;
mod queue;
mod scope;
mod state;
mod streams;
mod surreal;
mod token;
mod variables;

pub(crate) use background::{Background, Begun};
pub use bearer::Bearer;
pub use connect::Connect;
pub use credentials::{Credentials, Database, Namespace, RecordAccess, Root};
pub use future::CallFuture;
pub use handle::Session;
pub use namespace::Use;
pub use new_session::NewSession;
pub(crate) use queue::{Place, Queue};
pub use scope::Scope;
pub(crate) use scope::check_name;
pub(crate) use streams::{Followed, WHO};
pub use surreal::Surreal;
pub use token::{Token, Tokens};
