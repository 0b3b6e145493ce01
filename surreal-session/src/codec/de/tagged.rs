//! SurrealDB's own types: tags that are asked for by name, and tags that turn up where anything may come.

use std::mem;

use ciborium_ll::Header;
use serde::de::{DeserializeSeed, MapAccess, Visitor};

use super::key::ReservedKey;
use super::{Deserializer, mismatch, number};
use crate::codec::DecodeError;
use crate::value::tag::Tag;

impl<'de> Deserializer<'de> {
    /// Reads an item that has to be of the type `tag`, and shows the payload.
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
            header if tag == Tag::Decimal => number::visit(header, visitor),
            header => Err(mismatch(header, &visitor)),
        }
    }

    /// Shows a tagged item, the tag of which has been read, as a map of one entry.
    pub(super) fn visit_tagged<V: Visitor<'de>>(&mut self, tag: Tag, visitor: V) -> Result<V::Value, DecodeError> {
        self.enter()?;
        let mut entry = Entry { deserializer: self, tag, state: State::Key };
        match visitor.visit_map(&mut entry) {
            // A type that takes no map at all does not know that it was a tag.
            Err(error) if entry.state == State::Key => Err(error.but_found(tag.noun())),
            Err(error) => Err(error),
            Ok(value) => {
                if entry.state != State::End {
                    self.reader.skip()?;
                }
                self.leave();
                Ok(value)
            }
        }
    }
}

/// A reserved name and the payload that it stands for.
struct Entry<'a, 'de> {
    deserializer: &'a mut Deserializer<'de>,
    tag: Tag,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Key,
    Payload,
    End,
}

impl<'de> MapAccess<'de> for &mut Entry<'_, 'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        if self.state != State::Key {
            return Ok(None);
        }
        self.state = State::Payload;
        seed.deserialize(ReservedKey(self.tag)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        if self.state != State::Payload {
            return Err(DecodeError::new(format!("{} has one payload", self.tag.noun())));
        }
        self.state = State::End;
        seed.deserialize(&mut *self.deserializer)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(usize::from(self.state == State::Key))
    }
}
