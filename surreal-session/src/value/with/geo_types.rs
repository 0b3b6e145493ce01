//! The types of `geo-types` with coordinates of `f64` as [`Geometry`].
//!
//! The server has no `Line`, `Rect` or `Triangle`: a `Geometry` that holds one becomes a line or a polygon with the same
//! corners. Open rings are closed when they are read.

use geo_types::{Coord, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

use super::adapted::adapter;
use crate::value::tag::Tag;
use crate::value::{Geometry, InvalidValue, Position, Value};

adapter! {
    "geo_types";
    Coord as "geo_types::Coord" => Geometry, not "an object";
    Point as "geo_types::Point" => Geometry, not "an object";
    LineString as "geo_types::LineString" => Geometry, not "an array";
    Polygon as "geo_types::Polygon" => Geometry, not "an object";
    MultiPoint as "geo_types::MultiPoint" => Geometry, not "an array";
    MultiLineString as "geo_types::MultiLineString" => Geometry, not "an array";
    MultiPolygon as "geo_types::MultiPolygon" => Geometry, not "an array";
    GeometryCollection as "geo_types::GeometryCollection" => Geometry, not "an array";
    geo_types::Geometry as "geo_types::Geometry" => Geometry, not "an object";
}

macro_rules! from {
    ($($type:ty => $variant:ident($value:ident) $convert:expr;)+) => {$(
        impl From<$type> for Geometry {
            fn from($value: $type) -> Self {
                Self::$variant($convert)
            }
        }

        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::Geometry($value.into())
            }
        }
    )+};
}

from! {
    Coord => Point(coord) coord.into();
    Point => Point(point) point.into();
    LineString => Line(line) positions(line);
    Polygon => Polygon(polygon) rings(polygon);
    MultiPoint => MultiPoint(points) points.into_iter().map(Position::from).collect();
    MultiLineString => MultiLine(lines) lines.into_iter().map(positions).collect();
    MultiPolygon => MultiPolygon(polygons) polygons.into_iter().map(rings).collect();
    GeometryCollection => Collection(geometries) geometries.into_iter().map(Geometry::from).collect();
}

impl From<geo_types::Geometry> for Geometry {
    /// A line, a rectangle and a triangle become a line or polygon with the same corners.
    fn from(geometry: geo_types::Geometry) -> Self {
        match geometry {
            geo_types::Geometry::Point(point) => point.into(),
            geo_types::Geometry::Line(line) => LineString::from(line).into(),
            geo_types::Geometry::LineString(line) => line.into(),
            geo_types::Geometry::Polygon(polygon) => polygon.into(),
            geo_types::Geometry::MultiPoint(points) => points.into(),
            geo_types::Geometry::MultiLineString(lines) => lines.into(),
            geo_types::Geometry::MultiPolygon(polygons) => polygons.into(),
            geo_types::Geometry::GeometryCollection(geometries) => geometries.into(),
            geo_types::Geometry::Rect(rectangle) => rectangle.to_polygon().into(),
            geo_types::Geometry::Triangle(triangle) => triangle.to_polygon().into(),
        }
    }
}

impl From<geo_types::Geometry> for Value {
    fn from(geometry: geo_types::Geometry) -> Self {
        Self::Geometry(geometry.into())
    }
}

fn positions(line: LineString) -> Vec<Position> {
    line.into_iter().map(Position::from).collect()
}

fn rings(polygon: Polygon) -> Vec<Vec<Position>> {
    let (outline, holes) = polygon.into_inner();
    std::iter::once(outline).chain(holes).map(positions).collect()
}

macro_rules! try_from {
    ($($variant:ident($value:ident) => $type:ty, $convert:expr;)+) => {$(
        impl TryFrom<Geometry> for $type {
            type Error = InvalidValue;

            /// Fails only if it is of another type.
            fn try_from(geometry: Geometry) -> Result<Self, InvalidValue> {
                match geometry {
                    Geometry::$variant($value) => Ok($convert),
                    other => Err(of_another_type(Tag::$variant, &other)),
                }
            }
        }
    )+};
}

try_from! {
    Point(position) => Coord, position.into();
    Point(position) => Point, position.into();
    Line(positions) => LineString, line(positions);
    Polygon(rings) => Polygon, polygon(rings);
    MultiPoint(positions) => MultiPoint, positions.into();
    MultiLine(lines) => MultiLineString, lines.into_iter().map(line).collect();
    MultiPolygon(polygons) => MultiPolygon, polygons.into_iter().map(polygon).collect();
    Collection(geometries) => GeometryCollection, collection(geometries);
}

/// Not a `From`, because geo-types would derive a conversion of any geometry to a `GeometryCollection` from it.
impl TryFrom<Geometry> for geo_types::Geometry {
    type Error = InvalidValue;

    /// Never fails.
    fn try_from(geometry: Geometry) -> Result<Self, InvalidValue> {
        Ok(any(geometry))
    }
}

fn any(geometry: Geometry) -> geo_types::Geometry {
    match geometry {
        Geometry::Point(position) => Point::from(position).into(),
        Geometry::Line(positions) => line(positions).into(),
        Geometry::Polygon(rings) => polygon(rings).into(),
        Geometry::MultiPoint(positions) => MultiPoint::from(positions).into(),
        Geometry::MultiLine(lines) => MultiLineString::new(lines.into_iter().map(line).collect()).into(),
        Geometry::MultiPolygon(polygons) => MultiPolygon::new(polygons.into_iter().map(polygon).collect()).into(),
        Geometry::Collection(geometries) => geo_types::Geometry::GeometryCollection(collection(geometries)),
    }
}

