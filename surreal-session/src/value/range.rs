//! Ranges.

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{self, Bound};

use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Value;
use super::tag::{KeySeed, MapKey, Tag};
use super::tagged::{self, Plain, Tagged};

/// The values between two bounds, each included, excluded or missing.
///
/// Converts from the ranges of the standard library: `Range::from(1..=5)`. In a human-readable format a range is an
/// object, such as `{"start": {"included": 1}, "end": null}`.
///
/// # Examples
///
/// ```
/// use std::ops::Bound;
///
/// use surreal_session::value::Range;
///
/// let teens = Range::from(13..=19);
/// assert_eq!((teens.start, teens.end), (Bound::Included(13), Bound::Included(19)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range<T = Value> {
    /// The lower bound.
    pub start: Bound<T>,
    /// The upper bound.
    pub end: Bound<T>,
}

impl<T> Range<T> {
    /// Creates the range between these bounds.
    pub fn new(start: Bound<T>, end: Bound<T>) -> Self {
        Self { start, end }
    }

    /// Converts both bounds.
    pub fn map<U>(self, mut convert: impl FnMut(T) -> U) -> Range<U> {
        Range { start: self.start.map(&mut convert), end: self.end.map(&mut convert) }
    }
}

impl<T> From<ops::Range<T>> for Range<T> {
    fn from(range: ops::Range<T>) -> Self {
        Self::new(Bound::Included(range.start), Bound::Excluded(range.end))
    }
}

impl<T> From<ops::RangeInclusive<T>> for Range<T> {
    fn from(range: ops::RangeInclusive<T>) -> Self {
        let (start, end) = range.into_inner();
        Self::new(Bound::Included(start), Bound::Included(end))
    }
}

impl<T> From<ops::RangeFrom<T>> for Range<T> {
    fn from(range: ops::RangeFrom<T>) -> Self {
        Self::new(Bound::Included(range.start), Bound::Unbounded)
    }
}

impl<T> From<ops::RangeTo<T>> for Range<T> {
    fn from(range: ops::RangeTo<T>) -> Self {
        Self::new(Bound::Unbounded, Bound::Excluded(range.end))
    }
}

impl<T> From<ops::RangeToInclusive<T>> for Range<T> {
    fn from(range: ops::RangeToInclusive<T>) -> Self {
        Self::new(Bound::Unbounded, Bound::Included(range.end))
    }
}

impl<T> From<ops::RangeFull> for Range<T> {
    fn from(_: ops::RangeFull) -> Self {
        Self::new(Bound::Unbounded, Bound::Unbounded)
    }
}

/// Compares the lower bounds, then the upper ones. A missing bound sorts first, an included one before the same excluded.
impl<T: Ord> Ord for Range<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        cmp_bounds(&self.start, &other.start).then_with(|| cmp_bounds(&self.end, &other.end))
    }
}

impl<T: Ord> PartialOrd for Range<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn cmp_bounds<T: Ord>(one: &Bound<T>, other: &Bound<T>) -> Ordering {
    fn key<T>(bound: &Bound<T>) -> Option<(&T, bool)> {
        match bound {
            Bound::Unbounded => None,
            Bound::Included(value) => Some((value, false)),
            Bound::Excluded(value) => Some((value, true)),
        }
    }
    key(one).cmp(&key(other))
}

/// Writes the SurrealQL form, such as `1..5`, `1>..=5` or `..`.
impl<T: fmt::Display> fmt::Display for Range<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.start {
            Bound::Unbounded => f.write_str("..")?,
            Bound::Included(start) => write!(f, "{start}..")?,
            Bound::Excluded(start) => write!(f, "{start}>..")?,
        }
        match &self.end {
            Bound::Unbounded => Ok(()),
            Bound::Included(end) => write!(f, "={end}"),
            Bound::Excluded(end) => end.fmt(f),
        }
    }
}

impl<T: Serialize> Serialize for Range<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(Tag::Range.name(), &Bounds(self))
    }
}

