//! Keys of objects, which are strings in the database.

use std::borrow::Cow;

use ciborium_ll::Header;
use serde::de::value::CowStrDeserializer;
use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, Unexpected, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::codec::DecodeError;
use crate::codec::reader::{Reader, noun};
use crate::value::tag::Tag;

/// Reads a map's key from the text of an object's key.
pub(super) struct KeyDeserializer<'de>(Cow<'de, str>);

impl<'de> KeyDeserializer<'de> {
    #[inline]
    pub(super) fn read(reader: &mut Reader<'de>) -> Result<Self, DecodeError> {
        if let Some(key) = reader.short_text() {
            return Ok(Self(Cow::Borrowed(key)));
        }
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

/// Reads an int or a bool from its text, the form that `ser/key.rs` writes.
macro_rules! literals {
    ($($method:ident $visit:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.0.parse() {
                Ok(literal) => visitor.$visit(literal),
                Err(_) => self.visit_text(visitor),
            }
        }
    )+};
}

impl<'de> de::Deserializer<'de> for KeyDeserializer<'de> {
    type Error = DecodeError;

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
        visitor.visit_enum(VariantName::new(self.0))
    }

    literals! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8
        deserialize_i16 visit_i16
        deserialize_i32 visit_i32
        deserialize_i64 visit_i64
        deserialize_i128 visit_i128
        deserialize_u8 visit_u8
        deserialize_u16 visit_u16
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
        deserialize_u128 visit_u128
    }

    forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// An enum variant without data, which is text.
pub(super) struct VariantName<'de>(Cow<'de, str>);

impl<'de> VariantName<'de> {
    pub(super) fn new(name: Cow<'de, str>) -> Self {
        Self(name)
    }
}

impl<'de> EnumAccess<'de> for VariantName<'de> {
    type Error = DecodeError;
    type Variant = NoData;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, NoData), DecodeError> {
        let name: CowStrDeserializer<'_, DecodeError> = self.0.into_deserializer();
        seed.deserialize(name).map(|variant| (variant, NoData))
    }
}

/// The missing data of a variant that is text.
pub(super) struct NoData;

impl<'de> VariantAccess<'de> for NoData {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, DecodeError> {
        Err(no_data())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, DecodeError> {
        Err(no_data())
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, DecodeError> {
        Err(no_data())
    }
}

fn no_data() -> DecodeError {
    <DecodeError as de::Error>::invalid_type(Unexpected::Str(""), &"an object with the variant and its data")
}

/// The reserved name of a tagged item, as a key: bytes, which no key of an object can be.
pub(super) struct ReservedKey(pub(super) Tag);

impl<'de> de::Deserializer<'de> for ReservedKey {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.0.with_key(|key| visitor.visit_bytes(key))
    }

    /// Fails: a type whose keys are text, such as JSON, cannot hold a tagged item.
    fn deserialize_str<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::new(format!(
            "found {}, but the type holds plain data only; read a `Value`, which `serde_json::to_value` turns into plain \
             data",
            self.0.noun()
        )))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
