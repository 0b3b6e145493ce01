//! The types of SurrealDB's values, and [`Value`], which is any of them.
//!
//! All of them implement serde's traits, so that they can be fields of any type. On the way to and from the server they
//! keep their type; in a human-readable format such as JSON they are plain text or data: a record id is `"user:ada"`, a
//! datetime is RFC 3339, a geometry is `GeoJSON`. Types of other crates for the same things are fields through [`with`].
//!
//! In an untagged enum of one's own, a variant that holds text should come before one that holds such a type: serde
//! does not say whether an untagged string came from JSON, and `user:ada` would be read as a record id.

mod any;
mod bytes;
mod datetime;
mod decimal;
mod duration;
mod file;
mod float;
mod geometry;
mod id;
mod invalid;
mod literal;
mod null;
mod parse;
mod range;
mod record_id;
mod record_key;
mod set;
mod table;
pub(crate) mod tag;
pub(crate) mod tagged;
mod text;
mod uuid;
pub mod with;

pub use any::Value;
pub use bytes::Bytes;
pub use datetime::Datetime;
pub use decimal::Decimal;
pub use duration::Duration;
pub use file::File;
pub use geometry::{Geometry, Position};
pub use id::Id;
pub use invalid::InvalidValue;
pub use null::Null;
pub use range::Range;
pub use record_id::RecordId;
pub use record_key::RecordKey;
pub use set::Set;
pub use table::Table;
pub(crate) use text::{escape_identifier, escape_object_key};
pub use uuid::Uuid;
