//! Reads CBOR items from a slice, one header at a time.
//!
//! The headers are those of `ciborium-ll`. Each length is checked against the bytes that are left before it is used, so
//! that no header can make the program reserve memory for data that does not exist.

use std::borrow::Cow;

use bytes::Bytes;
use ciborium_ll::{Decoder, Error, Header, simple};

use super::DecodeError;
use crate::value::tag::{self, Tag};

/// A position in a slice of CBOR.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'de> {
    input: &'de [u8],
    /// Invariant: at most `input.len()`.
    offset: usize,
}

impl<'de> Reader<'de> {
    pub(crate) fn new(input: &'de [u8]) -> Self {
        Self { input, offset: 0 }
    }

    /// The number of bytes read so far.
    pub(crate) fn position(&self) -> usize {
        self.offset
    }

    /// The bytes that are not read yet.
    pub(crate) fn rest(&self) -> &'de [u8] {
        &self.input[self.offset..]
    }

    /// Returns the next header without reading it.
    #[inline]
    pub(crate) fn peek(&self) -> Result<Header, DecodeError> {
        self.pull().map(|(header, _)| header)
    }

    /// Reads the next header.
    ///
    /// A length in it is known to fit into the bytes that follow.
    #[inline]
    pub(crate) fn header(&mut self) -> Result<Header, DecodeError> {
        let (header, size) = self.pull()?;
        self.offset += size;
        Ok(header)
    }

    /// Reads a string, borrowed unless it is in segments.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        if let Some(text) = self.short_text() {
            return Ok(Cow::Borrowed(text));
        }
        let before = self.offset;
        match self.header()? {
            Header::Text(length) => self.text_body(length),
            header => Err(self.rewound(before, "a string", header)),
        }
    }

    /// Reads a string of at most 255 bytes; `None`, and nothing is read, for anything else.
    #[inline]
    pub(crate) fn short_text(&mut self) -> Option<&'de str> {
        let (first, rest) = self.rest().split_first()?;
        let (length, rest, title) = match first {
            0x60..=0x77 => (first & 0x1f, rest, 1),
            0x78 => rest.split_first().map(|(length, rest)| (*length, rest, 2))?,
            _ => return None,
        };
        let text = str::from_utf8(rest.get(..usize::from(length))?).ok()?;
        self.offset += title + text.len();
        Some(text)
    }

    /// Returns true if NONE, NULL or undefined is next.
    #[inline]
    pub(crate) fn at_absent(&self) -> Result<bool, DecodeError> {
        match self.input.get(self.offset) {
            // Neither a tag nor a simple value.
            Some(0..0xc0) => Ok(false),
            _ => Ok(is_absent(self.peek()?)),
        }
    }

    /// Reads a byte string, borrowed unless it is in segments.
    pub(crate) fn bytes(&mut self) -> Result<Cow<'de, [u8]>, DecodeError> {
        let before = self.offset;
        match self.header()? {
            Header::Bytes(length) => self.bytes_body(length),
            header => Err(self.rewound(before, "bytes", header)),
        }
    }

    /// Reads an int.
    pub(crate) fn integer(&mut self) -> Result<i64, DecodeError> {
        let before = self.offset;
        let number = match self.header()? {
            Header::Positive(number) => i64::try_from(number),
            Header::Negative(inverted) => i64::try_from(inverted).map(|number| !number),
            header => return Err(self.rewound(before, "an int", header)),
        };
        number.map_err(|_| DecodeError::new("the int is outside the range of 64 bits"))
    }

    /// Enters an object. Returns the number of its entries, or `None` if [`at_break`](Self::at_break) finds its end.
    pub(crate) fn map(&mut self) -> Result<Option<usize>, DecodeError> {
        let before = self.offset;
        match self.header()? {
            Header::Map(length) => Ok(length),
            header => Err(self.rewound(before, "an object", header)),
        }
    }

    /// Enters an array. Returns the number of its elements, or `None` if [`at_break`](Self::at_break) finds its end.
    pub(crate) fn array(&mut self) -> Result<Option<usize>, DecodeError> {
        let before = self.offset;
        match self.header()? {
            Header::Array(length) => Ok(length),
            header => Err(self.rewound(before, "an array", header)),
        }
    }

    /// Returns `true` and reads on if the end of an object or array without a length is next.
    #[inline]
    pub(crate) fn at_break(&mut self) -> Result<bool, DecodeError> {
        match self.input.get(self.offset) {
            Some(&BREAK) => {
                self.offset += 1;
                Ok(true)
            }
            Some(_) => Ok(false),
            None => Err(truncated()),
        }
    }

    /// Skips one item and returns its bytes. Does not check strings.
    pub(crate) fn skip(&mut self) -> Result<&'de [u8], DecodeError> {
        let start = self.offset;
        if !self.skip_known()? {
            self.offset = start;
            self.skip_any()?;
        }
        Ok(&self.input[start..self.offset])
    }

    /// Skips one item in which all lengths are known, as in everything that the server sends. Returns `false` if it is not, or
    /// malformed.
    fn skip_known(&mut self) -> Result<bool, DecodeError> {
        let mut left = 1_usize;
        while left > 0 {
            left -= 1;
            let Some(Title { first, number, size }) = Title::read(&self.input[self.offset..]) else { return Ok(false) };
            self.offset += size;
            let length = usize::try_from(number).unwrap_or(usize::MAX);
            match first >> 5 {
                2 | 3 if length > self.input.len() - self.offset => return Err(truncated()),
                2 | 3 => self.offset += length,
                4 => left = left.saturating_add(length),
                5 => left = left.saturating_add(length.saturating_mul(2)),
                6 => left += 1,
                _ => {}
            }
        }
        Ok(true)
    }

    fn skip_any(&mut self) -> Result<(), DecodeError> {
        // The items that are left in each open array, object and tag around the next item.
        let mut open = Vec::new();
        loop {
            if let Some(left) = self.skip_header()? {
                if open.len() >= MAX_SKIP_DEPTH {
                    return Err(too_deep(MAX_SKIP_DEPTH));
                }
                open.push(left);
            }
            while let Some(left) = open.last_mut() {
                if self.is_over(left)? {
                    open.pop();
                } else {
                    break;
                }
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Fails if bytes are left.
    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        match self.input.len() - self.offset {
            0 => Ok(()),
            rest => Err(DecodeError::new(format!("the value ends {rest} bytes before the data does"))),
        }
    }

    /// The string at a position before the current one; for messages.
    #[cold]
    pub(crate) fn text_at(&self, position: usize) -> String {
        let mut there = Self { input: self.input, offset: position.min(self.input.len()) };
        there.text().map_or_else(|_| String::new(), Cow::into_owned)
    }

    #[inline]
    pub(crate) fn text_body(&mut self, length: Option<usize>) -> Result<Cow<'de, str>, DecodeError> {
        match length {
            Some(length) => match str::from_utf8(self.take(length)?) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(_) => Err(not_utf8()),
            },
            None => self.segmented_text().map(Cow::Owned),
        }
    }

    #[inline]
    pub(crate) fn bytes_body(&mut self, length: Option<usize>) -> Result<Cow<'de, [u8]>, DecodeError> {
        match length {
            Some(length) => self.take(length).map(Cow::Borrowed),
            None => {
                self.segments(|header| if let Header::Bytes(length) = header { length } else { None }).map(Cow::Owned)
            }
        }
    }

    #[cold]
    fn segmented_text(&mut self) -> Result<String, DecodeError> {
        let bytes = self.segments(|header| if let Header::Text(length) = header { length } else { None })?;
        String::from_utf8(bytes).map_err(|_| not_utf8())
    }

    #[inline]
    fn pull(&self) -> Result<(Header, usize), DecodeError> {
        match common_header(self.rest()) {
            Some(common) => Ok(common),
            None => self.pull_rare(),
        }
    }

    #[cold]
    #[inline(never)]
    fn pull_rare(&self) -> Result<(Header, usize), DecodeError> {
        let mut decoder = Decoder::from(self.rest());
        let header = decoder.pull().map_err(|error| match error {
            Error::Io(_) => truncated(),
            Error::Syntax(_) => DecodeError::new(format!("malformed CBOR at byte {}", self.offset)),
        })?;
        let size = decoder.offset();
        let announced = match header {
            Header::Bytes(Some(length)) | Header::Text(Some(length)) | Header::Array(Some(length)) => length,
            // Each entry takes at least two bytes.
            Header::Map(Some(length)) => length.saturating_mul(2),
            _ => 0,
        };
        if announced > self.rest().len() - size { Err(truncated()) } else { Ok((header, size)) }
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'de [u8], DecodeError> {
        let taken = self.input[self.offset..].get(..length).ok_or_else(truncated)?;
        self.offset += length;
        Ok(taken)
    }

    /// Joins the segments of a string of unknown length.
    fn segments(&mut self, length: impl Fn(Header) -> Option<usize>) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = Vec::new();
        while !self.at_break()? {
            let header = self.header()?;
            let length = length(header).ok_or_else(|| DecodeError::new("malformed segment of a string"))?;
            bytes.extend_from_slice(self.take(length)?);
        }
        Ok(bytes)
    }

    /// Skips a header, with its bytes if it is a string. Returns the items that follow inside an array, object or tag.
    fn skip_header(&mut self) -> Result<Option<SkipState>, DecodeError> {
        match self.header()? {
            Header::Bytes(Some(length)) | Header::Text(Some(length)) => self.take(length).map(|_| None),
            Header::Bytes(None) => self.bytes_body(None).map(|_| None),
            Header::Text(None) => self.text_body(None).map(|_| None),
            Header::Tag(_) => Ok(Some(SkipState::Items(1))),
            Header::Array(Some(length)) => Ok(Some(SkipState::Items(length))),
            Header::Map(Some(length)) => Ok(Some(SkipState::Items(length.saturating_mul(2)))),
            Header::Array(None) => Ok(Some(SkipState::Elements)),
            Header::Map(None) => Ok(Some(SkipState::Keys)),
            Header::Break => Err(stray_break()),
            Header::Positive(_) | Header::Negative(_) | Header::Float(_) | Header::Simple(_) => Ok(None),
        }
    }

    /// Returns `true` if no item is left, and counts one as read otherwise.
    fn is_over(&mut self, left: &mut SkipState) -> Result<bool, DecodeError> {
        match left {
            SkipState::Items(0) => return Ok(true),
            SkipState::Items(items) => *items -= 1,
            SkipState::Elements => return self.at_break(),
            SkipState::Keys => {
                if self.at_break()? {
                    return Ok(true);
                }
                *left = SkipState::Value;
            }
            SkipState::Value => *left = SkipState::Keys,
        }
        Ok(false)
    }

    #[cold]
    fn rewound(&mut self, before: usize, expected: &'static str, found: Header) -> DecodeError {
        self.offset = before;
        DecodeError::mismatch(&expected, &noun(found))
    }
}

