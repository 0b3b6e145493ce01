//! `Value` through serde.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::Value;
use crate::value::geometry::GeometryPayload;
use crate::value::literal;
use crate::value::range::Bounds;
use crate::value::tag::{self, KeySeed, MapKey, Tag};
use crate::value::tagged::{self, Payload};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_newtype_struct(tag::NONE_NAME, &()),
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Decimal(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => bytes.serialize(serializer),
            Self::Datetime(datetime) => datetime.serialize(serializer),
            Self::Duration(duration) => duration.serialize(serializer),
            Self::Uuid(uuid) => uuid.serialize(serializer),
            Self::Table(table) => table.serialize(serializer),
            Self::RecordId(id) => id.serialize(serializer),
            Self::Array(elements) => elements.serialize(serializer),
            Self::Set(set) => set.serialize(serializer),
            Self::Object(entries) => entries.serialize(serializer),
            Self::Geometry(geometry) => geometry.serialize(serializer),
            Self::File(file) => file.serialize(serializer),
            Self::Range(range) => tagged::serialize(serializer, Tag::Range, self, &Bounds(range)),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Only the deserializer's type shows that a field is absent. serde gives `None` to types that ask for an option, but
        // a flattened value must not ask for one.
        if std::any::type_name::<D>().ends_with(ABSENT_FIELD) {
            return Ok(Self::None);
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}

/// The deserializer with which serde reads an absent field in this crate's format. In others an absent field is an error.
const ABSENT_FIELD: &str = "::MissingFieldDeserializer<surreal_session::codec::error::DecodeError>";

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        self.visit_u128(number.into())
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(|_| out_of_range(number))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(|_| out_of_range(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(bytes.into()))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Bytes(bytes.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Value, A::Error> {
        literal::read_array(elements).map(Value::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        match entries.next_key_seed(KeySeed)? {
            Some(MapKey::Reserved(tag)) => visit_payload(tag, entries),
            Some(MapKey::Plain(first)) => literal::read_object(Some(first), entries).map(Value::Object),
            None => Ok(Value::Object(BTreeMap::new())),
        }
    }
}

/// Reads the payload of a tag.
fn visit_payload<'de, A: MapAccess<'de>>(tag: Tag, mut entry: A) -> Result<Value, A::Error> {
    match tag {
        Tag::Table => entry.next_value_seed(Payload::new()).map(Value::Table),
        Tag::RecordId => entry.next_value_seed(Payload::new()).map(Value::RecordId),
        Tag::Decimal => entry.next_value_seed(Payload::new()).map(Value::Decimal),
        Tag::Datetime => entry.next_value_seed(Payload::new()).map(Value::Datetime),
        Tag::Duration => entry.next_value_seed(Payload::new()).map(Value::Duration),
        Tag::Uuid => entry.next_value_seed(Payload::new()).map(Value::Uuid),
        Tag::File => entry.next_value_seed(Payload::new()).map(Value::File),
        Tag::Set => entry.next_value_seed(Payload::new()).map(Value::Set),
        Tag::Range => entry.next_value_seed(Payload::new()).map(|range| Value::Range(Box::new(range))),
        Tag::Included | Tag::Excluded => {
            Err(A::Error::invalid_type(Unexpected::Other(tag.noun()), &"any value outside a range"))
        }
        Tag::Point
        | Tag::Line
        | Tag::Polygon
        | Tag::MultiPoint
        | Tag::MultiLine
        | Tag::MultiPolygon
        | Tag::Collection => entry.next_value_seed(GeometryPayload(tag)).map(Value::Geometry),
    }
}

#[cold]
fn out_of_range<E: Error>(number: impl fmt::Display) -> E {
    E::custom(format!("{number} does not fit into an int of 64 bits"))
}
