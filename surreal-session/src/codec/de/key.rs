//! The keys of objects, which are strings.

use std::borrow::Cow;

use ciborium_ll::Header;
use serde::de::{self, Visitor};
use serde::forward_to_deserialize_any;

use super::variant::Unit;
use crate::codec::DecodeError;
use crate::codec::reader::{Reader, noun};
use crate::value::tag::Tag;

/// One key.
pub(super) struct KeyDeserializer<'de>(Cow<'de, str>);

impl<'de> KeyDeserializer<'de> {
    #[inline]
    pub(super) fn read(reader: &mut Reader<'de>) -> Result<Self, DecodeError> {
        match reader.header()? {
            Header::Text(length) => reader.text_body(length).map(Self),
            header => Err(DecodeError::new(format!("the keys of an object must be strings, found {}", noun(header)))),
        }
    }

    fn visit_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Cow::Borrowed(key) => visitor.visit_borrowed_str(key),
            Cow::Owned(key) => visitor.visit_string(key),
        }
    }
}

impl<'de> de::Deserializer<'de> for KeyDeserializer<'de> {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.visit_text(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(Unit::new(self.0))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// The name under which a tagged item is shown.
pub(super) struct ReservedKey(pub(super) Tag);

impl<'de> de::Deserializer<'de> for ReservedKey {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        false
    }

    /// Bytes, which no key of an object is.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_bytes(self.0.name().as_bytes())
    }

    /// Text for a type that takes no other key, such as that of any JSON.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_borrowed_str(self.0.name())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