/// The items left in an array or object, whose length may be unknown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remaining(Option<usize>);

impl Remaining {
    /// All items of an array or object of this length.
    #[inline]
    pub(crate) fn of(length: Option<usize>) -> Self {
        Self(length)
    }

    /// The number of items left, if known.
    #[inline]
    pub(crate) fn known(self) -> Option<usize> {
        self.0
    }

    /// Returns `false` if no item is left, and counts one as read otherwise.
    #[inline]
    pub(crate) fn next(&mut self, reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
        match &mut self.0 {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if reader.at_break()? => {
                self.0 = Some(0);
                Ok(false)
            }
            None => Ok(true),
        }
    }
}

/// Walks the entries of a map, of definite length or not. The caller reads each value before the next key.
#[derive(Debug)]
pub(crate) struct MapEntries(Remaining);

impl MapEntries {
    pub(crate) fn of(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.map().map(Remaining::of).map(Self)
    }

    /// Reads the next key.
    pub(crate) fn next<'de>(&mut self, reader: &mut Reader<'de>) -> Result<Option<Cow<'de, str>>, DecodeError> {
        if self.0.next(reader)? { reader.text().map(Some) } else { Ok(None) }
    }
}

/// The elements of an encoded array, each a part of it.
pub(crate) fn elements<C: FromIterator<Bytes>>(array: &Bytes) -> Result<C, DecodeError> {
    let mut reader = Reader::new(array);
    let mut left = Remaining::of(reader.array()?);
    std::iter::from_fn(|| match left.next(&mut reader) {
        Ok(true) => Some(reader.skip().map(|element| array.slice_ref(element))),
        Ok(false) => None,
        Err(error) => Some(Err(error)),
    })
    .collect()
}

