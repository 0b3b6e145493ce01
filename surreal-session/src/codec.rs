//! SurrealDB's CBOR, straight between serde and bytes.
//!
//! There is no tree in between: [`encode_into`] writes into the buffer of the request, [`decode`] reads from the slice
//! of the reply and borrows its strings. The header level is `ciborium-ll`'s; what is ours is the dialect: `None` is
//! NONE, SurrealDB's types travel as tags (see `value/tag.rs`), ints end at 64 bits, and errors say where they are.

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

/// How deep a value that is sent may be nested, counting arrays, objects and tags.
///
/// The server (3.3.5) refuses requests nested deeper than 100, with an error that names no request. The levels of the
/// envelope are among them: its own object, the parameters, and the object of bound values.
pub(crate) const MAX_DEPTH: usize = 95;

/// How deep a value that is read may be nested, counting arrays, objects and tags, and wrappers such as `Some`.
///
/// The server stores values of up to 256 levels. Twice that leaves room for tags and wrappers, and takes at most three
/// quarters of a stack of 2 MiB in an unoptimised build: up to 3 KiB for each level of an object in a [`Value`].
///
/// [`Value`]: crate::value::Value
pub(crate) const MAX_DECODE_DEPTH: usize = 512;

/// NONE as it is on the wire: tag 6 around null.
pub(crate) const NONE: &[u8] = b"\xc6\xf6";

/// Writes a value at the end of the buffer. On an error the buffer is as it was.
pub(crate) fn encode_into<T: Serialize + ?Sized>(buffer: &mut Vec<u8>, value: &T) -> Result<(), EncodeError> {
    let before = buffer.len();
    value.serialize(&mut Serializer::new(buffer)).inspect_err(|_| buffer.truncate(before))
}

/// Writes a value into a buffer of its own.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, EncodeError> {
    let mut buffer = Vec::new();
    encode_into(&mut buffer, value)?;
    Ok(buffer.into())
}

/// Writes a value into a buffer of its own, and the standard library's sets in it as sets.
pub(crate) fn encode_with_sets<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, EncodeError> {
    let mut buffer = Vec::new();
    value.serialize(&mut Serializer::marking_sets(&mut buffer))?;
    Ok(buffer.into())
}

/// Reads a value that takes up all of the bytes.
pub(crate) fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    de::decode(bytes)
}

/// Reads the result of a statement, where one row and an array of one row mean the same.
///
/// A type that wants an array, or takes anything, gets the array as it is. Any other gets the only element; with none,
/// an `Option` is `None`.
pub(crate) fn decode_row<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    de::decode_row(bytes)
}
