//! Sets.

use std::fmt;

use serde::de::SeqAccess;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Value;
use super::tag::Tag;
use super::tagged::{self, Tagged};

/// A set, which the server keeps sorted and without duplicates.
///
/// The client holds the elements in the order in which it received them. In a human-readable format a set is an array.
///
/// A field of type `Vec`, `BTreeSet` or `HashSet` also reads a set, but writes an array. The server converts it to a set if
/// the schema declares `TYPE set`. Conditions on a `BTreeSet` or `HashSet` compare it as a set, whatever is stored, and
/// `push` adds an element once. Inside other values, such as a struct that is compared as a whole, and in
/// [`PatchOp::test`](crate::query::PatchOp::test), it is an array whose order counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Set<T = Value>(Vec<T>);

impl<T> Set<T> {
    /// The elements.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// The elements.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }

    /// Iterates over the elements.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> From<Vec<T>> for Set<T> {
    fn from(elements: Vec<T>) -> Self {
        Self(elements)
    }
}

impl<T> From<Set<T>> for Vec<T> {
    fn from(set: Set<T>) -> Self {
        set.0
    }
}

impl<T> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self(elements.into_iter().collect())
    }
}

impl<T> IntoIterator for Set<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Set<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Writes the SurrealQL literal, such as `{1, 2}`, `{1,}` or `{,}`.
impl<T: fmt::Display> fmt::Display for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("{,}"),
            [one] => write!(f, "{{{one},}}"),
            [first, rest @ ..] => {
                write!(f, "{{{first}")?;
                rest.iter().try_for_each(|element| write!(f, ", {element}"))?;
                f.write_str("}")
            }
        }
    }
}

impl<T: Serialize> Serialize for Set<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(Tag::Set.name(), &self.0)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Set<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl<'de, T: Deserialize<'de>> Tagged<'de> for Set<T> {
    const TAG: Tag = Tag::Set;

    fn from_elements<A: SeqAccess<'de>>(mut elements: A) -> Result<Self, A::Error> {
        let mut set = Vec::new();
        while let Some(element) = elements.next_element()? {
            set.push(element);
        }
        Ok(Self(set))
    }

    fn from_plain_elements<A: SeqAccess<'de>>(elements: A) -> Result<Self, A::Error> {
        Self::from_elements(elements)
    }
}
