//! Enum variants with data: objects of one entry.

use serde::de::{self, DeserializeSeed, EnumAccess, VariantAccess, Visitor};

use super::Deserializer;
use super::key::KeyDeserializer;
use crate::codec::DecodeError;
use crate::codec::reader::Reader;

impl<'de> Deserializer<'de> {
    /// Reads a variant from an object of one entry, whose header has been read.
    pub(super) fn visit_variant<V: Visitor<'de>>(
        &mut self,
        length: Option<usize>,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.enter()?;
        let value = visitor.visit_enum(VariantData { deserializer: self, key_at: 0 })?;
        if length.is_none() && !self.reader.at_break()? {
            return Err(DecodeError::new("expected an object of one entry, found more"));
        }
        self.leave();
        Ok(value)
    }
}

/// A variant with data that is being read.
struct VariantData<'a, 'de> {
    deserializer: &'a mut Deserializer<'de>,
    /// The position of the variant's name.
    key_at: usize,
}

impl VariantData<'_, '_> {
    #[cold]
    fn located(reader: &Reader<'_>, key_at: usize, error: DecodeError) -> DecodeError {
        error.in_key(reader.text_at(key_at))
    }
}

impl<'de> EnumAccess<'de> for VariantData<'_, 'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> Result<(V::Value, Self), DecodeError> {
        self.key_at = self.deserializer.reader.position();
        let variant = seed.deserialize(KeyDeserializer::read(&mut self.deserializer.reader)?)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for VariantData<'_, 'de> {
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