/// Finds the value of an entry of a map, and returns it encoded.
pub(crate) fn find_entry<'de>(map: &'de [u8], name: &str) -> Result<Option<&'de [u8]>, DecodeError> {
    let mut reader = Reader::new(map);
    let mut entries = MapEntries::of(&mut reader)?;
    while let Some(key) = entries.next(&mut reader)? {
        let item = reader.skip()?;
        if key == name {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

/// The first bytes of an item: its type, and a number that is its value, its length, or the bits of a float.
struct Title {
    /// The type in the first three bits, and the size of the number in the others.
    first: u8,
    number: u64,
    /// The number of bytes that it takes.
    size: usize,
}

impl Title {
    /// Reads the title of an item; `None` if there is no number, as without a length, or if it is not complete.
    #[inline]
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        let minor = first & 0x1f;
        let (number, size) = match minor {
            0..24 => (u64::from(minor), 1),
            24 => (u64::from(*rest.first()?), 2),
            25 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 3),
            26 => (u64::from(u32::from_be_bytes(*rest.first_chunk()?)), 5),
            27 => (u64::from_be_bytes(*rest.first_chunk()?), 9),
            _ => return None,
        };
        Some(Self { first, number, size })
    }
}

/// Reads the most common headers, with their sizes. The result equals that of `ciborium-ll`, which takes several times
/// as long. It reads the rest: half floats, items without a length, malformed and truncated data.
#[inline]
fn common_header(rest: &[u8]) -> Option<(Header, usize)> {
    let Title { first, number, size } = Title::read(rest)?;
    let length = |least: usize| {
        let length = usize::try_from(number).ok()?;
        (length <= (rest.len() - size) / least).then_some(Some(length))
    };
    let header = match (first >> 5, first & 0x1f) {
        (0, _) => Header::Positive(number),
        (1, _) => Header::Negative(number),
        (2, _) => Header::Bytes(length(1)?),
        (3, _) => Header::Text(length(1)?),
        (4, _) => Header::Array(length(1)?),
        // Each entry takes at least two bytes.
        (5, _) => Header::Map(length(2)?),
        (6, _) => Header::Tag(number),
        (_, 27) => Header::Float(f64::from_bits(number)),
        (_, 25 | 26) => return None,
        _ => Header::Simple(number.try_into().ok()?),
    };
    Some((header, size))
}

