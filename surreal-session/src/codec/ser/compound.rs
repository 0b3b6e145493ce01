//! Writes arrays and objects.

use std::any::type_name;

use ciborium_ll::Header;
use serde::ser::{self, Serialize};

use super::key::{KeySerializer, Keys};
use super::keys::SeenKeys;
use super::{Absence, Serializer};
use crate::codec::reader::Reader;
use crate::codec::{EncodeError, writer};

/// An open array or object.
pub struct Compound<'b> {
    buffer: &'b mut Vec<u8>,
    depth: &'b mut usize,
    calls: usize,
    is_in_duration: bool,
    marks_sets: bool,
    header: fn(Option<usize>) -> Header,
    header_at: usize,
    announced: Option<usize>,
    written: usize,
    key_at: usize,
    /// The keys that the map may have.
    keys: Keys,
    /// Which values serde will read through a buffer.
    buffered: Buffered,
    /// `true` for a number of `serde_json`, whose only field is its text.
    is_json_number: bool,
    /// The keys written so far.
    seen: SeenKeys,
    /// The enum variant whose data this is; it adds an object of one entry around it.
    variant: Option<&'static str>,
}

/// The values of an object that serde will read through a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Buffered {
    None,
    /// Those before the tag: the server sorts entries by name.
    Before(&'static str),
    All,
}

impl<'b> Compound<'b> {
    pub(super) fn array(serializer: &'b mut Serializer<'_>, length: Option<usize>) -> Result<Self, EncodeError> {
        Self::open(serializer, Header::Array, length)
    }

    pub(super) fn object(serializer: &'b mut Serializer<'_>, length: Option<usize>) -> Result<Self, EncodeError> {
        Self::open(serializer, Header::Map, length)
    }

    pub(super) fn of_variant(mut self, variant: &'static str) -> Self {
        self.variant = Some(variant);
        self
    }

    /// Opens nothing: the number replaces the object.
    pub(super) fn json_number(serializer: &'b mut Serializer<'_>) -> Result<Self, EncodeError> {
        let mut number = Self::open(serializer, Header::Map, Some(1))?;
        number.buffer.truncate(number.header_at);
        number.is_json_number = true;
        Ok(number)
    }

    pub(super) fn len_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Sorts the elements by their bytes; they lie between `start` and these ends.
    pub(super) fn sort_elements(&mut self, start: usize, ends: &[usize]) {
        let starts = std::iter::once(start).chain(ends.iter().copied());
        let mut elements: Vec<_> = starts.zip(ends).map(|(from, &to)| self.buffer[from..to].to_vec()).collect();
        elements.sort_unstable();
        if !elements.is_empty() {
            self.buffer.truncate(start);
            self.buffer.extend(elements.into_iter().flatten());
        }
    }

    fn open(
        serializer: &'b mut Serializer<'_>,
        header: fn(Option<usize>) -> Header,
        announced: Option<usize>,
    ) -> Result<Self, EncodeError> {
        serializer.enter()?;
        let header_at = serializer.buffer.len();
        writer::push(serializer.buffer, header(announced));
        Ok(Self {
            calls: serializer.calls,
            is_in_duration: serializer.is_in_duration,
            marks_sets: serializer.marks_sets,
            buffer: serializer.buffer,
            depth: &mut serializer.depth,
            header,
            header_at,
            announced,
            written: 0,
            key_at: header_at,
            // A map of unknown length is usually a struct with flattened fields.
            keys: if announced.is_some() && serializer.buffered == Buffered::None { Keys::Any } else { Keys::Text },
            buffered: serializer.buffered,
            is_json_number: false,
            seen: SeenKeys::default(),
            variant: None,
        })
    }

    fn write<T: Serialize + ?Sized>(&mut self, value: &T, none: Absence) -> Result<(), EncodeError> {
        let mut serializer = Serializer {
            none,
            buffer: self.buffer,
            depth: *self.depth,
            calls: self.calls,
            is_in_duration: self.is_in_duration,
            is_in_name: false,
            marks_sets: self.marks_sets,
            buffered: if self.buffered == Buffered::All { Buffered::All } else { Buffered::None },
        };
        value.serialize(&mut serializer)
    }

