//! SurrealDB's own types: tags that a type asks for by name, and tags found where any value may be.

use std::mem;

use ciborium_ll::Header;
use serde::de::{DeserializeSeed, MapAccess, Visitor};

use super::key::ReservedKey;
use super::{Deserializer, mismatch};
use crate::codec::DecodeError;
use crate::value::tag::Tag;

impl<'de> Deserializer<'de> {
    /// Reads an item that must be of the type `tag`, and gives its payload to the visitor.
    pub(super) fn visit_expected<V: Visitor<'de>>(&mut self, tag: Tag, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.header()? {
            Header::Tag(number) if Tag::from_number(number) == Some(tag) => {
                self.enter()?;
                let outside = mem::replace(&mut self.is_in_id, tag == Tag::RecordId);
                self.is_in_name = true;
                let value = visitor.visit_newtype_struct(&mut *self)?;
                self.is_in_name = false;
                self.is_in_id = outside;
                self.leave();
                Ok(value)
            }
            header if tag == Tag::Decimal => self.visit_number(header, visitor),
            header => Err(mismatch(header, &visitor)),
        }
    }

    /// Gives a tagged item, whose tag has been read, to the visitor as a map of one entry.
    pub(super) fn visit_tagged<V: Visitor<'de>>(&mut self, tag: Tag, visitor: V) -> Result<V::Value, DecodeError> {
        self.enter()?;
        let mut entry = TaggedEntry { deserializer: self, tag, state: EntryState::Key };
        match visitor.visit_map(&mut entry) {
            // The type expected no map: name the tagged type in the error, not the map.
            Err(error) if entry.state == EntryState::Key => Err(error.with_found(tag.noun())),
            Err(error) => Err(error),
            Ok(value) => {
                if entry.state != EntryState::End {
                    self.reader.skip()?;
                }
                self.leave();
                Ok(value)
            }
        }
    }
}

/// A map of one entry: the reserved name and its payload.
struct TaggedEntry<'a, 'de> {
    deserializer: &'a mut Deserializer<'de>,
    tag: Tag,
    state: EntryState,
}

#[derive(Clone, Copy, PartialEq)]
enum EntryState {
    Key,
    Payload,
    End,
}

impl<'de> MapAccess<'de> for &mut TaggedEntry<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        if self.state != EntryState::Key {
            return Ok(None);
        }
        self.state = EntryState::Payload;
        seed.deserialize(ReservedKey(self.tag)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        if self.state != EntryState::Payload {
            return Err(DecodeError::new(format!("{} has one payload", self.tag.noun())));
        }
        self.state = EntryState::End;
        seed.deserialize(&mut *self.deserializer)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(usize::from(self.state == EntryState::Key))
    }
}
