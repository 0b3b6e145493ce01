//! Reads the result of a statement as an array of rows or as a single row, whichever the type reads.
//!
//! A type shows only by the method that it calls whether it reads an array, and it can call only one. So it is decoded
//! from the array first. If that fails and the type may read a single value, it is decoded again from the only row, or
//! from NONE.

use std::cell::Cell;

use serde::Deserialize;
use serde::de::{self, Visitor};

use super::{Deserializer, decode};
use crate::codec::reader::{Reader, too_deep};
use crate::codec::{DecodeError, MAX_DECODE_DEPTH};
use crate::value::tag::{self, Tag};

pub(in crate::codec) fn decode_row<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    let Some(rows) = ResultRows::of(bytes)? else { return decode(bytes) };
    let retry = Cell::new(None);
    let first = T::deserialize(RowDeserializer { bytes, rows, retry: &retry, is_optional: false, depth: 0 });
    match (first, retry.get()) {
        // Counts the level of the array, so that the limit is the same with and without it.
        (Err(_), Some(instead)) => Deserializer::in_array(instead).read(),
        (result, _) => result,
    }
}

/// The rows of a result that is an array.
#[derive(Clone, Copy)]
enum ResultRows<'de> {
    None,
    One(&'de [u8]),
    Many(usize),
}

impl<'de> ResultRows<'de> {
    /// The rows of the result; `None` if it is not an array.
    fn of(bytes: &'de [u8]) -> Result<Option<Self>, DecodeError> {
        let mut reader = Reader::new(bytes);
        Ok(match reader.array() {
            Err(_) => None,
            Ok(Some(0)) => Some(Self::None),
            Ok(Some(1)) => {
                let row = reader.skip()?;
                reader.end()?;
                Some(Self::One(row))
            }
            Ok(Some(rows)) => Some(Self::Many(rows)),
            Ok(None) => Some(Self::of_unknown_number(reader)?),
        })
    }

    fn of_unknown_number(mut reader: Reader<'de>) -> Result<Self, DecodeError> {
        let mut rows = Self::None;
        while !reader.at_break()? {
            let row = reader.skip()?;
            rows = match rows {
                Self::None => Self::One(row),
                Self::One(_) => Self::Many(2),
                Self::Many(rows) => Self::Many(rows + 1),
            };
        }
        reader.end()?;
        Ok(rows)
    }
}

/// Gives the array to a type that reads one, and the only row to any other.
struct RowDeserializer<'a, 'de> {
    bytes: &'de [u8],
    rows: ResultRows<'de>,
    /// The bytes to decode if this attempt fails.
    retry: &'a Cell<Option<&'de [u8]>>,
    is_optional: bool,
    depth: usize,
}

impl<'de> RowDeserializer<'_, 'de> {
    /// The only row, for a type that does not read an array.
    fn row(&self) -> Result<Deserializer<'de>, DecodeError> {
        match self.rows {
            ResultRows::One(row) => {
                if self.is_optional && Reader::new(row).at_absent()? {
                    self.retry.set(Some(NONE));
                }
                Ok(Deserializer::new(row))
            }
            ResultRows::None => {
                if self.is_optional {
                    self.retry.set(Some(NONE));
                }
                Err(DecodeError::new("expected one row, found none"))
            }
            ResultRows::Many(rows) => Err(DecodeError::new(format!("expected at most one row, found {rows}"))),
        }
    }

    fn nested(mut self) -> Result<Self, DecodeError> {
        self.depth += 1;
        if self.depth > MAX_DECODE_DEPTH { Err(too_deep(MAX_DECODE_DEPTH)) } else { Ok(self) }
    }
}

macro_rules! from_array {
    ($($method:ident($($argument:ident: $type:ty),*))+) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, DecodeError> {
            let mut array = Deserializer::new(self.bytes);
            let value = de::Deserializer::$method(&mut array, $($argument,)* visitor)?;
            array.end()?;
            Ok(value)
        }
    )+};
}

macro_rules! from_row {
    ($($method:ident($($argument:ident: $type:ty),*))+) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, DecodeError> {
            let mut row = self.row()?;
            let value = de::Deserializer::$method(&mut row, $($argument,)* visitor)?;
            row.end()?;
            Ok(value)
        }
    )+};
}

impl<'de> de::Deserializer<'de> for RowDeserializer<'_, 'de> {
    type Error = DecodeError;

    /// Reads the array. If the type turns out to read no array, such as an internally tagged enum, it gets the row.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.retry.set(match self.rows {
            ResultRows::One(row) => Some(row),
            ResultRows::None if self.is_optional => Some(NONE),
            ResultRows::None | ResultRows::Many(_) => None,
        });
        let mut array = Deserializer::new(self.bytes);
        let value = array.deserialize_any(visitor)?;
        array.end()?;
        Ok(value)
    }

    from_array! {
        deserialize_seq()
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_ignored_any()
    }

    from_row! {
        deserialize_bool()
        deserialize_i8()
        deserialize_i16()
        deserialize_i32()
        deserialize_i64()
        deserialize_i128()
        deserialize_u8()
        deserialize_u16()
        deserialize_u32()
        deserialize_u64()
        deserialize_u128()
        deserialize_f32()
        deserialize_f64()
        deserialize_char()
        deserialize_str()
        deserialize_string()
        deserialize_bytes()
        deserialize_byte_buf()
        deserialize_unit()
        deserialize_unit_struct(name: &'static str)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(Self { is_optional: true, ..self.nested()? })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if Tag::from_name(name).is_none() && name != tag::BYTES {
            return visitor.visit_newtype_struct(self.nested()?);
        }
        let mut row = self.row()?;
        let value = row.deserialize_newtype_struct(name, visitor)?;
        row.end()?;
        Ok(value)
    }
}

/// NONE, as the server writes it.
const NONE: &[u8] = b"\xc6\xf6";
