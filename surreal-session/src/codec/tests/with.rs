//! Types of other crates through their adapters, in every serde representation of the struct around them.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::*;
use crate::value::{Duration, Uuid, Value};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Flattened<T> {
    before: i64,
    #[serde(flatten)]
    inner: T,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Untagged<T> {
    Unlike { other: i64 },
    Like(T),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "type")]
enum Internal<T> {
    Inner(T),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "type", content = "content")]
enum Adjacent<T> {
    Inner(T),
}

fn round_trips<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let bytes = encode(value).unwrap();
    assert_eq!(&decode::<T>(&bytes).unwrap(), value);
    let any: Value = decode(&bytes).unwrap();
    assert_eq!(&decode::<T>(&encode(&any).unwrap()).unwrap(), value);
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
}

fn in_every_shape<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(inner: &T) {
    round_trips(inner);
    round_trips(&Flattened { before: 1, inner: inner.clone() });
    round_trips(&Untagged::Like(inner.clone()));
    round_trips(&Internal::Inner(inner.clone()));
    round_trips(&Adjacent::Inner(inner.clone()));
    round_trips(&Untagged::Like(Internal::Inner(Flattened { before: 1, inner: inner.clone() })));
}

/// Checks that values are written as the native ones, byte for byte, and read from them; as text in JSON, too.
macro_rules! is_written_as {
    ($with:literal $(; $foreign:ty: $value:expr => $native:expr)+ $(;)?) => {$({
        #[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
        struct Foreign(#[serde(with = $with)] $foreign);
        let (foreign, native) = (Foreign($value), Value::from($native));
        let bytes = encode(&foreign).unwrap();
        assert_eq!(bytes, encode(&native).unwrap());
        assert_eq!(decode::<Foreign>(&bytes).unwrap(), foreign);
        let json = serde_json::to_value(&foreign).unwrap();
        assert_eq!(json, serde_json::to_value(&native).unwrap());
        assert_eq!(serde_json::from_value::<Foreign>(json).unwrap(), foreign);
    })+};
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Fields {
    #[serde(with = "crate::value::with::uuid")]
    one: uuid::Uuid,
    #[serde(with = "crate::value::with::uuid", default)]
    some: Option<uuid::Uuid>,
    #[serde(with = "crate::value::with::uuid", default)]
    none: Option<uuid::Uuid>,
    #[serde(with = "crate::value::with::uuid")]
    list: Vec<uuid::Uuid>,
    #[serde(with = "crate::value::with::uuid", default)]
    deep: Option<Vec<Option<uuid::Uuid>>>,
}

#[test]
fn containers_keep_the_native_type_in_every_shape() {
    let native = Uuid::new_v7();
    let uuid = uuid::Uuid::from(native);
    let (some, list, deep) = (Some(uuid), vec![uuid, uuid], Some(vec![Some(uuid), None]));
    let fields = Fields { one: uuid, some, none: None, list, deep };
    in_every_shape(&fields);
    let written: Value = decode(&encode(&fields).unwrap()).unwrap();
    let entries = [
        ("one", Value::from(native)),
        ("some", native.into()),
        ("none", Value::None),
        ("list", vec![native, native].into()),
        ("deep", vec![Some(native), None].into()),
    ];
    assert_eq!(written, entries.into_iter().collect());
}

#[test]
fn absent_fields_are_none_with_default() {
    let native = Uuid::new_v7();
    let present: Value = [("one", Value::from(native)), ("list", Value::Array(vec![]))].into_iter().collect();
    let read: Fields = decode(&encode(&present).unwrap()).unwrap();
    assert_eq!(read, Fields { one: native.into(), some: None, none: None, list: vec![], deep: None });
}

#[cfg(any(feature = "chrono", feature = "jiff", feature = "time"))]
fn noon() -> crate::value::Datetime {
    "2026-01-31T12:00:00.123456789Z".parse().unwrap()
}

fn long() -> std::time::Duration {
    std::time::Duration::new(90, 123_456_789)
}

#[test]
fn std_durations_are_stored_as_durations() {
    is_written_as! {
        "crate::value::with::std_duration";
        std::time::Duration: std::time::Duration::ZERO => Duration::ZERO;
        std::time::Duration: std::time::Duration::MAX => Duration::MAX;
        std::time::Duration: long() => Duration::from(long());
    }
}

#[test]
fn uuids_are_stored_as_uuids() {
    let uuid = Uuid::new_v7();
    is_written_as! {
        "crate::value::with::uuid";
        uuid::Uuid: uuid::Uuid::from(uuid) => uuid;
        uuid::Uuid: uuid::Uuid::nil() => Uuid::default();
    }
}

#[cfg(feature = "chrono")]
#[test]
fn chrono_types_are_stored_as_datetimes_and_durations() {
    use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

    use crate::value::Datetime;
    is_written_as! {
        "crate::value::with::chrono";
        DateTime<Utc>: DateTime::<Utc>::from(noon()) => noon();
        DateTime<Utc>: DateTime::<Utc>::MIN_UTC => Datetime::MIN;
        DateTime<FixedOffset>: DateTime::<FixedOffset>::from(noon()) => noon();
        TimeDelta: TimeDelta::from_std(long()).unwrap() => long();
    }
}

#[cfg(feature = "time")]
#[test]
fn time_types_are_stored_as_datetimes_and_durations() {
    use time::{OffsetDateTime, Timestamp, UtcDateTime};
    is_written_as! {
        "crate::value::with::time";
        OffsetDateTime: OffsetDateTime::try_from(noon()).unwrap() => noon();
        UtcDateTime: UtcDateTime::try_from(noon()).unwrap() => noon();
        Timestamp: Timestamp::try_from(noon()).unwrap() => noon();
        time::Duration: time::Duration::try_from(long()).unwrap() => long();
    }
}

#[cfg(feature = "jiff")]
#[test]
fn jiff_types_are_stored_as_datetimes_and_durations() {
    use jiff::{SignedDuration, Timestamp};
    is_written_as! {
        "crate::value::with::jiff";
        Timestamp: Timestamp::try_from(noon()).unwrap() => noon();
        SignedDuration: SignedDuration::try_from(long()).unwrap() => long();
    }
}

#[cfg(feature = "rust_decimal")]
#[test]
fn decimals_are_stored_as_decimals() {
    use crate::value::Decimal;
    is_written_as! {
        "crate::value::with::rust_decimal";
        rust_decimal::Decimal: rust_decimal::Decimal::new(-150, 2) => Decimal::new(-15, 1).unwrap();
        rust_decimal::Decimal: rust_decimal::Decimal::MAX => Decimal::MAX;
    }
}

#[cfg(feature = "geo-types")]
#[test]
fn geo_types_are_stored_as_geometries() {
    use crate::value::Geometry;
    use geo_types::{Coord, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};
    let line = || LineString::from(vec![[0.0, 0.5], [2.0, 3.0], [0.0, 3.0], [0.0, 0.5]]);
    let polygon = || Polygon::new(line(), vec![]);
    let collection = || GeometryCollection::from(vec![Point::new(1.0, 2.5)]);
    is_written_as! {
        "crate::value::with::geo_types";
        Coord: Coord::from([1.0, 2.5]) => Geometry::Point([1.0, 2.5]);
        Point: Point::new(1.0, 2.5) => Geometry::Point([1.0, 2.5]);
        LineString: line() => line();
        Polygon: polygon() => polygon();
        MultiPoint: MultiPoint::from(vec![[1.0, 2.5]]) => Geometry::MultiPoint(vec![[1.0, 2.5]]);
        MultiLineString: MultiLineString::new(vec![line()]) => MultiLineString::new(vec![line()]);
        MultiPolygon: MultiPolygon::new(vec![polygon()]) => MultiPolygon::new(vec![polygon()]);
        GeometryCollection: collection() => collection();
        geo_types::Geometry: geo_types::Geometry::GeometryCollection(collection()) => collection();
    }
}

#[cfg(all(feature = "geo-types", feature = "jiff"))]
#[test]
fn value_out_of_range_is_an_error_that_names_the_field() {
    #[derive(Serialize, Deserialize, Debug)]
    struct Visit {
        #[serde(with = "crate::value::with::jiff")]
        spans: Vec<jiff::SignedDuration>,
        #[serde(with = "crate::value::with::jiff", default)]
        at: Option<jiff::Timestamp>,
        #[serde(with = "crate::value::with::geo_types", default)]
        place: Option<geo_types::Point>,
    }
    let zero = jiff::SignedDuration::ZERO;
    let visit = Visit { spans: vec![zero, jiff::SignedDuration::from_nanos(-1)], at: None, place: None };
    let error = encode(&visit).unwrap_err().to_string();
    assert_eq!(error, "spans[1]: not a duration: it is negative");
    let spans = || ("spans", Value::Array(vec![]));
    let read = |fields: Value| decode::<Visit>(&encode(&fields).unwrap()).unwrap_err().to_string();
    let error = read([spans(), ("at", Value::from(crate::value::Datetime::MAX))].into_iter().collect());
    assert!(error.starts_with("at: not a `jiff::Timestamp`: it is outside -009999"), "{error}");
    let error = read([spans(), ("place", Value::from(crate::value::Geometry::Line(vec![])))].into_iter().collect());
    assert_eq!(error, "place: not a point: it is a `LineString`");
    let error = read([spans(), ("place", Value::from("(1, 2)"))].into_iter().collect());
    assert_eq!(error, "place: expected a geometry, found a string");
}