/// Returns true for NONE, NULL and undefined.
pub(crate) fn is_absent(header: Header) -> bool {
    matches!(header, Header::Tag(tag::NONE) | Header::Simple(simple::NULL | simple::UNDEFINED))
}

/// The items left in an array, object or tag that is being skipped.
enum SkipState {
    Items(usize),
    /// An array without a length.
    Elements,
    /// An object without a length: a key or the end is next.
    Keys,
    /// An object without a length: a value is next.
    Value,
}

/// The SurrealDB type of a header, with an article; for messages.
pub(crate) fn noun(header: Header) -> Cow<'static, str> {
    Cow::Borrowed(match header {
        Header::Positive(number) => return Cow::Owned(format!("the int {number}")),
        Header::Negative(inverted) => return Cow::Owned(format!("the int {}", !i128::from(inverted))),
        Header::Float(number) => return Cow::Owned(format!("the float {number}")),
        Header::Simple(simple::TRUE | simple::FALSE) => "a bool",
        Header::Simple(simple::NULL | simple::UNDEFINED) => "NULL",
        Header::Simple(number) => return Cow::Owned(format!("the unknown simple value {number}")),
        Header::Tag(tag::NONE) => "NONE",
        Header::Tag(2 | 3) => "a big integer",
        Header::Tag(number) => match Tag::from_number(number) {
            Some(tag) => tag.noun(),
            None => return Cow::Owned(format!("the unknown CBOR tag {number}")),
        },
        Header::Break => "the end of an array or object",
        Header::Bytes(_) => "bytes",
        Header::Text(_) => "a string",
        Header::Array(_) => "an array",
        Header::Map(_) => "an object",
    })
}

#[cold]
fn not_utf8() -> DecodeError {
    DecodeError::new("the string is not valid UTF-8")
}

#[cold]
pub(crate) fn truncated() -> DecodeError {
    DecodeError::new("the data ends in the middle of a value")
}

#[cold]
pub(crate) fn stray_break() -> DecodeError {
    DecodeError::new("malformed CBOR: unexpected end of an array or object")
}

#[cold]
pub(crate) fn too_deep(limit: usize) -> DecodeError {
    DecodeError::new(format!("the value is nested deeper than {limit} levels"))
}

const BREAK: u8 = 0xff;

/// Limits the memory used by skipping. Deeper data could not be decoded either.
const MAX_SKIP_DEPTH: usize = 4096;
