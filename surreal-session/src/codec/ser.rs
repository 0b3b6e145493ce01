//! The serializer: writes Rust values into a buffer of CBOR.

mod compound;
mod key;
mod keys;

use std::borrow::Cow;

use std::any::type_name;

use ciborium_ll::Header;
use serde::ser::{self, Serialize};

use super::reader::Reader;
use super::{EncodeError, MAX_DEPTH, writer};
use crate::value::Value;
use crate::value::tag::{self, Tag};
use compound::{Buffered, Compound};

/// Appends values to a buffer. Generated code passes it to the functions that `#[serde(with)]` names.
#[derive(Debug)]
pub struct Serializer<'a> {
    buffer: &'a mut Vec<u8>,
    /// The number of open arrays, objects and tags around the next item.
    depth: usize,
    /// The number of open calls, including wrappers that write nothing, such as `Some`.
    calls: usize,
    /// Inside a duration, whose seconds are the server's only unsigned int.
    is_in_duration: bool,
    /// Directly inside a reserved name, where the special types write their payloads.
    is_in_name: bool,
    /// The form of `None` at this position.
    none: Absence,
    /// `true` to write the standard library's sets as sets instead of arrays.
    marks_sets: bool,
    /// Inside a value that serde will read through a buffer, as far as this can be detected.
    buffered: Buffered,
}

/// The form in which `None` is written.
///
/// The server drops entries of an object that are NONE. serde reads an absent field as `None` if the field is an
/// `Option`, but not if the `Option` is inside a newtype or a variant, or is the value of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absence {
    None,
    Null,
}

/// The standard library's set types. Serde writes them like any sequence; only the type's name identifies them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetType {
    Hash,
    BTree,
}

impl SetType {
    /// The set type with this name, in the form of [`type_name`].
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            _ if name.starts_with("std::collections::hash::set::HashSet<") => Some(Self::Hash),
            _ if name.starts_with("alloc::collections::btree::set::BTreeSet<") => Some(Self::BTree),
            _ => None,
        }
    }
}

impl<'a> Serializer<'a> {
    pub(crate) fn new(buffer: &'a mut Vec<u8>) -> Self {
        Self {
            buffer,
            depth: 0,
            calls: 0,
            is_in_duration: false,
            is_in_name: false,
            none: Absence::None,
            marks_sets: false,
            buffered: Buffered::None,
        }
    }

    /// Writes the standard library's sets as sets.
    pub(super) fn marking_sets(buffer: &'a mut Vec<u8>) -> Self {
        Self { marks_sets: true, ..Self::new(buffer) }
    }

    /// Refuses values that serde cannot read through a buffer, as for a flattened field.
    pub(crate) fn buffered(buffer: &'a mut Vec<u8>) -> Self {
        Self { buffered: Buffered::All, ..Self::new(buffer) }
    }

