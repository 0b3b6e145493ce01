//! Keys of records.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::tag::{KeySeed, MapKey, Tag};
use super::tagged::Payload;
use super::text::escape_record_key;
use super::{Range, Uuid, Value, literal};

/// The key of a record, which is unique in its table.
///
/// The type is part of the key: the text `"1"` and the int `1` are the keys of two records.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RecordKey {
    /// An int.
    Int(i64),
    /// Text, the type of keys that the server generates.
    String(String),
    /// A uuid.
    Uuid(Uuid),
    /// An array of any values.
    Array(Vec<Value>),
    /// An object of any values.
    Object(BTreeMap<String, Value>),
    /// All keys between two bounds. A record id with such a key names many records.
    Range(Box<Range<RecordKey>>),
}

macro_rules! from {
    ($($type:ty => $variant:ident($value:ident) $convert:expr;)+) => {$(
        impl From<$type> for RecordKey {
            fn from($value: $type) -> Self {
                Self::$variant($convert)
            }
        }
    )+};
}

from! {
    i64 => Int(number) number;
    i32 => Int(number) number.into();
    u32 => Int(number) number.into();
    String => String(text) text;
    &String => String(text) text.clone();
    &str => String(text) text.to_owned();
    Uuid => Uuid(uuid) uuid;
    uuid::Uuid => Uuid(uuid) uuid.into();
    Vec<Value> => Array(elements) elements;
    BTreeMap<String, Value> => Object(entries) entries;
    Range<RecordKey> => Range(range) Box::new(range);
}

impl From<RecordKey> for Value {
    fn from(key: RecordKey) -> Self {
        match key {
            RecordKey::Int(number) => Self::Int(number),
            RecordKey::String(text) => Self::String(text),
            RecordKey::Uuid(uuid) => Self::Uuid(uuid),
            RecordKey::Array(elements) => Self::Array(elements),
            RecordKey::Object(entries) => Self::Object(entries),
            RecordKey::Range(range) => Self::Range(Box::new(range.map(Self::from))),
        }
    }
}

/// Writes the key as it appears after the colon of a record id.
impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::String(text) => f.write_str(&escape_record_key(text)),
            Self::Uuid(uuid) => write!(f, "u'{uuid}'"),
            Self::Array(elements) => literal::write_array(f, elements),
            Self::Object(entries) => literal::write_object(f, entries),
            Self::Range(range) => range.fmt(f),
        }
    }
}

impl Serialize for RecordKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::String(text) => serializer.serialize_str(text),
            Self::Uuid(uuid) => uuid.serialize(serializer),
            Self::Array(elements) => elements.serialize(serializer),
            Self::Object(entries) => entries.serialize(serializer),
            Self::Range(range) => range.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RecordKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RecordKeyVisitor)
    }
}

struct RecordKeyVisitor;

impl<'de> Visitor<'de> for RecordKeyVisitor {
    type Value = RecordKey;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key of a record")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<RecordKey, E> {
        Ok(RecordKey::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<RecordKey, E> {
        let key = i64::try_from(number).map(RecordKey::Int);
        key.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RecordKey, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<RecordKey, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<RecordKey, A::Error> {
        literal::read_array(elements).map(RecordKey::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RecordKey, A::Error> {
        match entries.next_key_seed(KeySeed)? {
            Some(MapKey::Reserved(Tag::Uuid)) => entries.next_value_seed(Payload::new()).map(RecordKey::Uuid),
            Some(MapKey::Reserved(Tag::Range)) => {
                entries.next_value_seed(Payload::new()).map(|range| RecordKey::Range(Box::new(range)))
            }
            Some(MapKey::Reserved(tag)) => Err(A::Error::invalid_type(Unexpected::Other(tag.noun()), &self)),
            Some(MapKey::Plain(first)) => literal::read_object(Some(first), entries).map(RecordKey::Object),
            None => Ok(RecordKey::Object(BTreeMap::new())),
        }
    }
}
