//! Typed, isolated sessions for SurrealDB over one WebSocket.
//!
//! A [`Surreal`] is a connection, and also the handle of its default session. A [`Session`] is isolated from all others
//! on the same socket: it has its own namespace, database, variables and authentication. Both implement [`Queryable`],
//! which provides SurrealQL with bound values, and typed statements on records made with `#[derive(Record)]`. A
//! [`Transaction`] implements it as well. [`Session::live`] follows changes.
//!
//! ```
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
//! # surreal_session_embedded::example_url(async |url| {
//! // A URL such as "ws://127.0.0.1:8000".
//! let db = Surreal::connect(url).await?;
//! let shop = db.new_session().signin(Root::new("root", "root")).use_ns("shop").use_db("inventory").await?;
//!
//! let ada = shop.create::<User>().id("ada").content(NewUser { name: "Ada".into(), age: 36 }).await?;
//! let found: Option<User> = shop.select::<User>().id(&ada.id).await?;
//! assert_eq!(found.map(|user| user.age), Some(36));
//! shop.close_session().await
//! # });
//! ```
//!
//! # Features
//!
//! | Feature | Adds | Costs |
//! |---|---|---|
//! | `chrono` | conversions of its `DateTime` and `TimeDelta`, and adapters for fields in [`value::with`] | 3 crates |
//! | `geo-types` | the same for its geometries | 4 crates |
//! | `jiff` | the same for its `Timestamp` and `SignedDuration` | 2 crates |
//! | `opentelemetry` | `TraceContext::current`, for [`Connect::trace_context`] | 1 crate, if the program has none of it |
//! | `rust_decimal` | the same for its `Decimal` | 4 crates |
//! | `time` | the same for its `OffsetDateTime`, `UtcDateTime`, `Timestamp` and `Duration` | 5 crates |
//! | `native-tls` | `wss://` URLs by the TLS library of the system, with `TlsConfig::native_tls` | 9 crates, on Linux OpenSSL |
//! | `rustls` | `wss://` URLs, verified against Mozilla's root certificates | 10 crates, a C compiler for `ring` |
//! | `rustls-native-certs` | `TlsConfig::system_roots`, the root certificates of the system for `rustls` | 2 crates |
//!
//! # Rules
//!
//! - A builder does nothing until it is awaited. Its section `# Cancel safety` describes the effect of dropping its future.
//! - Every call ends: with a reply, with an error, or at its deadline (30 seconds by default). [`Error::delivery`] tells
//!   whether the server may have acted.
//! - A lost socket is opened again, and its sessions are restored; see [`Surreal`]. What may have been applied is never
//!   repeated: only reads that were lost, calls that were not sent, [`transaction().run(..)`](Session::transaction) after a
//!   conflict or a loss before its commit, the registration of a live query, and a call that the server has refused because
//!   its session had expired.
//! - Concurrent requests have no order, even in one session, except those that change the session.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "blocking")]
#[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
pub mod blocking;
mod codec;
pub mod connection;
mod error;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
#[path = "../../fuzz/promises/mod.rs"]
pub mod fuzzing;
pub mod live;
pub mod migration;
mod protocol;
pub mod query;
mod record;
pub mod schema;
mod session;
mod transaction;
pub mod value;

pub use error::{Delivery, Error, ErrorDetails, ErrorKind, Result, ServerError, Violation};
pub use protocol::{SessionId, TransactionId};
pub use query::condition::{Condition, all, any};
pub use query::expression::Expression;
pub use query::fetch::Link;
pub use query::queryable::Queryable;
pub use query::response::Response;
pub use query::select::Fields;
pub use query::statement::Query;
pub use query::surql::Surql;
#[doc(hidden)]
pub use query::{Scope, count, count_if};
pub use record::{Change, LinkTo, Object, Patch, Record, Relation, Stored, View, keep, merge, set, unset};
pub use session::{CallFuture, Connect, NewSession, Session, SessionCache, SessionCall, Surreal, Use};
pub use surreal_session_derive::{LinkTo, Object, Record, Stored, View, migrate, surql};
pub use transaction::{CommitMarker, Transaction, TransactionBuilder};
pub use value::{Datetime, Id, RecordId, Value};

/// Credentials and tokens.
pub mod auth {
    pub use crate::session::{
        Bearer, Credentials, Database, Identity, Level, Namespace, NewSessionWithTokens, ProvidedCredentials,
        RecordAccess, RefreshToken, Root, SessionCacheStats, Token, Tokens,
    };
}

