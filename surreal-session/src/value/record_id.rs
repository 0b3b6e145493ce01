//! Ids of records.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, SeqAccess};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::tag::Tag;
use super::tagged::{self, Tagged};
use super::text::{escape_identifier, escape_json_identifier};
use super::{InvalidValue, RecordKey, Table, parse};

/// The id of a record of any table: the name of the table and the key.
///
/// The text form is SurrealQL's, such as `user:ada`, with backticks where they are needed. It reads back as the same id.
///
/// # Examples
///
/// ```
/// use surreal_session::RecordId;
/// use surreal_session::value::RecordKey;
///
/// let ada = RecordId::new("user", "ada");
/// assert_eq!(ada.to_string(), "user:ada");
/// assert_eq!("user:ada".parse::<RecordId>()?, ada);
///
/// // A key keeps its type: text made of digits is not an int.
/// assert_eq!(RecordId::new("user", "1").to_string(), "user:`1`");
/// assert_eq!("user:1".parse::<RecordId>()?.key(), &RecordKey::Int(1));
/// # Ok::<(), surreal_session::value::InvalidValue>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    table: String,
    key: RecordKey,
}

impl RecordId {
    /// Creates the id of the record with this key in this table. Neither needs escaping.
    pub fn new(table: impl Into<String>, key: impl Into<RecordKey>) -> Self {
        Self { table: table.into(), key: key.into() }
    }

    /// Returns the name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The key, without the table.
    pub fn key(&self) -> &RecordKey {
        &self.key
    }

    /// The key, without the table.
    pub fn into_key(self) -> RecordKey {
        self.key
    }

    /// Returns the name of the table and the key.
    pub fn into_parts(self) -> (Table, RecordKey) {
        (self.table.into(), self.key)
    }
}

impl<T: Into<String>, K: Into<RecordKey>> From<(T, K)> for RecordId {
    fn from((table, key): (T, K)) -> Self {
        Self::new(table, key)
    }
}

impl FromStr for RecordId {
    type Err = InvalidValue;

    /// Reads the text of a record id: plain, in backticks or in `⟨⟩`, with a key that is text, an int, a uuid, an array,
    /// an object or a range.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        parse::record_id(text)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", escape_identifier(&self.table), self.key)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({self})")
    }
}

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tagged::serialize(serializer, Tag::RecordId, &JsonText(self), &(&self.table, &self.key))
    }
}

/// The text form in JSON, which equals the server's.
struct JsonText<'a>(&'a RecordId);

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", escape_json_identifier(&self.0.table), self.0.key)
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl<'de> Tagged<'de> for RecordId {
    const TAG: Tag = Tag::RecordId;

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        text.parse().map_err(E::custom)
    }

    fn from_elements<A: SeqAccess<'de>>(mut elements: A) -> Result<Self, A::Error> {
        let table: String = tagged::next(&mut elements, 0, "a table and a key")?;
        let key: RecordKey = tagged::next(&mut elements, 1, "a table and a key")?;
        Ok(Self { table, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_json_is_that_of_the_server_and_can_be_read_back() {
        for (table, text) in
            [("user", "user:1"), ("table", "table:1"), ("1st", "`1st`:1"), ("a b", "`a b`:1"), ("", "``:1")]
        {
            let id = RecordId::new(table, 1);
            let json = serde_json::to_value(&id).unwrap();
            assert_eq!(json, text);
            assert_eq!(serde_json::from_value::<RecordId>(json).unwrap(), id);
        }
    }
}
