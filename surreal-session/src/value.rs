//! The types of SurrealDB's values, and [`Value`], which is any of them.
//!
//! All of them implement serde's traits, so that they can be fields of any type. On the way to and from the server they
//! keep their type; in a human-readable format such as JSON they are plain text or data: a record id is `"user:ada"`, a
//! datetime is RFC 3339, a geometry is `GeoJSON`. Types of other crates for the same things are fields through [`with`].
//!
//! # Types of other crates
//!
//! The server gets the form that a type has in a human-readable format: an `IpAddr` or a set of `bitflags` is a string. Types
//! that the server has itself go through [`with`]. Without its feature `serde-human-readable`, the crate `time` has no such
//! form: a `time::Date` is then an array of the year and the day of the year, a `time::Weekday` an int.
//!
//! A `serde_json::Value` is written as plain data. It cannot be read where a record holds a type that JSON lacks, such as
//! an id or a datetime: that is a [`Decode`](crate::ErrorKind::Decode) error, as the type would be lost when the value is
//! written back. Read a [`Value`], which `serde_json::to_value` turns into JSON with such types as text. A `RawValue` can be
//! neither written nor read.
//!
//! # Keys of maps
//!
//! The keys of an object are strings in the database. A map may have other keys that have a text: ints, bools, chars,
//! variants without data, newtypes of these, ids, uuids, and what else is text in a human-readable format. Other keys are an
//! [`Encode`](crate::ErrorKind::Encode) error, and so is `Option`. A [`Value`] as a key is read back as a string.
//!
//! # Enums and flattened fields
//!
//! serde reads flattened fields and enums with `tag` or `untagged` through a buffer, which has limits of its own:
//!
//! - In an untagged enum, a variant that holds text comes before one that holds a special type: the buffer does not say
//!   whether a string came from JSON, and `user:ada` would be read as a record id.
//! - Text and [`Bytes`] cannot be variants of one untagged enum: with the text first, bytes that are UTF-8 are read as
//!   text. Such an enum needs a tag.
//! - A map with ints or bools as keys, and an `i128` or `u128`, cannot be read through the buffer. In an enum with `tag`, in a
//!   flattened map, and in a flattened field of a record it is an [`Encode`](crate::ErrorKind::Encode) error. (With `tag`
//!   and `content` only if the content comes first, in the order of the names.) In an untagged enum, and in a field that is
//!   flattened into a nested object, it is written, and the record cannot be read: use text as keys and an `i64` there, or
//!   an enum without attributes.

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
