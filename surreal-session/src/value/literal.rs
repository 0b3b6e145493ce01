//! Arrays and objects of values: written as SurrealQL literals, and read with serde.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::de::{MapAccess, SeqAccess};

use super::text::escape_object_key;
use super::{Range, Value};

/// Writes `[1, 2]`.
pub(crate) fn write_array(f: &mut fmt::Formatter<'_>, elements: &[Value]) -> fmt::Result {
    f.write_str("[")?;
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        element.fmt(f)?;
    }
    f.write_str("]")
}

/// Writes `{ a: 1, b: 2 }`.
pub(crate) fn write_object(f: &mut fmt::Formatter<'_>, entries: &BTreeMap<String, Value>) -> fmt::Result {
    if entries.is_empty() {
        return f.write_str("{}");
    }
    f.write_str("{ ")?;
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{}: {value}", escape_object_key(key))?;
    }
    f.write_str(" }")
}

/// Writes `{1, 2}`. Encloses a first element that would make it an object: `{a:1}`.
pub(crate) fn write_set(f: &mut fmt::Formatter<'_>, elements: &[Value]) -> fmt::Result {
    let Some((first, rest)) = elements.split_first() else { return f.write_str("{,}") };
    write!(f, "{{{}", Delimited(first))?;
    rest.iter().try_for_each(|element| write!(f, ", {element}"))?;
    f.write_str(if rest.is_empty() { ",}" } else { "}" })
}

/// Writes `1..2`.
pub(crate) fn write_range(f: &mut fmt::Formatter<'_>, range: &Range<Value>) -> fmt::Result {
    Range::new(range.start.as_ref().map(Delimited), range.end.as_ref().map(Delimited)).fmt(f)
}

/// A value in parentheses, if the text after it could be read as a part of it.
struct Delimited<'a>(&'a Value);

impl Display for Delimited<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::RecordId(_) | Value::Range(_) => write!(f, "({})", self.0),
            value => value.fmt(f),
        }
    }
}

/// Reads the elements of an array.
pub(crate) fn read_array<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<Vec<Value>, A::Error> {
    let mut array = Vec::new();
    while let Some(element) = elements.next_element()? {
        array.push(element);
    }
    Ok(array)
}

/// Reads the entries of an object whose first key has been read. Of several values of one key, keeps the last.
pub(crate) fn read_object<'de, A: MapAccess<'de>>(
    first: Option<String>,
    mut entries: A,
) -> Result<BTreeMap<String, Value>, A::Error> {
    let mut object = BTreeMap::new();
    let mut next = first;
    while let Some(key) = next {
        object.insert(key, entries.next_value()?);
        next = entries.next_key()?;
    }
    Ok(object)
}
