//! Numbers: ints of every width, floats, and decimals read as floats.

use ciborium_ll::{Header, tag};
use serde::de::Visitor;

use super::{Deserializer, mismatch};
use crate::codec::DecodeError;
use crate::value::tag::Tag;

pub(super) const BIG_POSITIVE: u64 = tag::BIGPOS;
pub(super) const BIG_NEGATIVE: u64 = tag::BIGNEG;

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
            header => visit(header, visitor),
        }
    }

    /// Reads the bytes of a big integer whose tag has been read.
    pub(super) fn visit_big<V: Visitor<'de>>(&mut self, tag: u64, visitor: V) -> Result<V::Value, DecodeError> {
        let bytes = self.reader.bytes()?;
        let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
        let digits = bytes.get(first..).unwrap_or_default();
        if digits.len() > size_of::<u128>() {
            return Err(DecodeError::new("the big integer does not fit into 128 bits"));
        }
        let number = digits.iter().fold(0, |number, &byte| number << 8 | u128::from(byte));
        match (tag, u64::try_from(number), i128::try_from(number)) {
            (BIG_POSITIVE, Ok(number), _) => visitor.visit_u64(number),
            (BIG_POSITIVE, Err(_), _) => visitor.visit_u128(number),
            (_, Ok(inverted), _) => visit(Header::Negative(inverted), visitor),
            (_, Err(_), Ok(inverted)) => visitor.visit_i128(!inverted),
            _ => Err(DecodeError::new("the big integer does not fit into 128 bits")),
        }
    }
}
