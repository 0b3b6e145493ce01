//! Names of tables.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::tag::Tag;
use super::tagged::{self, Tagged};
use super::text::escape_identifier;

/// The name of a table, a type of value in SurrealDB.
///
/// In a human-readable format it is the plain name. Its [`Display`](fmt::Display) form is the escaped identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Table(String);

impl Table {
    /// Creates the value for the table of this name, which needs no escaping.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<&str> for Table {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<String> for Table {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<Table> for String {
    fn from(table: Table) -> Self {
        table.0
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_identifier(&self.0))
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tagged::serialize(serializer, Tag::Table, &self.0, &self.0)
    }
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl Tagged<'_> for Table {
    const TAG: Tag = Tag::Table;

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        Ok(text.into())
    }
}
