//! Writes CBOR item by item at the end of a buffer.

use ciborium_ll::{Encoder, Header, simple};

use crate::value::tag::{self, Tag};

/// Opens an object of `length` entries.
pub(crate) fn map(buffer: &mut Vec<u8>, length: usize) {
    push(buffer, Header::Map(Some(length)));
}

/// Opens an object that [`end`] closes.
pub(crate) fn begin_map(buffer: &mut Vec<u8>) {
    push(buffer, Header::Map(None));
}

/// Opens an array that [`end`] closes.
pub(crate) fn begin_array(buffer: &mut Vec<u8>) {
    push(buffer, Header::Array(None));
}

/// Closes what [`begin_map`] or [`begin_array`] opened.
pub(crate) fn end(buffer: &mut Vec<u8>) {
    push(buffer, Header::Break);
}

/// Writes a string.
#[inline]
pub(crate) fn text(buffer: &mut Vec<u8>, text: &str) {
    push(buffer, Header::Text(Some(text.len())));
    buffer.extend_from_slice(text.as_bytes());
}

/// Writes a byte string.
pub(crate) fn bytes(buffer: &mut Vec<u8>, bytes: &[u8]) {
    push(buffer, Header::Bytes(Some(bytes.len())));
    buffer.extend_from_slice(bytes);
}

/// Writes an int.
#[inline]
pub(crate) fn integer(buffer: &mut Vec<u8>, number: i64) {
    push(
        buffer,
        // The complement of a negative number is CBOR's form of it; of any number, one of the two is not negative.
        match u64::try_from(number) {
            Ok(number) => Header::Positive(number),
            Err(_) => Header::Negative(number.unsigned_abs() - 1),
        },
    );
}

/// Writes a float, in the shortest form that keeps its value.
pub(crate) fn float(buffer: &mut Vec<u8>, number: f64) {
    push(buffer, Header::Float(number));
}

/// Writes a bool.
pub(crate) fn bool(buffer: &mut Vec<u8>, value: bool) {
    push(buffer, Header::Simple(if value { simple::TRUE } else { simple::FALSE }));
}

/// Writes a uuid.
pub(crate) fn uuid(buffer: &mut Vec<u8>, uuid: &uuid::Uuid) {
    tag(buffer, Tag::Uuid.number());
    bytes(buffer, uuid.as_bytes());
}

/// Writes NONE.
pub(crate) fn none(buffer: &mut Vec<u8>) {
    tag(buffer, tag::NONE);
    null(buffer);
}

/// Writes NULL.
pub(crate) fn null(buffer: &mut Vec<u8>) {
    push(buffer, Header::Simple(simple::NULL));
}

/// Writes the tag of the item that follows.
pub(crate) fn tag(buffer: &mut Vec<u8>, number: u64) {
    push(buffer, Header::Tag(number));
}

/// Writes an item that is CBOR already.
pub(crate) fn raw(buffer: &mut Vec<u8>, item: &[u8]) {
    buffer.extend_from_slice(item);
}

#[inline]
pub(crate) fn push(buffer: &mut Vec<u8>, header: Header) {
    match single_byte(header) {
        Some(byte) => buffer.push(byte),
        // Writing to a `Vec` cannot fail.
        None => drop(Encoder::from(buffer).push(header)),
    }
}

/// The header that fits into one byte, as most do. `ciborium-ll` writes the same.
#[inline]
fn single_byte(header: Header) -> Option<u8> {
    let (major, number) = match header {
        Header::Positive(number) => (0, number),
        Header::Negative(inverted) => (1, inverted),
        Header::Bytes(length) => (2, u64::try_from(length?).ok()?),
        Header::Text(length) => (3, u64::try_from(length?).ok()?),
        Header::Array(length) => (4, u64::try_from(length?).ok()?),
        Header::Map(length) => (5, u64::try_from(length?).ok()?),
        Header::Tag(number) => (6, number),
        Header::Simple(number) => (7, number.into()),
        Header::Float(_) | Header::Break => return None,
    };
    u8::try_from(number).ok().filter(|&number| number < 24).map(|number| major << 5 | number)
}