fn line(positions: Vec<Position>) -> LineString {
    positions.into()
}

fn polygon(rings: Vec<Vec<Position>>) -> Polygon {
    let mut rings = rings.into_iter().map(line);
    let outline = rings.next().unwrap_or_else(LineString::empty);
    Polygon::new(outline, rings.collect())
}

fn collection(geometries: Vec<Geometry>) -> GeometryCollection {
    geometries.into_iter().map(any).collect()
}

#[cold]
fn of_another_type(expected: Tag, found: &Geometry) -> InvalidValue {
    InvalidValue::new(expected.noun(), format!("it is a `{}`", found.type_name()))
}

#[cfg(test)]
mod tests {
    use geo_types::{Line, Rect, Triangle};

    use super::*;

    const RING: [Position; 4] = [[0.0, 0.0], [10.5, 0.0], [10.5, -10.25], [0.0, 0.0]];
    const HOLE: [Position; 4] = [[9.0, -1.0], [10.0, -1.0], [10.0, -2.0], [9.0, -1.0]];

    fn ring() -> LineString {
        RING.to_vec().into()
    }

    fn with_hole() -> Polygon {
        Polygon::new(ring(), vec![HOLE.to_vec().into()])
    }

    fn all() -> Vec<(geo_types::Geometry, Geometry)> {
        vec![
            (Point::new(-0.5, 51.25).into(), Geometry::Point([-0.5, 51.25])),
            (ring().into(), Geometry::Line(RING.into())),
            (LineString::empty().into(), Geometry::Line(vec![])),
            (with_hole().into(), Geometry::Polygon(vec![RING.into(), HOLE.into()])),
            (Polygon::empty().into(), Geometry::Polygon(vec![vec![]])),
            (MultiPoint::from(RING.to_vec()).into(), Geometry::MultiPoint(RING.into())),
            (
                MultiLineString::new(vec![ring(), LineString::empty()]).into(),
                Geometry::MultiLine(vec![RING.into(), vec![]]),
            ),
            (
                MultiPolygon::new(vec![with_hole(), Polygon::new(ring(), vec![])]).into(),
                Geometry::MultiPolygon(vec![vec![RING.into(), HOLE.into()], vec![RING.into()]]),
            ),
        ]
    }

    #[test]
    fn geometries_of_every_type_are_the_same() {
        let (foreign, native): (Vec<_>, Vec<_>) = all().into_iter().unzip();
        let collection = GeometryCollection::from(foreign);
        let nested = geo_types::Geometry::GeometryCollection(collection.clone());
        let pairs = all().into_iter().chain([(nested, Geometry::Collection(native.clone()))]);
        for (foreign, native) in pairs {
            assert_eq!(Geometry::from(foreign.clone()), native);
            assert_eq!(geo_types::Geometry::try_from(native), Ok(foreign));
        }
        assert_eq!(GeometryCollection::try_from(Geometry::from(collection.clone())), Ok(collection));
    }

    #[test]
    fn shapes_that_the_server_lacks_keep_their_corners() {
        let line = Line::new((0.0, 1.0), (2.0, 3.0));
        let triangle = Triangle::from([(0.0, 0.0), (10.5, 0.0), (10.5, -10.25)]);
        let rectangle = Rect::new((0.0, 1.0), (2.0, 3.0));
        for (foreign, native) in [
            (geo_types::Geometry::from(line), Geometry::Line(vec![[0.0, 1.0], [2.0, 3.0]])),
            (triangle.into(), Geometry::from(triangle.to_polygon())),
            (rectangle.into(), Geometry::from(rectangle.to_polygon())),
        ] {
            assert_eq!(Geometry::from(foreign), native);
        }
    }

    #[test]
    fn open_ring_is_closed_and_no_ring_is_an_empty_one() {
        assert_eq!(Polygon::try_from(Geometry::Polygon(vec![RING[..3].to_vec()])), Ok(Polygon::new(ring(), vec![])));
        assert_eq!(Polygon::try_from(Geometry::Polygon(vec![])), Ok(Polygon::empty()));
    }

    #[test]
    fn geometry_of_another_type_is_refused() {
        let line = || Geometry::Line(RING.into());
        let point = Geometry::Point([1.0, 2.0]);
        for (error, expected) in [
            (Coord::try_from(line()).unwrap_err(), "not a point: it is a `LineString`"),
            (Point::try_from(line()).unwrap_err(), "not a point: it is a `LineString`"),
            (LineString::try_from(point.clone()).unwrap_err(), "not a line: it is a `Point`"),
            (Polygon::try_from(line()).unwrap_err(), "not a polygon: it is a `LineString`"),
            (MultiPoint::try_from(line()).unwrap_err(), "not a multipoint: it is a `LineString`"),
            (MultiLineString::try_from(line()).unwrap_err(), "not a multiline: it is a `LineString`"),
            (MultiPolygon::try_from(line()).unwrap_err(), "not a multipolygon: it is a `LineString`"),
            (GeometryCollection::try_from(point).unwrap_err(), "not a collection of geometries: it is a `Point`"),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }
}
