//! Geometries as nested tags, or in the form that a deserializer has them.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{Geometry, Position, geojson};
use crate::value::tag::{KeySeed, MapKey, Tag};

impl Serialize for Geometry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tag = match self {
            Self::Point(_) => Tag::Point,
            Self::Line(_) => Tag::Line,
            Self::Polygon(_) => Tag::Polygon,
            Self::MultiPoint(_) => Tag::MultiPoint,
            Self::MultiLine(_) => Tag::MultiLine,
            Self::MultiPolygon(_) => Tag::MultiPolygon,
            Self::Collection(_) => Tag::Collection,
        };
        serializer.serialize_newtype_struct(tag.name(), &GeometryForm(self))
    }
}

/// Writes `GeoJSON` in a human-readable format, and nested arrays in others.
struct GeometryForm<'a>(&'a Geometry);

impl Serialize for GeometryForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return geojson::serialize(self.0, serializer);
        }
        match self.0 {
            Geometry::Point(point) => point.serialize(serializer),
            Geometry::Line(points) | Geometry::MultiPoint(points) => Points(points).serialize(serializer),
            Geometry::Polygon(lines) | Geometry::MultiLine(lines) => Lines(lines).serialize(serializer),
            Geometry::MultiPolygon(polygons) => Polygons(polygons).serialize(serializer),
            Geometry::Collection(geometries) => geometries.serialize(serializer),
        }
    }
}

/// Serialises the payload under a reserved name.
struct Under<T>(Tag, T);

impl<T: Serialize> Serialize for Under<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(self.0.name(), &self.1)
    }
}

struct Points<'a>(&'a [Position]);

impl Serialize for Points<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|point| Under(Tag::Point, point)))
    }
}

struct Lines<'a>(&'a [Vec<Position>]);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|line| Under(Tag::Line, Points(line))))
    }
}

struct Polygons<'a>(&'a [Vec<Vec<Position>>]);

impl Serialize for Polygons<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|polygon| Under(Tag::Polygon, Lines(polygon))))
    }
}

impl<'de> Deserialize<'de> for Geometry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GeometryVisitor)
    }
}

struct GeometryVisitor;

impl<'de> Visitor<'de> for GeometryVisitor {
    type Value = Geometry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a geometry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Geometry, A::Error> {
        match entries.next_key_seed(KeySeed)? {
            Some(MapKey::Reserved(tag)) => entries.next_value_seed(GeometryPayload(tag)),
            Some(MapKey::Plain(first)) => geojson::read(first, entries),
            None => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

/// Reads the payload of a geometry whose tag is known.
pub(in crate::value) struct GeometryPayload(pub(in crate::value) Tag);

impl<'de> DeserializeSeed<'de> for GeometryPayload {
    type Value = Geometry;

    fn deserialize<D: Deserializer<'de>>(self, payload: D) -> Result<Geometry, D::Error> {
        match self.0 {
            Tag::Point => Position::deserialize(payload).map(Geometry::Point),
            Tag::Line => ListOf(Tag::Point, into_point).deserialize(payload).map(Geometry::Line),
            Tag::Polygon => ListOf(Tag::Line, into_line).deserialize(payload).map(Geometry::Polygon),
            Tag::MultiPoint => ListOf(Tag::Point, into_point).deserialize(payload).map(Geometry::MultiPoint),
            Tag::MultiLine => ListOf(Tag::Line, into_line).deserialize(payload).map(Geometry::MultiLine),
            Tag::MultiPolygon => ListOf(Tag::Polygon, into_polygon).deserialize(payload).map(Geometry::MultiPolygon),
            Tag::Collection => Vec::deserialize(payload).map(Geometry::Collection),
            other => Err(D::Error::invalid_type(Unexpected::Other(other.noun()), &GeometryVisitor)),
        }
    }
}

fn into_point(geometry: Geometry) -> Option<Position> {
    if let Geometry::Point(point) = geometry { Some(point) } else { None }
}

fn into_line(geometry: Geometry) -> Option<Vec<Position>> {
    if let Geometry::Line(points) = geometry { Some(points) } else { None }
}

fn into_polygon(geometry: Geometry) -> Option<Vec<Vec<Position>>> {
    if let Geometry::Polygon(lines) = geometry { Some(lines) } else { None }
}

/// Reads an array of geometries of one type.
struct ListOf<T>(Tag, fn(Geometry) -> Option<T>);

impl<'de, T> DeserializeSeed<'de> for ListOf<T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, elements: D) -> Result<Vec<T>, D::Error> {
        elements.deserialize_seq(self)
    }
}

impl<'de, T> Visitor<'de> for ListOf<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an array of which each element is {}", self.0.noun())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(geometry) = elements.next_element::<Geometry>()? {
            let found = geometry.type_name();
            let element = (self.1)(geometry);
            list.push(element.ok_or_else(|| A::Error::invalid_type(Unexpected::Other(found), &self))?);
        }
        Ok(list)
    }
}
