//! Access to the elements of arrays and the entries of objects.

use serde::de::value::SeqDeserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::Deserializer;
use super::key::KeyDeserializer;
use crate::codec::DecodeError;
use crate::codec::reader::Remaining;

/// The elements of an array that is being read.
pub(super) struct ArrayAccess<'a, 'de> {
    deserializer: &'a mut Deserializer<'de>,
    left: Remaining,
    index: usize,
}

impl<'a, 'de> ArrayAccess<'a, 'de> {
    pub(super) fn new(deserializer: &'a mut Deserializer<'de>, length: Option<usize>) -> Self {
        Self { deserializer, left: Remaining::of(length), index: 0 }
    }

    /// Fails if elements are left that the type did not read.
    pub(super) fn end(mut self) -> Result<(), DecodeError> {
        let left = self.left.known().unwrap_or(0);
        if !self.left.next(&mut self.deserializer.reader)? {
            return Ok(());
        }
        let found = match left {
            0 => "more".to_owned(),
            left => (self.index + left).to_string(),
        };
        Err(DecodeError::new(format!("expected an array of {} elements, found {found}", self.index)))
    }
}

impl<'de> SeqAccess<'de> for &mut ArrayAccess<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        if !self.left.next(&mut self.deserializer.reader)? {
            return Ok(None);
        }
        let index = self.index;
        self.index += 1;
        seed.deserialize(&mut *self.deserializer).map(Some).map_err(|error| error.in_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        self.left.known()
    }
}

/// The entries of an object that is being read.
pub(super) struct ObjectAccess<'a, 'de> {
    deserializer: &'a mut Deserializer<'de>,
    left: Remaining,
    /// The position of the last key.
    key_at: usize,
}

impl<'a, 'de> ObjectAccess<'a, 'de> {
    pub(super) fn new(deserializer: &'a mut Deserializer<'de>, length: Option<usize>) -> Self {
        Self { deserializer, left: Remaining::of(length), key_at: 0 }
    }

    /// Fails if entries are left that the type did not read.
    pub(super) fn end(mut self) -> Result<(), DecodeError> {
        match self.left.next(&mut self.deserializer.reader)? {
            true => Err(DecodeError::new("the object has more entries than expected")),
            false => Ok(()),
        }
    }
}

impl<'de> MapAccess<'de> for &mut ObjectAccess<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        if !self.left.next(&mut self.deserializer.reader)? {
            return Ok(None);
        }
        self.key_at = self.deserializer.reader.position();
        seed.deserialize(KeyDeserializer::read(&mut self.deserializer.reader)?).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let result = seed.deserialize(&mut *self.deserializer);
        result.map_err(|error| error.in_key(self.deserializer.reader.text_at(self.key_at)))
    }

    fn size_hint(&self) -> Option<usize> {
        self.left.known()
    }
}

/// Gives bytes to a type that reads an array, such as `Vec<u8>`.
pub(super) fn visit_each_byte<'de, V: Visitor<'de>>(bytes: &[u8], visitor: V) -> Result<V::Value, DecodeError> {
    let mut bytes = SeqDeserializer::new(bytes.iter().copied());
    let value = visitor.visit_seq(&mut bytes)?;
    bytes.end()?;
    Ok(value)
}
