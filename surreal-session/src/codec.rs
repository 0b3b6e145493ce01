//! A serde format for SurrealDB's dialect of CBOR.
//!
//! There is no tree of values: [`encode_into`] writes into the buffer of the request, [`decode`] reads from the slice
//! of the reply and borrows its strings. `ciborium-ll` reads and writes the headers. This module adds the dialect:
//! `None` is NONE, SurrealDB's types are tags (see `value/tag.rs`), ints have at most 64 bits, and errors name the path
//! of the value.

mod de;
mod error;
pub(crate) mod reader;
mod ser;
pub(crate) mod writer;

#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub(crate) use ciborium_ll::Header;
pub(crate) use error::{DecodeError, EncodeError};
pub(crate) use ser::{Serializer, SetType};

/// The maximum nesting of a value that is sent, counting arrays, objects and tags.
///
/// The server (3.3.5) refuses requests nested deeper than 100, with an error that names no request. The envelope uses
/// some of these levels: its object, the parameters, and the object of bound values.
pub(crate) const MAX_DEPTH: usize = 95;

/// The maximum nesting of a value that is read, counting arrays, objects, tags, and wrappers such as `Some`.
///
/// The server stores values of up to 256 levels. Twice that leaves room for tags and wrappers, and uses at most three
/// quarters of a stack of 2 MiB in an unoptimised build: up to 3 KiB for each level of an object in a [`Value`].
///
/// [`Value`]: crate::value::Value
pub(crate) const MAX_DECODE_DEPTH: usize = 512;

/// Holds a scalar, a short text or a small record without growing.
const INITIAL_BYTES: usize = 128;

/// NONE on the wire: tag 6 around null.
pub(crate) const NONE: &[u8] = b"\xc6\xf6";

/// Appends a value to the buffer. An error leaves the buffer unchanged.
pub(crate) fn encode_into<T: Serialize + ?Sized>(buffer: &mut Vec<u8>, value: &T) -> Result<(), EncodeError> {
    let before = buffer.len();
    value.serialize(&mut Serializer::new(buffer)).inspect_err(|_| buffer.truncate(before))
}

/// Writes a value into a new buffer.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, EncodeError> {
    let mut buffer = Vec::with_capacity(INITIAL_BYTES);
    encode_into(&mut buffer, value)?;
    Ok(buffer.into())
}

/// Writes a value into a new buffer, with the standard library's sets as SurrealDB sets.
pub(crate) fn encode_with_sets<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, EncodeError> {
    let mut buffer = Vec::new();
    value.serialize(&mut Serializer::marking_sets(&mut buffer))?;
    Ok(buffer.into())
}

/// Reads a value that must use all bytes.
pub(crate) fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    de::decode(bytes)
}

/// Reads the result of a statement, which may be one row or an array of one row.
///
/// A type that reads an array, or any value, gets the array. Any other type gets the only element; if there is none, an
/// `Option` is `None`.
pub(crate) fn decode_row<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    de::decode_row(bytes)
}