/// Traversals of the graph, and the traits of their arguments.
pub mod graph {
    pub use crate::query::traverse::{
        InEdges, Origin, OutEdges, ReachedIds, Reference, ReferrersWithoutField, Traverse,
    };
}

/// The types of the fields that closures receive, such as `u.age`, and of their paths.
///
/// A path is a type: `u.address.city` is a `FieldRef<Dot<Dot<Of<User>, User, 3>, Address, 0>, String>`. Programs seldom write
/// these types.
pub mod field {
    pub use crate::query::expression::OperatorOperand;
    pub use crate::record::{
        Adapted, AlwaysPresent, At, Dot, Element, FieldRef, Flat, Flattened, Inserted, Last, LeadingTo, Maybe, Of,
        Path, ReadOnly, Through, Within, Writable,
    };
}

/// Traits that describe models: keys, ids, fields and generated types.
pub mod model {
    pub use crate::record::{
        AutoId, Collection, ComparedWith, Container, Endpoint, GenerateKey, IntoId, Keep, Key, KeyPrefix, Kind,
        LinkField, List, Map, Members, NewRecord, NormalRecord, Number, Optional, Ordered, Sum, Text, Total, Vector,
        VersionNumber, Versioned,
    };

    // Hidden items that messages of the compiler name.
    pub use crate::record::{
        Adapts, HasKey, HasTable, IdOf, KeyData, KeyPart, KeyedBy, Linked, NeedsId, NeedsRelation, Normal, OneOf,
        OptionalId, PatchOf, Shows, WithoutId, column, encoded, encoded_flat, encoded_with,
    };
    #[doc(hidden)]
    pub use crate::value::with::foreign::Probe;
    #[doc(no_inline)]
    pub use serde;
}

/// The names that most programs write: `use surreal_session::prelude::*;`.
pub mod prelude {
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    pub use crate::connection::TlsConfig;

    pub use crate::auth::{Bearer, Database, Namespace, RecordAccess, Root, Token, Tokens};
    pub use crate::connection::{ConnectionEvent, Reconnect};
    pub use crate::live::{
        Action, EndReason, Gap, LiveEvent, LiveId, LiveStream, Notification, SyncEvent, SyncedStream,
    };
    pub use crate::query::{Apply, Assign, PatchAction, PatchOp};
    pub use crate::value::{Datetime, Id, RecordId, RecordKey, Table, Value};
    pub use crate::{
        Change, Condition, Delivery, Error, ErrorKind, Expression, Fields, Link, LinkTo, Object, Patch, Queryable,
        Record, Relation, Response, ServerError, Session, SessionCache, Stored, Surql, Surreal, Transaction, View,
        Violation, all, any, count, count_if, keep, merge, set, surql, unset,
    };
}

/// The items that generated code and the embedded server use. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use serde;

    pub use std::option::Option::{self, None, Some};

    pub use crate::error::{Error, Result};
    pub use crate::migration::{Migration, Migrations};
    pub use crate::query::expression::Term;
    pub use crate::query::surql::{Surql, fixed, joined, path, table};
    pub use crate::record::{
        Adapted, Adapts, Collection, Container, GenerateKey, HasKey, KeyedBy, Kind, List, NeedsRelation, Normal, Shows,
        Stored,
    };
    pub use crate::record::{
        AlwaysExists, PlainColumn, ReadChange, VersionNumber, Versioned, ViewedAs, ViewedWhole, computed_column,
        in_field, read_flat, set,
    };
    pub use crate::record::{
        Assignments, Change, Column, Dot, Encoded, Endpoint, FieldRef, Flattened, HasTable, IdOf, IntoId, Key, KeyData,
        KeyPart, LinkTo, Linked, NewRecord, NoPatch, NormalRecord, Object, Of, OneOf, Patch, PatchOf, Path, ReadOnly,
        Record, Relation, View, column, difference, encoded, encoded_with, has_key_fields, key_field, leads_elsewhere,
        object_key, object_part,
    };
    pub use crate::record::{Clash, Flattening, NeedsId, OptionalId, difference_flat, encoded_flat, flat_names};
    pub use crate::record::{HasMembers, IndexModel, Member, Members, Rules, UnknownKind, no_columns, path_of};
    pub use crate::schema::{Definition, Item, TableModel};
    pub use crate::value::with::foreign::{FlatShape, Probe, Unknown};
    pub use crate::value::{Id, RecordId, RecordKey, Value};

    /// The error of a program whose server did not start.
    pub fn start_failed(source: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::new(crate::ErrorKind::Connect, "the embedded server did not start").with_source(source)
    }
}

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
pub struct Readme;
