//! Cursors: the place of a page in an order, as text.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::codec;
use crate::error::{Error, Result};
use crate::query::order::Key;
use crate::value::Value;

/// The place where the page before or after a [`Page`](super::Page) begins.
///
/// It is opaque text of the letters, digits, `-` and `_`, for links and for JSON: [`Display`](fmt::Display), [`FromStr`] and
/// serde write and read it. It holds the values of the order and the id of one record, so that it stays valid when
/// records are inserted and deleted. It is not secret, and a program that must not show those values has to encrypt it.
///
/// A cursor belongs to the table and the order of the select that made it. Parsing and the select refuse text that was
/// changed by accident, and the select a cursor of another order or table. Filters are not part of it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    direction: Direction,
    /// A checksum of the table, the order and all else.
    checksum: [u8; 8],
    /// The values of the order and the id, as an array.
    values: Bytes,
}

/// The way from a cursor to its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    Forward,
    Backward,
}

impl Cursor {
    /// The place of the record with these values in an order of a table.
    pub(super) fn new(direction: Direction, table: &str, order: &[Key], values: &[Value]) -> Result<Self> {
        let values = codec::encode(values)?;
        Ok(Self { direction, checksum: checksum(direction, table, order, &values), values })
    }

    /// Returns the direction and the values.
    ///
    /// # Errors
    ///
    /// If the cursor is not one of this order and table.
    pub(super) fn place(&self, table: &str, order: &[Key]) -> Result<(Direction, Vec<Value>), &'static str> {
        let is_ours = self.checksum == checksum(self.direction, table, order, &self.values);
        match codec::decode::<Vec<Value>>(&self.values) {
            Ok(values) if is_ours && values.len() == order.len().max(1) => Ok((self.direction, values)),
            _ => Err("the cursor is damaged, or belongs to a select of another table or order"),
        }
    }
}

/// Recognises accidents and mistakes: FNV-1a.
fn checksum(direction: Direction, table: &str, order: &[Key], values: &[u8]) -> [u8; 8] {
    let order: Vec<String> = order.iter().map(|key| format!("{}{},", key.path, key.manner)).collect();
    let order = order.concat();
    let parts = [table.as_bytes(), order.as_bytes(), &[direction.byte()], values];
    let bytes = parts.into_iter().flat_map(|part| part.iter().chain(&[0]));
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME);
    bytes.fold(FNV_OFFSET, step).to_be_bytes()
}

impl Direction {
    fn byte(self) -> u8 {
        match self {
            Self::Forward => 0,
            Self::Backward => 1,
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.direction.byte()], &self.checksum[..], &self.values].concat();
        f.write_str(&BASE64URL_NOPAD.encode(&bytes))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for text that is not a cursor.
    fn from_str(text: &str) -> Result<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap_or_default();
        let parts = bytes.split_first_chunk::<9>();
        let cursor = parts.and_then(|([direction, checksum @ ..], values)| {
            let direction = match direction {
                0 => Direction::Forward,
                1 => Direction::Backward,
                _ => return None,
            };
            Some(Self { direction, checksum: *checksum, values: Bytes::copy_from_slice(values) })
        });
        cursor.ok_or_else(|| Error::argument(format!("`{}` is not a cursor", shortened(text))))
    }
}

/// The beginning of a long text.
fn shortened(text: &str) -> String {
    let mut start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({self})")
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// The number of characters of a wrong text in its error.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::query::statement::Fragment;

    fn order(path: &str) -> Vec<Key> {
        vec![Key { path: Fragment::new(path), field: None, manner: " ASC".to_owned() }]
    }

    #[test]
    fn cursor_is_text_that_survives_and_is_checked() {
        let values = [Value::from("a\u{0}b")];
        let cursor = Cursor::new(Direction::Backward, "user", &order("name"), &values).unwrap();
        let text = cursor.to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        let parsed: Cursor = text.parse().unwrap();
        assert_eq!(parsed, cursor);
        assert_eq!(parsed.place("user", &order("name")), Ok((Direction::Backward, values.to_vec())));
        for (table, path) in [("users", "name"), ("user", "age"), ("user", "nam")] {
            parsed.place(table, &order(path)).unwrap_err();
        }
        for at in 0..text.len() {
            let mut damaged = text.clone().into_bytes();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(damaged).unwrap();
            let place = damaged.parse::<Cursor>().map(|cursor| cursor.place("user", &order("name")).is_err());
            // The last letter may have bits that mean nothing.
            assert!(place.is_err() || place.unwrap(), "{damaged} at {at} of {text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "A", "AAAA", "AgAAAAAAAAAA", "not base64!", "ü", &"A".repeat(100_000)] {
            match text.parse::<Cursor>() {
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                    assert!(error.to_string().len() < 200, "{error}");
                }
                Ok(cursor) => drop(cursor.place("user", &[]).unwrap_err()),
            }
        }
    }
}