/// Writes both bounds: an object in a human-readable format, and a pair in others.
pub(super) struct Bounds<'a, T>(pub(super) &'a Range<T>);

impl<T: Serialize> Serialize for Bounds<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (start, end) = (BoundRef(&self.0.start), BoundRef(&self.0.end));
        if !serializer.is_human_readable() {
            return (start, end).serialize(serializer);
        }
        let mut object = serializer.serialize_struct("Range", 2)?;
        object.serialize_field("start", &start)?;
        object.serialize_field("end", &end)?;
        object.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Range<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        tagged::deserialize(deserializer)
    }
}

impl<'de, T: Deserialize<'de>> Tagged<'de> for Range<T> {
    const TAG: Tag = Tag::Range;

    fn from_elements<A: SeqAccess<'de>>(mut elements: A) -> Result<Self, A::Error> {
        let OwnedBound(start) = tagged::next(&mut elements, 0, "two bounds")?;
        let OwnedBound(end) = tagged::next(&mut elements, 1, "two bounds")?;
        Ok(Self { start, end })
    }

    fn from_plain_object<A: MapAccess<'de>>(first: String, mut rest: A) -> Result<Self, A::Error> {
        let (mut start, mut end) = (None, None);
        let mut next = Some(first);
        while let Some(key) = next {
            match key.as_str() {
                "start" => start = Some(rest.next_value::<OwnedBound<T>>()?.0),
                "end" => end = Some(rest.next_value::<OwnedBound<T>>()?.0),
                _ => return Err(Self::unexpected(Unexpected::Map)),
            }
            next = rest.next_key()?;
        }
        match (start, end) {
            (Some(start), Some(end)) => Ok(Self { start, end }),
            _ => Err(Self::unexpected(Unexpected::Map)),
        }
    }
}

struct BoundRef<'a, T>(&'a Bound<T>);

impl<T: Serialize> Serialize for BoundRef<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Bound::Unbounded => serializer.serialize_unit(),
            Bound::Included(value) => {
                serializer.serialize_newtype_struct(Tag::Included.name(), &WrittenBound { key: INCLUDED, value })
            }
            Bound::Excluded(value) => {
                serializer.serialize_newtype_struct(Tag::Excluded.name(), &WrittenBound { key: EXCLUDED, value })
            }
        }
    }
}

/// Writes a bound: an object of one entry in a human-readable format, and the value alone in others.
struct WrittenBound<'a, T> {
    key: &'static str,
    value: &'a T,
}

impl<T: Serialize> Serialize for WrittenBound<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return Plain(self.value).serialize(serializer);
        }
        let mut object = serializer.serialize_map(Some(1))?;
        object.serialize_entry(self.key, self.value)?;
        object.end()
    }
}

struct OwnedBound<T>(Bound<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OwnedBound<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BoundVisitor(PhantomData))
    }
}

struct BoundVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for BoundVisitor<T> {
    type Value = OwnedBound<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bound")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(OwnedBound(Bound::Unbounded))
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(OwnedBound(Bound::Unbounded))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entry: A) -> Result<Self::Value, A::Error> {
        let bound = match entry.next_key_seed(KeySeed)? {
            Some(MapKey::Reserved(Tag::Included)) => Bound::Included(entry.next_value()?),
            Some(MapKey::Reserved(Tag::Excluded)) => Bound::Excluded(entry.next_value()?),
            Some(MapKey::Reserved(tag)) => return Err(A::Error::invalid_type(Unexpected::Other(tag.noun()), &self)),
            Some(MapKey::Plain(key)) if key == INCLUDED => Bound::Included(entry.next_value()?),
            Some(MapKey::Plain(key)) if key == EXCLUDED => Bound::Excluded(entry.next_value()?),
            Some(MapKey::Plain(_)) | None => return Err(A::Error::invalid_type(Unexpected::Map, &self)),
        };
        Ok(OwnedBound(bound))
    }
}

const INCLUDED: &str = "included";
const EXCLUDED: &str = "excluded";
