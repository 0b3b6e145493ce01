//! The keys of objects, which can only be strings.

use serde::ser::{self, Impossible, Serialize};

use crate::codec::{EncodeError, writer};
use crate::value::tag::Tag;

/// Writes a key of a map if it is text.
pub(super) struct KeySerializer<'b> {
    buffer: &'b mut Vec<u8>,
}

impl<'b> KeySerializer<'b> {
    pub(super) fn new(buffer: &'b mut Vec<u8>) -> Self {
        Self { buffer }
    }
}

macro_rules! refuse {
    ($($method:ident($type:ty) $noun:literal)+) => {$(
        fn $method(self, _: $type) -> Result<(), EncodeError> {
            Err(not_text($noun))
        }
    )+};
}

impl ser::Serializer for KeySerializer<'_> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Impossible<(), EncodeError>;
    type SerializeTuple = Impossible<(), EncodeError>;
    type SerializeTupleStruct = Impossible<(), EncodeError>;
    type SerializeTupleVariant = Impossible<(), EncodeError>;
    type SerializeMap = Impossible<(), EncodeError>;
    type SerializeStruct = Impossible<(), EncodeError>;
    type SerializeStructVariant = Impossible<(), EncodeError>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_str(self, key: &str) -> Result<(), EncodeError> {
        writer::text(self.buffer, key);
        Ok(())
    }

    fn serialize_char(self, key: char) -> Result<(), EncodeError> {
        self.serialize_str(key.encode_utf8(&mut [0; 4]))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), EncodeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, key: &T) -> Result<(), EncodeError> {
        match Tag::from_name(name) {
            Some(tag) => Err(not_text(tag.noun())),
            None => key.serialize(self),
        }
    }

    refuse! {
        serialize_bool(bool) "a bool"
        serialize_i8(i8) "an int"
        serialize_i16(i16) "an int"
        serialize_i32(i32) "an int"
        serialize_i64(i64) "an int"
        serialize_i128(i128) "an int"
        serialize_u8(u8) "an int"
        serialize_u16(u16) "an int"
        serialize_u32(u32) "an int"
        serialize_u64(u64) "an int"
        serialize_u128(u128) "an int"
        serialize_f32(f32) "a float"
        serialize_f64(f64) "a float"
        serialize_bytes(&[u8]) "bytes"
        serialize_unit_struct(&'static str) "NULL"
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        Err(not_text("NONE"))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), EncodeError> {
        Err(not_text("an option"))
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        Err(not_text("NULL"))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), EncodeError> {
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
    EncodeError::new(format!("the keys of an object must be strings, found {found}"))
}
