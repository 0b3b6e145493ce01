//! Typed, isolated sessions for SurrealDB over one WebSocket.
//!
//! A [`Surreal`] is a connection, and with the same verbs its default session. A [`Session`] is an isolated context on
//! the same socket, with its own namespace, database, variables and authentication. On both stand the verbs of
//! [`Queryable`]: raw SurrealQL with bound values, and typed records made with `#[derive(Record)]`.
//!
//! ```no_run
//! use serde::{Deserialize, Serialize};
//! use surreal_session::prelude::*;
//!
//! #[derive(Debug, Serialize, Deserialize, Record)]
//! struct User {
//!     id: Id<User>,
//!     name: String,
//!     age: u8,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! async fn main() -> surreal_session::Result<()> {
//!     let db = Surreal::connect("ws://127.0.0.1:8000").await?;
//!     let shop = db.new_session().signin(Root::new("root", "root")).use_ns("shop").use_db("inventory").await?;
//!
//!     let ada = shop.create::<User>().id("ada").content(NewUser { name: "Ada".into(), age: 36 }).await?;
//!     let found: Option<User> = shop.select::<User>().id(&ada.id).await?;
//!     assert_eq!(found.map(|user| user.age), Some(36));
//!     shop.close_session().await
//! }
//! ```
//!
//! # Features
//!
//! | Feature | Adds | Costs |
//! |---|---|---|
//! | `rustls` | `wss://` URLs, verified against Mozilla's root certificates | 15 crates, a C compiler for `ring` |
//!
//! # What to expect
//!
//! - Nothing happens until a builder is awaited; what happens when a future is dropped is said under `# Cancel safety`.
//! - Every call ends: with a reply, with an error, or at its deadline (30 seconds unless set). [`Error::delivery`]
//!   says whether the server may have acted.
//! - Nothing is retried, and a lost connection is not reopened.
//! - Requests that run at the same time are not ordered, even in one session, except those that change the session.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod codec;
mod connection;
mod error;
mod protocol;
mod query;
mod record;
mod session;

pub mod value;

pub use error::{Delivery, Error, ErrorDetails, ErrorKind, Result, ServerError, Violation};
pub use protocol::SessionId;
pub use query::{Args, Content, Create, NeedsContent, Query, Queryable, Response, Results, Run, Select, SelectOne};
pub use record::{IntoId, Key, Record};
pub use session::{
    Bearer, CallFuture, Connect, Credentials, Database, Namespace, NewSession, RecordAccess, Root, Scope, Session,
    Surreal, Token, Tokens, Use,
};
pub use surreal_session_derive::Record;
pub use value::{Datetime, Id, RecordId, RecordKey, Table, Value};

/// What most programs need: `use surreal_session::prelude::*;`.
pub mod prelude {
    pub use crate::error::{Delivery, ErrorKind, Violation};
    pub use crate::query::Queryable;
    pub use crate::record::Record;
    pub use crate::session::{Bearer, Database, Namespace, RecordAccess, Root, Session, Surreal, Token, Tokens};
    pub use crate::value::{Datetime, Id, RecordId, RecordKey, Table, Value};
    pub use surreal_session_derive::Record;
}

/// What generated code and the embedded server stand on. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use serde;

    pub use crate::record::{IdOf, Record};
    pub use crate::value::Id;

    /// The error of a program that could not start the server that it wanted to connect to.
    pub fn start_failed(source: impl std::error::Error + Send + Sync + 'static) -> crate::Error {
        crate::Error::new(crate::ErrorKind::Connect, "the embedded server did not start").with_source(source)
    }
}
