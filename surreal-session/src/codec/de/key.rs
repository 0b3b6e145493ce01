//! The keys of objects, which are strings.

use std::borrow::Cow;

use ciborium_ll::Header;
use serde::de::{self, Visitor};
use serde::forward_to_deserialize_any;

use super::variant::Unit;
use crate::codec::DecodeError;
use crate::codec::reader::{Reader, noun};
use crate::value::tag;

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

    fn visit_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Cow::Borrowed(key) => visitor.visit_borrowed_bytes(key.as_bytes()),
            Cow::Owned(key) => visitor.visit_byte_buf(key.into_bytes()),
        }
    }
}

impl<'de> de::Deserializer<'de> for KeyDeserializer<'de> {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        false
    }

    /// Text, except that a key which looks like a reserved name is shown as bytes: it comes from stored data, and must
    /// not pass for a tag when serde buffers it. Strings and the names of fields accept bytes as well.
    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.0.starts_with(tag::PREFIX) { self.visit_bytes(visitor) } else { self.visit_text(visitor) }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.visit_text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
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
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}