    pub(super) fn write_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let index = self.written;
        self.written += 1;
        self.write(value, Absence::None).map_err(|error| self.in_variant(error.in_index(index)))
    }

    /// Recognises an enum by its tag: the first field, of a type that no field of a struct has.
    fn note_tag<T: ?Sized>(&mut self, name: &'static str) {
        let ty = type_name::<T>();
        match self.buffered {
            Buffered::None if self.written == 0 && ty == type_name::<str>() => self.buffered = Buffered::All,
            Buffered::None if self.written == 0 && ty.ends_with(ADJACENT_TAG) => self.buffered = Buffered::Before(name),
            Buffered::Before(tag) if name < tag => self.buffered = Buffered::All,
            _ => {}
        }
    }

    fn write_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), EncodeError> {
        self.note_tag::<T>(name);
        self.key_at = self.buffer.len();
        writer::text(self.buffer, name);
        self.written += 1;
        self.note_key().map_err(|error| self.in_variant(error))?;
        self.write(value, Absence::None).map_err(|error| self.in_variant(error.in_key(name)))
    }

    /// Fails if the object already has the last key: the server would keep only one of the two values.
    fn note_key(&mut self) -> Result<(), EncodeError> {
        if self.seen.add(self.buffer, self.key_at) {
            return Ok(());
        }
        Err(EncodeError::new(format!("two entries of an object have the key `{}`", self.key().escape_debug())))
    }

    #[cold]
    fn write_json_number<T: Serialize + ?Sized>(&mut self, text: &T) -> Result<(), EncodeError> {
        self.written += 1;
        self.write(text, Absence::None)?;
        let text = Reader::new(self.buffer.get(self.header_at..).unwrap_or_default()).text();
        let text = text.map_err(|error| EncodeError::new(error.message()))?.into_owned();
        self.buffer.truncate(self.header_at);
        match (text.parse::<i128>(), text.parse()) {
            (Ok(number), _) => self.write(&number, Absence::None),
            (Err(_), Ok(number)) => self.write::<f64>(&number, Absence::None),
            _ => Err(EncodeError::new("malformed number")),
        }
    }

    #[cold]
    fn in_variant(&self, error: EncodeError) -> EncodeError {
        match self.variant {
            Some(variant) => error.in_key(variant),
            None => error,
        }
    }

    pub(super) fn close(self) {
        match self.announced {
            None => writer::end(self.buffer),
            // Some impls of `Serialize` announce a wrong number of items. Without this correction, the server would
            // misread the rest of the request.
            Some(announced) if announced != self.written => {
                let mut header = Vec::new();
                writer::push(&mut header, (self.header)(Some(announced)));
                let announced_at = self.header_at..self.header_at + header.len();
                header.clear();
                writer::push(&mut header, (self.header)(Some(self.written)));
                self.buffer.splice(announced_at, header);
            }
            Some(_) => {}
        }
        *self.depth -= 1 + usize::from(self.variant.is_some());
    }

    /// The last key, for messages.
    #[cold]
    fn key(&self) -> String {
        let mut reader = Reader::new(self.buffer.get(self.key_at..).unwrap_or_default());
        reader.text().map_or_else(|_| String::new(), std::borrow::Cow::into_owned)
    }
}

/// The end of the type name with which serde writes the tag of an enum with `tag` and `content`.
const ADJACENT_TAG: &str = "AdjacentlyTaggedEnumVariant";

impl ser::SerializeSeq for Compound<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.write_element(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTuple for Compound<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.write_element(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTupleStruct for Compound<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.write_element(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTupleVariant for Compound<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.write_element(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.key_at = self.buffer.len();
        self.written += 1;
        self.keys = key.serialize(KeySerializer::new(self.buffer, self.keys))?;
        self.note_key()
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.write(value, Absence::Null).map_err(|error| error.in_key(self.key()))
    }

    /// A struct with flattened fields is written as a map whose field names have the type `str`.
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), EncodeError> {
        self.serialize_key(key)?;
        let is_field = type_name::<K>() == type_name::<str>();
        let is_tag = self.written == 1 && is_field && type_name::<V>() == type_name::<str>();
        let is_flattened = self.announced.is_none() && !is_field;
        let around = if is_tag { Buffered::All } else { self.buffered };
        self.buffered = if is_flattened { Buffered::All } else { around };
        let none = if is_field { Absence::None } else { Absence::Null };
        let result = self.write(value, none);
        self.buffered = around;
        result.map_err(|error| error.in_key(self.key()))
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), EncodeError> {
        if self.is_json_number { self.write_json_number(value) } else { self.write_field(name, value) }
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeStructVariant for Compound<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), EncodeError> {
        self.write_field(name, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.close();
        Ok(())
    }
}
