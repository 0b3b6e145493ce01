//! Geometries.

mod geojson;
mod wire;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::float::TotalFloat;

pub(super) use wire::GeometryPayload;

/// A position: longitude (or x), then latitude (or y).
pub type Position = [f64; 2];

/// A geometry, such as a point, a line or a polygon.
///
/// The variants hold their coordinates in the order of `GeoJSON`. In a human-readable format a geometry is a `GeoJSON`
/// object.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Geometry {
    /// One position.
    Point(Position),
    /// A line through several positions.
    Line(Vec<Position>),
    /// An area: its outline, then its holes, each a line that ends where it begins.
    ///
    /// The server refuses a polygon without an outline.
    Polygon(Vec<Vec<Position>>),
    /// Several positions.
    MultiPoint(Vec<Position>),
    /// Several lines.
    MultiLine(Vec<Vec<Position>>),
    /// Several areas.
    MultiPolygon(Vec<Vec<Vec<Position>>>),
    /// Several geometries of any kind.
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

    /// The coordinates in order, with their nesting.
    fn coordinates(&self) -> Coordinates<'_> {
        match self {
            Self::Point(point) => Coordinates::Position(point),
            Self::Line(points) | Self::MultiPoint(points) => Coordinates::Positions(points),
            Self::Polygon(lines) | Self::MultiLine(lines) => Coordinates::Lines(lines),
            Self::MultiPolygon(polygons) => Coordinates::Polygons(polygons),
            Self::Collection(geometries) => Coordinates::Geometries(geometries),
        }
    }
}

enum Coordinates<'a> {
    Position(&'a Position),
    Positions(&'a [Position]),
    Lines(&'a [Vec<Position>]),
    Polygons(&'a [Vec<Vec<Position>>]),
    Geometries(&'a [Geometry]),
}

/// Compares like [`Value::Float`](super::Value::Float): NaN equals itself.
impl PartialEq for Geometry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Geometry {}

impl Ord for Geometry {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_shape = || match (self.coordinates(), other.coordinates()) {
            (Coordinates::Position(one), Coordinates::Position(other)) => cmp_positions(one, other),
            (Coordinates::Positions(one), Coordinates::Positions(other)) => cmp_lists(one, other, cmp_positions),
            (Coordinates::Lines(one), Coordinates::Lines(other)) => {
                cmp_lists(one, other, |a, b| cmp_lists(a, b, cmp_positions))
            }
            (Coordinates::Polygons(one), Coordinates::Polygons(other)) => {
                cmp_lists(one, other, |a, b| cmp_lists(a, b, |a, b| cmp_lists(a, b, cmp_positions)))
            }
            (Coordinates::Geometries(one), Coordinates::Geometries(other)) => one.cmp(other),
            // Geometries of one type have the same nesting.
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
    one.map(TotalFloat).cmp(&other.map(TotalFloat))
}

fn cmp_lists<T>(one: &[T], other: &[T], cmp: impl Fn(&T, &T) -> Ordering) -> Ordering {
    let unequal = one.iter().zip(other).map(|(one, other)| cmp(one, other)).find(|ordering| ordering.is_ne());
    unequal.unwrap_or_else(|| one.len().cmp(&other.len()))
}

impl Hash for Geometry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let position = |state: &mut H, position: &Position| position.map(TotalFloat).hash(state);
        self.type_name().hash(state);
        match self.coordinates() {
            Coordinates::Position(point) => position(state, point),
            Coordinates::Positions(points) => points.iter().for_each(|point| position(state, point)),
            Coordinates::Lines(lines) => lines.iter().flatten().for_each(|point| position(state, point)),
            Coordinates::Polygons(polygons) => {
                polygons.iter().flatten().flatten().for_each(|point| position(state, point));
            }
            Coordinates::Geometries(geometries) => geometries.hash(state),
        }
    }
}

/// Writes the SurrealQL literal: `(1f, 2f)` for a point, a `GeoJSON` object for the others.
impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Point([x, y]) => write!(f, "({}, {})", TotalFloat(*x), TotalFloat(*y)),
            _ => self.write_object(f),
        }
    }
}

impl Geometry {
    /// Writes a `GeoJSON` object, also for a point: the server (3.3.5) accepts nothing else in a collection.
    fn write_object(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = if matches!(self, Self::Collection(_)) { "geometries" } else { "coordinates" };
        write!(f, "{{ type: '{}', {list}: ", self.type_name())?;
        match self.coordinates() {
            Coordinates::Position(point) => write_position(f, point),
            Coordinates::Positions(points) => write_list(f, points, write_position),
            Coordinates::Lines(lines) => write_list(f, lines, |f, line| write_list(f, line, write_position)),
            Coordinates::Polygons(polygons) => write_list(f, polygons, |f, polygon| {
                write_list(f, polygon, |f, line| write_list(f, line, write_position))
            }),
            Coordinates::Geometries(geometries) => write_list(f, geometries, |f, geometry| geometry.write_object(f)),
        }?;
        f.write_str(" }")
    }
}

fn write_position(f: &mut fmt::Formatter<'_>, [x, y]: &Position) -> fmt::Result {
    write!(f, "[{}, {}]", TotalFloat(*x), TotalFloat(*y))
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
