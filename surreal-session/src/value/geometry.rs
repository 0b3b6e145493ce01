//! Geometries.

mod geojson;
mod wire;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::float::Total;

pub(super) use wire::GeometryPayload;

/// A place: longitude (or x), then latitude (or y).
pub type Position = [f64; 2];

/// A shape on a map.
///
/// The variants carry their coordinates as `GeoJSON` does. In a human-readable format it is a `GeoJSON` object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Geometry {
    /// One place.
    Point(Position),
    /// A line through some places.
    Line(Vec<Position>),
    /// An area: its outline first, then its holes, each a line that ends where it begins.
    ///
    /// The server refuses one without an outline.
    Polygon(Vec<Vec<Position>>),
    /// Some places.
    MultiPoint(Vec<Position>),
    /// Some lines.
    MultiLine(Vec<Vec<Position>>),
    /// Some areas.
    MultiPolygon(Vec<Vec<Vec<Position>>>),
    /// Some geometries of any kind.
    Collection(Vec<Geometry>),
}

impl Geometry {
    /// The name of the type in `GeoJSON`.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Point(_) => "Point",
            Self::Line(_) => "LineString",
            Self::Polygon(_) => "Polygon",
            Self::MultiPoint(_) => "MultiPoint",
            Self::MultiLine(_) => "MultiLineString",
            Self::MultiPolygon(_) => "MultiPolygon",
            Self::Collection(_) => "GeometryCollection",
        }
    }

    /// All coordinates in order, with how they are grouped.
    fn shape(&self) -> Shape<'_> {
        match self {
            Self::Point(point) => Shape::Position(point),
            Self::Line(points) | Self::MultiPoint(points) => Shape::Positions(points),
            Self::Polygon(lines) | Self::MultiLine(lines) => Shape::Lines(lines),
            Self::MultiPolygon(polygons) => Shape::Polygons(polygons),
            Self::Collection(geometries) => Shape::Geometries(geometries),
        }
    }
}

enum Shape<'a> {
    Position(&'a Position),
    Positions(&'a [Position]),
    Lines(&'a [Vec<Position>]),
    Polygons(&'a [Vec<Vec<Position>>]),
    Geometries(&'a [Geometry]),
}

/// Compares as [`Value::Float`](super::Value::Float) does: NaN equals itself.
impl PartialEq for Geometry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Geometry {}

impl Ord for Geometry {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_shape = || match (self.shape(), other.shape()) {
            (Shape::Position(one), Shape::Position(other)) => cmp_positions(one, other),
            (Shape::Positions(one), Shape::Positions(other)) => cmp_lists(one, other, cmp_positions),
            (Shape::Lines(one), Shape::Lines(other)) => cmp_lists(one, other, |a, b| cmp_lists(a, b, cmp_positions)),
            (Shape::Polygons(one), Shape::Polygons(other)) => {
                cmp_lists(one, other, |a, b| cmp_lists(a, b, |a, b| cmp_lists(a, b, cmp_positions)))
            }
            (Shape::Geometries(one), Shape::Geometries(other)) => one.cmp(other),
            // Geometries of one type have one shape.
            _ => Ordering::Equal,
        };
        self.type_name().cmp(other.type_name()).then_with(by_shape)
    }
}

impl PartialOrd for Geometry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn cmp_positions(one: &Position, other: &Position) -> Ordering {
    one.map(Total).cmp(&other.map(Total))
}

fn cmp_lists<T>(one: &[T], other: &[T], cmp: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let unequal = one.iter().zip(other).map(|(one, other)| cmp(one, other)).find(|ordering| ordering.is_ne());
    unequal.unwrap_or_else(|| one.len().cmp(&other.len()))
}

impl Hash for Geometry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let position = |state: &mut H, position: &Position| position.map(Total).hash(state);
        self.type_name().hash(state);
        match self.shape() {
            Shape::Position(point) => position(state, point),
            Shape::Positions(points) => points.iter().for_each(|point| position(state, point)),
            Shape::Lines(lines) => lines.iter().flatten().for_each(|point| position(state, point)),
            Shape::Polygons(polygons) => polygons.iter().flatten().flatten().for_each(|point| position(state, point)),
            Shape::Geometries(geometries) => geometries.hash(state),
        }
    }
}

/// The SurrealQL literal: `(1f, 2f)` for a point, an object as in `GeoJSON` for the others.
impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Point([x, y]) => write!(f, "({}, {})", Total(*x), Total(*y)),
            _ => self.write_object(f),
        }
    }
}

impl Geometry {
    /// Writes an object as in `GeoJSON`, also for a point: in a collection the server (3.3.5) takes nothing else.
    fn write_object(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = if matches!(self, Self::Collection(_)) { "geometries" } else { "coordinates" };
        write!(f, "{{ type: '{}', {list}: ", self.type_name())?;
        match self.shape() {
            Shape::Position(point) => write_position(f, point),
            Shape::Positions(points) => write_list(f, points, write_position),
            Shape::Lines(lines) => write_list(f, lines, |f, line| write_list(f, line, write_position)),
            Shape::Polygons(polygons) => write_list(f, polygons, |f, polygon| {
                write_list(f, polygon, |f, line| write_list(f, line, write_position))
            }),
            Shape::Geometries(geometries) => write_list(f, geometries, |f, geometry| geometry.write_object(f)),
        }?;
        f.write_str(" }")
    }
}

fn write_position(f: &mut fmt::Formatter<'_>, [x, y]: &Position) -> fmt::Result {
    write!(f, "[{}, {}]", Total(*x), Total(*y))
}

fn write_list<T>(
    f: &mut fmt::Formatter<'_>,
    list: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_str("[")?;
    for (index, element) in list.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write(f, element)?;
    }
    f.write_str("]")
}
