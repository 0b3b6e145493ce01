//! Numbers: ints of every width, floats, and decimals read as floats.

use ciborium_ll::{Header, tag};
use serde::de::Visitor;

use super::{Deserializer, mismatch};
use crate::codec::DecodeError;
use crate::value::tag::Tag;

/// The first and the last of the tags of numbers with a width, such as u64: the number follows. Server 4.0 writes them to
/// clients of its subprotocol `cbor.2`.
const SIZED_FIRST: u64 = 180;
const SIZED_LAST: u64 = 188;

/// Gives an int or a float to the visitor, which checks the range; everything else is a mismatch.
#[inline]
pub(super) fn visit<'de, V: Visitor<'de>>(header: Header, visitor: V) -> Result<V::Value, DecodeError> {
    match header {
        Header::Positive(number) => visitor.visit_u64(number),
        Header::Negative(inverted) => match i64::try_from(inverted) {
            Ok(inverted) => visitor.visit_i64(!inverted),
            Err(_) => visitor.visit_i128(!i128::from(inverted)),
        },
        Header::Float(number) => visitor.visit_f64(number),
        other => Err(mismatch(other, &visitor)),
    }
}

impl<'de> Deserializer<'de> {
    /// Reads a float, or the float nearest to an int or decimal.
    pub(super) fn visit_float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.reader.header()? {
            Header::Tag(tag) if tag == Tag::Decimal.number() => {
                let text = self.reader.text()?;
                visitor.visit_f64(text.parse().map_err(|_| DecodeError::new("malformed decimal"))?)
            }
            header => self.visit_number(header, visitor),
        }
    }

    /// Reads an int or a float whose header, or the tag of its width, has been read.
    pub(super) fn visit_number<V: Visitor<'de>>(
        &mut self,
        header: Header,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match header {
            Header::Tag(SIZED_FIRST..=SIZED_LAST) => visit(self.reader.header()?, visitor),
            header => visit(header, visitor),
        }
    }

    /// Reads an int whose tag has been read; a float too, if its tag is that of one.
    pub(super) fn visit_tagged_int<V: Visitor<'de>>(&mut self, tag: u64, visitor: V) -> Result<V::Value, DecodeError> {
        match tag {
            SIZED_FIRST..=SIZED_LAST => self.visit_number(Header::Tag(tag), visitor),
            tag::BIGPOS | tag::BIGNEG => self.visit_big(tag, visitor),
            _ if tag == Tag::Decimal.number() => match wide_int(&self.reader.text()?) {
                Some(number) => visitor.visit_u64(number),
                None => Err(mismatch(Header::Tag(tag), &visitor)),
            },
            _ => Err(mismatch(Header::Tag(tag), &visitor)),
        }
    }

    /// Reads the bytes of a big integer whose tag has been read.
    fn visit_big<V: Visitor<'de>>(&mut self, tag: u64, visitor: V) -> Result<V::Value, DecodeError> {
        let bytes = self.reader.bytes()?;
        let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
        let digits = bytes.get(first..).unwrap_or_default();
        if digits.len() > size_of::<u128>() {
            return Err(DecodeError::new("the big integer does not fit into 128 bits"));
        }
        let number = digits.iter().fold(0, |number, &byte| number << 8 | u128::from(byte));
        match (tag, u64::try_from(number), i128::try_from(number)) {
            (tag::BIGPOS, Ok(number), _) => visitor.visit_u64(number),
            (tag::BIGPOS, Err(_), _) => visitor.visit_u128(number),
            (_, Ok(inverted), _) => visit(Header::Negative(inverted), visitor),
            (_, Err(_), Ok(inverted)) => visitor.visit_i128(!inverted),
            _ => Err(DecodeError::new("the big integer does not fit into 128 bits")),
        }
    }
}

/// The int of a decimal's text, if it is above the range of `i64`: server 4.0 writes a larger u64 as a decimal.
fn wide_int(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| i64::try_from(*number).is_err())
}
