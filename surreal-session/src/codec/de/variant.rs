//! Enums: text for a variant without data, an object of one entry for one with data.

use std::borrow::Cow;

use serde::de::value::CowStrDeserializer;
use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, Unexpected, VariantAccess, Visitor};

use super::Deserializer;
use super::key::KeyDeserializer;
use crate::codec::DecodeError;
use crate::codec::reader::Reader;

/// A variant that came as text.
pub(super) struct Unit<'de>(Cow<'de, str>);

impl<'de> Unit<'de> {
    pub(super) fn new(variant: Cow<'de, str>) -> Self {
        Self(variant)
    }
}

impl<'de> EnumAccess<'de> for Unit<'de> {
    type Error = DecodeError;
    type Variant = NoData;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, NoData), DecodeError> {
        let variant: CowStrDeserializer<'_, DecodeError> = self.0.into_deserializer();
        seed.deserialize(variant).map(|variant| (variant, NoData))
    }
}

/// The data of a variant that came as text.
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

impl<'de> Deserializer<'de> {
    /// Reads the object of one entry whose header has been read.
    pub(super) fn visit_variant<V: Visitor<'de>>(
        &mut self,
        length: Option<usize>,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.enter()?;
        let value = visitor.visit_enum(Data { deserializer: self, key_at: 0 })?;
        if length.is_none() && !self.reader.at_break()? {
            return Err(DecodeError::new("expected an object of one entry, found more"));
        }
        self.leave();
        Ok(value)
    }
}

/// A variant with data.
struct Data<'a, 'de> {
    deserializer: &'a mut Deserializer<'de>,
    /// Where the name of the variant begins.
    key_at: usize,
}

impl Data<'_, '_> {
    #[cold]
    fn located(reader: &Reader<'_>, key_at: usize, error: DecodeError) -> DecodeError {
        error.in_key(reader.text_at(key_at))
    }
}

impl<'de> EnumAccess<'de> for Data<'_, 'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> Result<(V::Value, Self), DecodeError> {
        self.key_at = self.deserializer.reader.position();
        let variant = seed.deserialize(KeyDeserializer::read(&mut self.deserializer.reader)?)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Data<'_, 'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        let result = de::Deserialize::deserialize(&mut *self.deserializer);
        result.map_err(|error| Self::located(&self.deserializer.reader, self.key_at, error))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DecodeError> {
        let result = seed.deserialize(&mut *self.deserializer);
        result.map_err(|error| Self::located(&self.deserializer.reader, self.key_at, error))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, DecodeError> {
        let result = de::Deserializer::deserialize_tuple(&mut *self.deserializer, length, visitor);
        result.map_err(|error| Self::located(&self.deserializer.reader, self.key_at, error))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, DecodeError> {
        let result = de::Deserializer::deserialize_map(&mut *self.deserializer, visitor);
        result.map_err(|error| Self::located(&self.deserializer.reader, self.key_at, error))
    }
}
