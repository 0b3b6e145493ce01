//! Geometries as `GeoJSON` objects.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Deserializer};

use super::{Coordinates, Geometry, Position};
use crate::value::Value;

pub(super) fn serialize<S: Serializer>(geometry: &Geometry, serializer: S) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_struct("Geometry", 2)?;
    object.serialize_field("type", geometry.type_name())?;
    match geometry.coordinates() {
        Coordinates::Position(point) => object.serialize_field("coordinates", point)?,
        Coordinates::Positions(points) => object.serialize_field("coordinates", points)?,
        Coordinates::Lines(lines) => object.serialize_field("coordinates", lines)?,
        Coordinates::Polygons(polygons) => object.serialize_field("coordinates", polygons)?,
        Coordinates::Geometries(geometries) => object.serialize_field("geometries", geometries)?,
    }
    object.end()
}

/// Reads an object whose first key has been read. The type may come after the coordinates.
pub(super) fn read<'de, A: MapAccess<'de>>(first: String, mut rest: A) -> Result<Geometry, A::Error> {
    let (mut name, mut coordinates, mut geometries) = (None, None, None);
    let mut next = Some(first);
    while let Some(key) = next {
        match key.as_str() {
            "type" => name = Some(rest.next_value::<String>()?),
            "coordinates" => coordinates = Some(rest.next_value::<JsonCoordinates>()?),
            "geometries" => geometries = Some(rest.next_value::<Vec<Geometry>>()?),
            _ => return Err(A::Error::invalid_type(Unexpected::Map, &"a geometry")),
        }
        next = rest.next_key()?;
    }
    assemble(name.as_deref(), coordinates, geometries)
        .ok_or_else(|| A::Error::custom("expected a geometry, found another object"))
}

impl Geometry {
    /// The geometry that an object describes, if the object has no other entries.
    pub(in crate::value) fn from_object(entries: &BTreeMap<String, Value>) -> Option<Self> {
        let name = entries.get("type")?.as_str().filter(|_| entries.len() == 2)?;
        if name != "GeometryCollection" {
            return assemble(Some(name), JsonCoordinates::of(entries.get("coordinates")?), None);
        }
        let geometry =
            |value: &Value| if let Value::Geometry(geometry) = value { Some(geometry.clone()) } else { None };
        let geometries: Option<_> = entries.get("geometries")?.as_array()?.iter().map(geometry).collect();
        assemble(Some(name), None, geometries)
    }
}

fn assemble(
    name: Option<&str>,
    coordinates: Option<JsonCoordinates>,
    geometries: Option<Vec<Geometry>>,
) -> Option<Geometry> {
    match (name?, coordinates, geometries) {
        ("Point", Some(point), None) => point.position().map(Geometry::Point),
        ("LineString", Some(points), None) => points.positions().map(Geometry::Line),
        ("Polygon", Some(lines), None) => lines.lines().map(Geometry::Polygon),
        ("MultiPoint", Some(points), None) => points.positions().map(Geometry::MultiPoint),
        ("MultiLineString", Some(lines), None) => lines.lines().map(Geometry::MultiLine),
        ("MultiPolygon", Some(polygons), None) => polygons.list(JsonCoordinates::lines).map(Geometry::MultiPolygon),
        ("GeometryCollection", None, Some(geometries)) => Some(Geometry::Collection(geometries)),
        _ => None,
    }
}

/// Numbers in nested arrays, before the depth that the type needs is known.
enum JsonCoordinates {
    Number(f64),
    List(Vec<JsonCoordinates>),
}

impl JsonCoordinates {
    #[expect(clippy::cast_precision_loss, reason = "a coordinate is a float, and only written like an int")]
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Float(number) => Some(Self::Number(*number)),
            Value::Int(number) => Some(Self::Number(*number as f64)),
            Value::Array(elements) => elements.iter().map(Self::of).collect::<Option<_>>().map(Self::List),
            _ => None,
        }
    }

    fn list<T>(self, each: impl Fn(Self) -> Option<T>) -> Option<Vec<T>> {
        match self {
            Self::List(list) => list.into_iter().map(each).collect(),
            Self::Number(_) => None,
        }
    }

    fn number(self) -> Option<f64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    fn position(self) -> Option<Position> {
        self.list(Self::number)?.try_into().ok()
    }

    fn positions(self) -> Option<Vec<Position>> {
        self.list(Self::position)
    }

    fn lines(self) -> Option<Vec<Vec<Position>>> {
        self.list(Self::positions)
    }
}

impl<'de> Deserialize<'de> for JsonCoordinates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CoordinatesVisitor)
    }
}

struct CoordinatesVisitor;

impl<'de> Visitor<'de> for CoordinatesVisitor {
    type Value = JsonCoordinates;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("coordinates")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<JsonCoordinates, E> {
        Ok(JsonCoordinates::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "a coordinate is a float, and only written like an int")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<JsonCoordinates, E> {
        Ok(JsonCoordinates::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "a coordinate is a float, and only written like an int")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<JsonCoordinates, E> {
        Ok(JsonCoordinates::Number(number as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<JsonCoordinates, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(JsonCoordinates::List(list))
    }
}
