//! The deserializer: reads Rust values from a slice of CBOR.

mod access;
mod key;
mod number;
mod row;
mod tagged;
mod variant;

use std::borrow::Cow;

use ciborium_ll::{Header, simple};
use serde::Deserialize;
use serde::de::{self, Visitor};

use super::reader::{Reader, is_absent, noun, stray_break, too_deep};
use super::{DecodeError, MAX_DECODE_DEPTH};
use crate::value::tag::{self, Tag};
use access::{ArrayAccess, ObjectAccess};

pub(super) use row::decode_row;

/// Reads one value after another from a slice.
#[derive(Debug)]
pub(super) struct Deserializer<'de> {
    reader: Reader<'de>,
    /// The number of open arrays, objects, tags and wrappers around the next item.
    depth: usize,
    /// Inside a record id. An ignored field would change which record it names, so it is an error there.
    is_in_id: bool,
    /// Directly inside a reserved name, where the special types read their payloads.
    is_in_name: bool,
}

pub(super) fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    Deserializer::new(bytes).read()
}

impl<'de> Deserializer<'de> {
    fn new(bytes: &'de [u8]) -> Self {
        Self { reader: Reader::new(bytes), depth: 0, is_in_id: false, is_in_name: false }
    }

    /// A deserializer for an element of an array, one level deep.
    fn in_array(element: &'de [u8]) -> Self {
        Self { depth: 1, ..Self::new(element) }
    }

    /// Reads a value that must use all bytes.
    fn read<T: Deserialize<'de>>(mut self) -> Result<T, DecodeError> {
        let value = T::deserialize(&mut self)?;
        self.end()?;
        Ok(value)
    }

    /// Fails if bytes are left.
    fn end(&self) -> Result<(), DecodeError> {
        self.reader.end()
    }

    /// Goes one level deeper; [`leave`](Self::leave) comes back. After an error the level no longer counts.
    fn enter(&mut self) -> Result<(), DecodeError> {
        if self.depth >= MAX_DECODE_DEPTH {
            return Err(too_deep(MAX_DECODE_DEPTH));
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn visit<V: Visitor<'de>>(&mut self, header: Header, visitor: V) -> Result<V::Value, DecodeError> {
        match header {
            Header::Positive(_) | Header::Negative(_) | Header::Float(_) => number::visit(header, visitor),
            Header::Text(length) => self.visit_text(length, visitor),
            Header::Bytes(length) => self.visit_bytes(length, visitor),
            Header::Array(length) => self.visit_array(length, visitor),
            Header::Map(length) => self.visit_object(length, visitor),
            Header::Simple(simple::FALSE) => visitor.visit_bool(false),
            Header::Simple(simple::TRUE) => visitor.visit_bool(true),
            Header::Simple(simple::NULL | simple::UNDEFINED) => visitor.visit_unit(),
            Header::Tag(tag::NONE) => {
                self.reader.skip()?;
                visitor.visit_none()
            }
            Header::Tag(number) => match Tag::from_number(number) {
                Some(tag) => self.visit_tagged(tag, visitor),
                None => self.visit_tagged_int(number, visitor),
            },
            Header::Break => Err(stray_break()),
            Header::Simple(_) => Err(mismatch(header, &visitor)),
        }
    }

    fn visit_text<V: Visitor<'de>>(&mut self, length: Option<usize>, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.text_body(length)? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn visit_bytes<V: Visitor<'de>>(&mut self, length: Option<usize>, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.bytes_body(length)? {
            Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
            Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
        }
    }

    fn visit_array<V: Visitor<'de>>(&mut self, length: Option<usize>, visitor: V) -> Result<V::Value, DecodeError> {
        self.enter()?;
        self.is_in_name = false;
        let mut elements = ArrayAccess::new(self, length);
        let value = visitor.visit_seq(&mut elements)?;
        elements.end()?;
        self.leave();
        Ok(value)
    }

    fn visit_object<V: Visitor<'de>>(&mut self, length: Option<usize>, visitor: V) -> Result<V::Value, DecodeError> {
        self.enter()?;
        self.is_in_name = false;
        let mut entries = ObjectAccess::new(self, length);
        let value = visitor.visit_map(&mut entries)?;
        entries.end()?;
        self.leave();
        Ok(value)
    }
}

/// Gives any int to the visitor, which checks the range; everything else is a mismatch.
macro_rules! deserialize_ints {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.reader.header()? {
                header @ (Header::Positive(_) | Header::Negative(_)) => number::visit(header, visitor),
                Header::Tag(tag) => self.visit_tagged_int(tag, visitor),
                header => Err(mismatch(header, &visitor)),
            }
        }
    )+};
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        !self.is_in_name
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let header = self.reader.header()?;
        self.visit(header, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.header()? {
            Header::Simple(simple::FALSE) => visitor.visit_bool(false),
            Header::Simple(simple::TRUE) => visitor.visit_bool(true),
            header => Err(mismatch(header, &visitor)),
        }
    }

    deserialize_ints! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.visit_float(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.visit_float(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if let Some(text) = self.reader.short_text() {
            return visitor.visit_borrowed_str(text);
        }
        match self.reader.header()? {
            Header::Text(length) => self.visit_text(length, visitor),
            header => Err(mismatch(header, &visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.header()? {
            Header::Bytes(length) => self.visit_bytes(length, visitor),
            header => Err(mismatch(header, &visitor)),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.reader.at_absent()? {
            self.reader.skip()?;
            return visitor.visit_none();
        }
        self.enter()?;
        let value = visitor.visit_some(&mut *self)?;
        self.leave();
        Ok(value)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.peek()? {
            header if is_absent(header) => self.reader.skip().and_then(|_| visitor.visit_unit()),
            header => Err(mismatch(header, &visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name == tag::BYTES {
            return self.deserialize_byte_buf(visitor);
        }
        if let Some(tag) = Tag::from_name(name) {
            return self.visit_expected(tag, visitor);
        }
        self.enter()?;
        self.is_in_name = false;
        let value = visitor.visit_newtype_struct(&mut *self)?;
        self.leave();
        Ok(value)
    }

    /// Reads an array, a set, or bytes one by one.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.header()? {
            Header::Array(length) => self.visit_array(length, visitor),
            Header::Bytes(length) => access::visit_each_byte(&self.reader.bytes_body(length)?, visitor),
            header if header == Header::Tag(Tag::Set.number()) => match self.reader.header()? {
                Header::Array(length) => self.visit_array(length, visitor),
                header => Err(mismatch(header, &visitor)),
            },
            header => Err(mismatch(header, &visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.header()? {
            Header::Map(length) => self.visit_object(length, visitor),
            header => Err(mismatch(header, &visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.reader.header()? {
            Header::Text(length) => visitor.visit_enum(key::VariantName::new(self.reader.text_body(length)?)),
            Header::Map(length @ (None | Some(1))) => self.visit_variant(length, visitor),
            Header::Map(Some(length)) => {
                Err(DecodeError::mismatch(&visitor, &format!("an object of {length} entries")))
            }
            header => Err(mismatch(header, &visitor)),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.is_in_id {
            return Err(DecodeError::new("the key has more fields than its type"));
        }
        self.reader.skip()?;
        visitor.visit_unit()
    }
}

#[cold]
fn mismatch<'de, V: Visitor<'de>>(found: Header, visitor: &V) -> DecodeError {
    match found {
        Header::Break => stray_break(),
        _ => DecodeError::mismatch(visitor, &noun(found)),
    }
}
