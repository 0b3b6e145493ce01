//! The types of SurrealDB's values, and [`Value`], which holds a value of any type.
//!
//! All of them implement serde's traits, so that any type can have fields of them. They keep their type on the way to and
//! from the server. In a human-readable format such as JSON they are plain text or data: a record id is `"user:ada"`, a
//! datetime is RFC 3339, a geometry is `GeoJSON`. The adapters in [`with`] store types of other crates as these types.
//!
//! # Types of other crates
//!
//! A type of another crate is stored in its human-readable form: an `IpAddr` or a set of `bitflags` is a string. Use
//! [`with`] for types that SurrealDB has natively. The crate `time` has no human-readable form without its feature
//! `serde-human-readable`: a `time::Date` is then an array of the year and the day of the year, a `time::Weekday` an int.
//!
//! A `serde_json::Value` is written as plain data. Reading one from a record with a type that JSON lacks, such as an id or
//! a datetime, is a [`Decode`](crate::ErrorKind::Decode) error, because writing it back would lose the type. Read a
//! [`Value`] instead; `serde_json::to_value` converts it to JSON, with such types as text. A `RawValue` can be neither
//! written nor read.
//!
//! # Keys of maps
//!
//! The keys of an object are strings in the database. A map may have other keys that have a text form: ints, bools, chars,
//! variants without data, newtypes of these, ids, uuids, and other types that are text in a human-readable format. All
//! other keys, and `Option`, are an [`Encode`](crate::ErrorKind::Encode) error. A [`Value`] as a key reads back as a
//! string.
//!
//! # Enums and flattened fields
//!
//! serde reads flattened fields and enums with `tag` or `untagged` through a buffer, which has limits:
//!
//! - In an untagged enum, put a variant that holds text before one that holds a special type. The buffer does not keep
//!   whether a string came from JSON, so `user:ada` would be read as a record id.
//! - Text and [`Bytes`] cannot be variants of one untagged enum: with the text first, bytes that are UTF-8 are read as
//!   text. Give such an enum a tag.
//! - A map with ints or bools as keys, and an `i128` or `u128`, cannot be read through the buffer. In an enum with `tag`, in
//!   a flattened map, and in a flattened field of a record it is an [`Encode`](crate::ErrorKind::Encode) error (with `tag`
//!   and `content`, only if the name of the content sorts first). In an untagged enum, and in a field that is flattened into
//!   a nested object, it is written but cannot be read. Use text as keys and an `i64` there, or an enum without attributes.

mod any;
mod bytes;
mod datetime;
mod decimal;
mod duration;
mod file;
mod float;
mod geometry;
mod id;
mod literal;
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

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use any::Value;
pub use bytes::Bytes;
pub use datetime::Datetime;
pub use decimal::Decimal;
pub use duration::Duration;
pub use file::File;
pub use geometry::{Geometry, Position};
pub use id::Id;
pub use range::Range;
pub use record_id::RecordId;
pub use record_key::RecordKey;
pub use set::Set;
pub use table::Table;
pub(crate) use text::{escape_identifier, escape_object_key};
pub use uuid::Uuid;

/// NULL: an empty value, unlike NONE, which is no value.
///
/// Writes NULL, while [`Option::None`] writes NONE, and reads only NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Null;

impl fmt::Display for Null {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NULL")
    }
}

impl Serialize for Null {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Null {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NullVisitor)
    }
}

struct NullVisitor;

impl Visitor<'_> for NullVisitor {
    type Value = Null;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NULL")
    }

    fn visit_unit<E: Error>(self) -> Result<Null, E> {
        Ok(Null)
    }
}

/// Text or a number that is not a value of the requested type: the type, the reason, and for SurrealQL the position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue {
    noun: &'static str,
    reason: Cow<'static, str>,
    position: Option<usize>,
}

impl InvalidValue {
    pub(crate) fn new(noun: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { noun, reason: reason.into(), position: None }
    }

    pub(crate) fn at(self, position: usize) -> Self {
        Self { position: Some(position), ..self }
    }

    /// The byte of the text at which it stops being a [`Value`] or a [`RecordId`], counted from 0. `None` for other types.
    pub fn position(&self) -> Option<usize> {
        self.position
    }
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}: {}", self.noun, self.reason)?;
        match self.position {
            Some(position) => write!(f, " at byte {position}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for InvalidValue {}