    /// Goes one level of CBOR deeper. [`leave`](Self::leave) comes back.
    fn enter(&mut self) -> Result<(), EncodeError> {
        if self.depth >= MAX_DEPTH {
            return Err(EncodeError::new(format!("the value is nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Serialises the content of a wrapper that writes nothing. Limits how many wrappers are nested.
    fn wrapped<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        if self.calls >= MAX_WRAPPERS {
            return Err(EncodeError::new(format!("the value is wrapped more than {MAX_WRAPPERS} times")));
        }
        self.calls += 1;
        self.is_in_name = false;
        self.inside(value)?;
        self.calls -= 1;
        Ok(())
    }

    /// Serialises a value that must be present: a `None` is NULL.
    fn inside<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let around = std::mem::replace(&mut self.none, Absence::Null);
        value.serialize(&mut *self)?;
        self.none = around;
        Ok(())
    }

    fn tagged<T: Serialize + ?Sized>(&mut self, name: &str, payload: &T) -> Result<(), EncodeError> {
        let tag = Tag::from_name(name).ok_or_else(|| EncodeError::new(format!("`{name}` is a reserved name")))?;
        let tag_at = self.buffer.len();
        self.enter()?;
        writer::tag(self.buffer, tag.number());
        let payload_at = self.buffer.len();
        self.is_in_duration = tag == Tag::Duration;
        self.payload(payload)?;
        self.is_in_duration = false;
        self.leave();
        match self.buffer.get(payload_at).is_some_and(|&first| holds(tag, first >> 5)) {
            true => Ok(()),
            false => self.restored(tag, tag_at, payload_at),
        }
    }

    fn payload<T: Serialize + ?Sized>(&mut self, payload: &T) -> Result<(), EncodeError> {
        self.is_in_name = true;
        let result = payload.serialize(&mut *self);
        self.is_in_name = false;
        result
    }

    fn bytes<T: Serialize + ?Sized>(&mut self, payload: &T) -> Result<(), EncodeError> {
        let at = self.buffer.len();
        self.payload(payload)?;
        match self.buffer.get(at).is_some_and(|&first| first >> 5 == major::BYTES) {
            true => Ok(()),
            false => Err(buffered("bytes")),
        }
    }

    /// Writes a special type that serde's buffer holds in its human-readable form.
    ///
    /// serde buffers the data of an enum inside an internally tagged enum.
    #[cold]
    fn restored(&mut self, tag: Tag, tag_at: usize, payload_at: usize) -> Result<(), EncodeError> {
        let payload = self.buffer.get(payload_at..).unwrap_or_default();
        let text = Reader::new(payload).text().map(Cow::into_owned);
        let value = text.ok().and_then(|text| Value::from_text(tag, &text)).ok_or_else(|| buffered(tag.noun()))?;
        self.buffer.truncate(tag_at);
        value.serialize(self)
    }

    /// Opens the object of one entry that represents a variant with data.
    fn variant(&mut self, variant: &str) -> Result<(), EncodeError> {
        self.enter()?;
        self.is_in_name = false;
        writer::map(self.buffer, 1);
        writer::text(self.buffer, variant);
        Ok(())
    }
}

impl<'b> ser::Serializer for &'b mut Serializer<'_> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Compound<'b>;
    type SerializeTuple = Compound<'b>;
    type SerializeTupleStruct = Compound<'b>;
    type SerializeTupleVariant = Compound<'b>;
    type SerializeMap = Compound<'b>;
    type SerializeStruct = Compound<'b>;
    type SerializeStructVariant = Compound<'b>;

    fn is_human_readable(&self) -> bool {
        !self.is_in_name
    }

    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        writer::bool(self.buffer, value);
        Ok(())
    }

    fn serialize_i8(self, number: i8) -> Result<(), EncodeError> {
        self.serialize_i64(number.into())
    }

    fn serialize_i16(self, number: i16) -> Result<(), EncodeError> {
        self.serialize_i64(number.into())
    }

    fn serialize_i32(self, number: i32) -> Result<(), EncodeError> {
        self.serialize_i64(number.into())
    }

    fn serialize_i64(self, number: i64) -> Result<(), EncodeError> {
        writer::integer(self.buffer, number);
        Ok(())
    }

    fn serialize_i128(self, number: i128) -> Result<(), EncodeError> {
        if self.buffered == Buffered::All {
            return Err(unreadable("an i128 or u128"));
        }
        i64::try_from(number).map(|number| writer::integer(self.buffer, number)).map_err(|_| too_big(number))
    }

    fn serialize_u8(self, number: u8) -> Result<(), EncodeError> {
        self.serialize_i64(number.into())
    }

    fn serialize_u16(self, number: u16) -> Result<(), EncodeError> {
        self.serialize_i64(number.into())
    }

    fn serialize_u32(self, number: u32) -> Result<(), EncodeError> {
        self.serialize_i64(number.into())
    }

    fn serialize_u64(self, number: u64) -> Result<(), EncodeError> {
        match i64::try_from(number) {
            Ok(number) => writer::integer(self.buffer, number),
            Err(_) if self.is_in_duration => writer::push(self.buffer, Header::Positive(number)),
            Err(_) => return Err(too_big(number)),
        }
        Ok(())
    }

    fn serialize_u128(self, number: u128) -> Result<(), EncodeError> {
        if self.buffered == Buffered::All {
            return Err(unreadable("an i128 or u128"));
        }
        i64::try_from(number).map(|number| writer::integer(self.buffer, number)).map_err(|_| too_big(number))
    }

    fn serialize_f32(self, number: f32) -> Result<(), EncodeError> {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Result<(), EncodeError> {
        writer::float(self.buffer, number);
        Ok(())
    }

    fn serialize_char(self, character: char) -> Result<(), EncodeError> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), EncodeError> {
        writer::text(self.buffer, text);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), EncodeError> {
        writer::bytes(self.buffer, bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        if self.none == Absence::Null {
            return self.serialize_unit();
        }
        self.enter()?;
        writer::none(self.buffer);
        self.leave();
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.wrapped(value)
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        writer::null(self.buffer);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), EncodeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), EncodeError> {
        match name {
            tag::BYTES => self.bytes(value),
            tag::NONE_NAME => {
                self.none = Absence::None;
                self.serialize_none()
            }
            _ if name.starts_with(tag::PREFIX) => self.tagged(name, value),
            _ => self.wrapped(value),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.variant(variant)?;
        self.inside(value).map_err(|error| error.in_key(variant))?;
        self.leave();
        Ok(())
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Compound<'b>, EncodeError> {
        Compound::array(self, length)
    }

    /// Writes the elements of a `HashSet` in the order of their bytes, so that equal sets have equal bytes.
    ///
    /// Only the type's name identifies a `HashSet`. If a compiler names it differently, the set is written in its
    /// iteration order.
    fn collect_seq<I>(self, elements: I) -> Result<(), EncodeError>
    where
        I: IntoIterator<Item: Serialize>,
    {
        let set = SetType::of(type_name::<I>().trim_start_matches('&'));
        let is_hash_set = set == Some(SetType::Hash);
        let is_marked = self.marks_sets && set.is_some();
        if is_marked {
            self.enter()?;
            writer::tag(self.buffer, Tag::Set.number());
        }
        let elements = elements.into_iter();
        let length = elements.size_hint();
        let mut array = Compound::array(&mut *self, length.1.filter(|&most| most == length.0))?;
        let start = array.len_bytes();
        let mut ends = Vec::new();
        for element in elements {
            array.write_element(&element)?;
            if is_hash_set {
                ends.push(array.len_bytes());
            }
        }
        array.sort_elements(start, &ends);
        array.close();
        if is_marked {
            self.leave();
        }
        Ok(())
    }

    fn serialize_tuple(self, length: usize) -> Result<Compound<'b>, EncodeError> {
        Compound::array(self, Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Compound<'b>, EncodeError> {
        Compound::array(self, Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'b>, EncodeError> {
        self.variant(variant)?;
        Compound::array(self, Some(length)).map(|array| array.of_variant(variant))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'b>, EncodeError> {
        Compound::object(self, length)
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Compound<'b>, EncodeError> {
        match name {
            JSON_NUMBER => Compound::json_number(self),
            JSON_TEXT => Err(EncodeError::new("JSON text cannot be written; use a `serde_json::Value`")),
            _ => Compound::object(self, Some(length)),
        }
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'b>, EncodeError> {
        self.variant(variant)?;
        Compound::object(self, Some(length)).map(|object| object.of_variant(variant))
    }
}

/// Returns `true` if an item of this major type can be the payload of a tag.
fn holds(tag: Tag, found: u8) -> bool {
    match tag {
        Tag::Included | Tag::Excluded => true,
        Tag::Table | Tag::Decimal => found == major::TEXT,
        Tag::Uuid => found == major::BYTES,
        _ => found == major::ARRAY,
    }
}

#[cold]
fn buffered(noun: &str) -> EncodeError {
    EncodeError::new(format!(
        "serde cannot keep the type of {noun} in an enum that is inside of an internally tagged enum"
    ))
}

/// serde's buffer has no ints of 128 bits, and keeps the keys of objects as text.
#[cold]
fn unreadable(noun: &str) -> EncodeError {
    EncodeError::new(format!(
        "serde cannot read {noun} inside of a tagged enum or a flattened field; use another type there"
    ))
}

/// The major types of CBOR.
mod major {
    pub(super) const BYTES: u8 = 2;
    pub(super) const TEXT: u8 = 3;
    pub(super) const ARRAY: u8 = 4;
}

/// The name under which `serde_json` writes a number with its feature `arbitrary_precision`.
const JSON_NUMBER: &str = "$serde_json::private::Number";

/// The name under which `serde_json` writes a `RawValue`.
const JSON_TEXT: &str = "$serde_json::private::RawValue";

/// 3.3.5 would wrap such a number silently.
#[cold]
fn too_big(number: impl std::fmt::Display) -> EncodeError {
    EncodeError::new(format!("{number} does not fit into an int of 64 bits; a decimal would hold it"))
}

/// Limits the stack for types that contain themselves without an array or object in between.
const MAX_WRAPPERS: usize = 256;
