//! Keys of objects, which are strings in the database.
//!
//! A key of another type is written as its text, as `serde_json` does: ints and bools, and the types that are text in a
//! human-readable format, such as ids and uuids.

use std::fmt;

use serde::ser::{self, Impossible, Serialize};

use crate::codec::{EncodeError, writer};
use crate::value::tag;

/// Writes a map's key as text; fails if it has no text form.
pub(super) struct KeySerializer<'b> {
    buffer: &'b mut Vec<u8>,
    keys: Keys,
}

/// The types of keys that a map may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    Any,
    /// No ints or bools. serde reads a flattened map through a buffer that keeps text as text, so they could not be read
    /// back.
    Text,
}

impl<'b> KeySerializer<'b> {
    pub(super) fn new(buffer: &'b mut Vec<u8>, keys: Keys) -> Self {
        Self { buffer, keys }
    }

    fn write_literal(self, literal: &impl fmt::Display) -> Result<Keys, EncodeError> {
        if self.keys == Keys::Text {
            return Err(super::unreadable("a map with ints or bools as keys"));
        }
        writer::text(self.buffer, &literal.to_string());
        Ok(Keys::Any)
    }
}

macro_rules! refuse {
    ($($method:ident($type:ty) $noun:literal)+) => {$(
        fn $method(self, _: $type) -> Result<Keys, EncodeError> {
            Err(not_text($noun))
        }
    )+};
}

macro_rules! literals {
    ($($method:ident($type:ty))+) => {$(
        fn $method(self, literal: $type) -> Result<Keys, EncodeError> {
            self.write_literal(&literal)
        }
    )+};
}

impl ser::Serializer for KeySerializer<'_> {
    type Ok = Keys;
    type Error = EncodeError;
    type SerializeSeq = Impossible<Keys, EncodeError>;
    type SerializeTuple = Impossible<Keys, EncodeError>;
    type SerializeTupleStruct = Impossible<Keys, EncodeError>;
    type SerializeTupleVariant = Impossible<Keys, EncodeError>;
    type SerializeMap = Impossible<Keys, EncodeError>;
    type SerializeStruct = Impossible<Keys, EncodeError>;
    type SerializeStructVariant = Impossible<Keys, EncodeError>;

    fn serialize_str(self, key: &str) -> Result<Keys, EncodeError> {
        writer::text(self.buffer, key);
        Ok(Keys::Text)
    }

    fn serialize_char(self, key: char) -> Result<Keys, EncodeError> {
        self.serialize_str(key.encode_utf8(&mut [0; 4]))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Keys, EncodeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, key: &T) -> Result<Keys, EncodeError> {
        if name == tag::NONE_NAME {
            return self.serialize_none();
        }
        key.serialize(self)
    }

    literals! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_i128(i128) serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_u128(u128)
    }

    refuse! {
        serialize_f32(f32) "a float"
        serialize_f64(f64) "a float"
        serialize_bytes(&[u8]) "bytes"
        serialize_unit_struct(&'static str) "NULL"
    }

    fn serialize_none(self) -> Result<Keys, EncodeError> {
        Err(not_text("NONE"))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Keys, EncodeError> {
        Err(not_text("an option"))
    }

    fn serialize_unit(self) -> Result<Keys, EncodeError> {
        Err(not_text("NULL"))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Keys, EncodeError> {
        Err(not_text("an object"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, EncodeError> {
        Err(not_text("an array"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, EncodeError> {
        Err(not_text("an array"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, EncodeError> {
        Err(not_text("an array"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, EncodeError> {
        Err(not_text("an object"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, EncodeError> {
        Err(not_text("an object"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, EncodeError> {
        Err(not_text("an object"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, EncodeError> {
        Err(not_text("an object"))
    }
}

#[cold]
fn not_text(found: &str) -> EncodeError {
    EncodeError::new(format!("the keys of an object must be strings, and {found} has no text form"))
}
