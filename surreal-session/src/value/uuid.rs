//! UUIDs.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::InvalidValue;
use super::tag::Tag;
use super::tagged::{self, Tagged};

/// A universally unique identifier.
///
/// Converts from and to [`uuid::Uuid`]. A field of that type is a string on the server, unless it uses
/// [`with::uuid`](mod@super::with::uuid).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Uuid(uuid::Uuid);

impl Uuid {
    /// Generates a random UUID (version 4).
    pub fn new_v4() -> Self {
        Self(uuid::Uuid::new_v4())
    }

    /// Generates a UUID that begins with the time (version 7), so that later ones sort after earlier ones.
    pub fn new_v7() -> Self {
        Self(uuid::Uuid::now_v7())
    }

    /// Returns the 16 bytes, most significant first.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl From<uuid::Uuid> for Uuid {
    fn from(uuid: uuid::Uuid) -> Self {
        Self(uuid)
    }
}

impl From<Uuid> for uuid::Uuid {
    fn from(uuid: Uuid) -> Self {
        uuid.0
    }
}

impl FromStr for Uuid {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        uuid::Uuid::parse_str(text).map(Self).map_err(|error| InvalidValue::new(Tag::Uuid.noun(), error.to_string()))
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({})", self.0)
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tagged::serialize(serializer, Tag::Uuid, self, &super::bytes::Borrowed::new(self.as_bytes()))
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl Tagged<'_> for Uuid {
    const TAG: Tag = Tag::Uuid;

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        text.parse().map_err(E::custom)
    }

    fn from_bytes<E: Error>(bytes: &[u8]) -> Result<Self, E> {
        match uuid::Uuid::from_slice(bytes) {
            Ok(uuid) => Ok(Self(uuid)),
            Err(_) => Err(E::invalid_value(Unexpected::Bytes(bytes), &"the 16 bytes of a uuid")),
        }
    }
}
