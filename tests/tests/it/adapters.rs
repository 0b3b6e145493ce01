//! Types of other crates as fields: the server stores them as its own types and returns equal values.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::value::{Decimal, Duration, Geometry, Uuid};
use surreal_session_tests::{async_test, place};

/// The same fields in each representation of serde.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[serde(bound = "")]
struct Adapted<F: Fields> {
    id: Id<Adapted<F>>,
    nested: F,
    tagged: Tagged<F>,
    list: Vec<F>,
    #[serde(flatten)]
    flat: F,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", bound = "")]
enum Tagged<F: Fields> {
    Fields(F),
}

trait Fields: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<F: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static> Fields for F {}

/// Checks that the fields come back equal, and are stored as the types that the schema demands.
async fn comes_back<F: Fields, const N: usize>(fields: F, native: [(&str, &str, Value); N]) {
    let (_db, session) = place().await;
    for (field, kind, _) in &native {
        session.execute(Surql::dynamic(format!("DEFINE FIELD `{field}` ON adapted TYPE {kind}"))).await.unwrap();
    }
    let new = NewAdapted {
        nested: fields.clone(),
        tagged: Tagged::Fields(fields.clone()),
        list: vec![fields.clone(), fields.clone()],
        flat: fields,
    };
    let created = session.create::<Adapted<F>>().id("a").content(new.clone()).await.unwrap();
    let read = session.select::<Adapted<F>>().id("a").await.unwrap().unwrap();
    assert_eq!((&created.nested, &created.tagged, &created.list), (&new.nested, &new.tagged, &new.list));
    assert_eq!((&created.flat, &read), (&new.flat, &created));

    let response = session.query("SELECT * FROM ONLY adapted:a; RETURN $v").bind("v", &new.nested).await.unwrap();
    let (row, returned): (Value, Value) = (response.take(0).unwrap(), response.take(1).unwrap());
    for object in [&row, row.get("nested").unwrap(), row.get("tagged").unwrap(), &returned] {
        for (field, _, value) in &native {
            // The server (3.3.5) keeps a NONE in a returned value, and drops it from a stored record.
            assert_eq!(object.get(field).unwrap_or(&Value::None), value, "{field} in {object}");
        }
    }
}

fn datetime(text: &str) -> Datetime {
    text.parse().unwrap()
}

fn noon() -> Datetime {
    datetime("2026-01-31T12:00:00.123456789Z")
}

fn long() -> std::time::Duration {
    std::time::Duration::new(90, 123_456_789)
}

#[async_test]
async fn std_durations_come_back() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Durations {
        #[serde(with = "surreal_session::value::with::std_duration")]
        one: std::time::Duration,
        #[serde(with = "surreal_session::value::with::std_duration", default)]
        some: Option<std::time::Duration>,
        #[serde(with = "surreal_session::value::with::std_duration", default)]
        none: Option<std::time::Duration>,
        #[serde(with = "surreal_session::value::with::std_duration")]
        many: Vec<std::time::Duration>,
    }
    let fields = Durations {
        one: long(),
        some: Some(std::time::Duration::MAX),
        none: None,
        many: vec![std::time::Duration::ZERO, long()],
    };
    let native = [
        ("one", "duration", Value::from(long())),
        ("some", "option<duration>", Duration::MAX.into()),
        ("none", "option<duration>", Value::None),
        ("many", "array<duration>", vec![Duration::ZERO, long().into()].into()),
    ];
    comes_back(fields, native).await;
}

#[async_test]
async fn uuids_come_back() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Uuids {
        #[serde(with = "surreal_session::value::with::uuid")]
        one: uuid::Uuid,
        #[serde(with = "surreal_session::value::with::uuid", default)]
        some: Option<uuid::Uuid>,
        #[serde(with = "surreal_session::value::with::uuid", default)]
        none: Option<uuid::Uuid>,
        #[serde(with = "surreal_session::value::with::uuid", default)]
        many: Option<Vec<uuid::Uuid>>,
    }
    let (v4, v7) = (Uuid::new_v4(), Uuid::new_v7());
    let fields = Uuids { one: v4.into(), some: Some(v7.into()), none: None, many: Some(vec![v4.into(), v7.into()]) };
    let native = [
        ("one", "uuid", Value::from(v4)),
        ("some", "option<uuid>", v7.into()),
        ("none", "option<uuid>", Value::None),
        ("many", "option<array<uuid>>", vec![v4, v7].into()),
    ];
    comes_back(fields, native).await;
}

#[async_test]
async fn chrono_types_come_back() {
    use chrono::{DateTime, FixedOffset, Local, TimeDelta, Utc};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Times {
        #[serde(with = "surreal_session::value::with::chrono")]
        utc: DateTime<Utc>,
        #[serde(with = "surreal_session::value::with::chrono", default)]
        fixed: Option<DateTime<FixedOffset>>,
        #[serde(with = "surreal_session::value::with::chrono")]
        local: DateTime<Local>,
        #[serde(with = "surreal_session::value::with::chrono", default)]
        none: Option<DateTime<Utc>>,
        #[serde(with = "surreal_session::value::with::chrono")]
        limits: Vec<DateTime<Utc>>,
        #[serde(with = "surreal_session::value::with::chrono")]
        delta: TimeDelta,
        #[serde(with = "surreal_session::value::with::chrono", default)]
        deltas: Option<Vec<TimeDelta>>,
    }
    let fields = Times {
        utc: noon().into(),
        fixed: Some(DateTime::parse_from_rfc3339("2026-01-31T13:30:00.123456789+01:30").unwrap()),
        local: noon().into(),
        none: None,
        limits: vec![datetime("0001-01-01").into(), datetime("9999-12-31T23:59:59.999999999Z").into()],
        delta: TimeDelta::from_std(long()).unwrap(),
        deltas: Some(vec![TimeDelta::zero(), TimeDelta::MAX]),
    };
    let limits = vec![datetime("0001-01-01"), datetime("9999-12-31T23:59:59.999999999Z")];
    let longest = Duration::try_from(TimeDelta::MAX).unwrap();
    let native = [
        ("utc", "datetime", Value::from(noon())),
        ("fixed", "option<datetime>", noon().into()),
        ("local", "datetime", noon().into()),
        ("none", "option<datetime>", Value::None),
        ("limits", "array<datetime>", limits.into()),
        ("delta", "duration", long().into()),
        ("deltas", "option<array<duration>>", vec![Duration::ZERO, longest].into()),
    ];
    comes_back(fields, native).await;
}

#[async_test]
async fn time_types_come_back() {
    use time::{OffsetDateTime, Timestamp, UtcDateTime};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Times {
        #[serde(with = "surreal_session::value::with::time")]
        offset: OffsetDateTime,
        #[serde(with = "surreal_session::value::with::time")]
        utc: Vec<UtcDateTime>,
        #[serde(with = "surreal_session::value::with::time", default)]
        timestamp: Option<Timestamp>,
        #[serde(with = "surreal_session::value::with::time", default)]
        none: Option<OffsetDateTime>,
        #[serde(with = "surreal_session::value::with::time")]
        duration: time::Duration,
        #[serde(with = "surreal_session::value::with::time", default)]
        durations: Option<Vec<time::Duration>>,
    }
    let fields = Times {
        offset: noon().try_into().unwrap(),
        utc: vec![UtcDateTime::MIN, UtcDateTime::MAX],
        timestamp: Some(noon().try_into().unwrap()),
        none: None,
        duration: long().try_into().unwrap(),
        durations: Some(vec![time::Duration::ZERO, time::Duration::MAX]),
    };
    let limits = vec![datetime("-9999-01-01"), datetime("9999-12-31T23:59:59.999999999Z")];
    let longest = Duration::try_from(time::Duration::MAX).unwrap();
    let native = [
        ("offset", "datetime", Value::from(noon())),
        ("utc", "array<datetime>", limits.into()),
        ("timestamp", "option<datetime>", noon().into()),
        ("none", "option<datetime>", Value::None),
        ("duration", "duration", long().into()),
        ("durations", "option<array<duration>>", vec![Duration::ZERO, longest].into()),
    ];
    comes_back(fields, native).await;
}

#[async_test]
async fn jiff_types_come_back() {
    use jiff::{SignedDuration, Timestamp};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Times {
        #[serde(with = "surreal_session::value::with::jiff")]
        timestamp: Timestamp,
        #[serde(with = "surreal_session::value::with::jiff", default)]
        none: Option<Timestamp>,
        #[serde(with = "surreal_session::value::with::jiff")]
        limits: Vec<Timestamp>,
        #[serde(with = "surreal_session::value::with::jiff", default)]
        duration: Option<SignedDuration>,
        #[serde(with = "surreal_session::value::with::jiff")]
        durations: Vec<SignedDuration>,
    }
    let fields = Times {
        timestamp: noon().try_into().unwrap(),
        none: None,
        limits: vec![Timestamp::MIN, Timestamp::MAX],
        duration: Some(long().try_into().unwrap()),
        durations: vec![SignedDuration::ZERO, SignedDuration::MAX],
    };
    let limits = vec![datetime("-9999-01-02T01:59:59Z"), datetime("9999-12-30T22:00:00.999999999Z")];
    let longest = Duration::try_from(SignedDuration::MAX).unwrap();
    let native = [
        ("timestamp", "datetime", Value::from(noon())),
        ("none", "option<datetime>", Value::None),
        ("limits", "array<datetime>", limits.into()),
        ("duration", "option<duration>", long().into()),
        ("durations", "array<duration>", vec![Duration::ZERO, longest].into()),
    ];
    comes_back(fields, native).await;
}

#[async_test]
async fn decimals_come_back() {
    type Foreign = rust_decimal::Decimal;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Prices {
        #[serde(with = "surreal_session::value::with::rust_decimal")]
        one: Foreign,
        #[serde(with = "surreal_session::value::with::rust_decimal", default)]
        some: Option<Foreign>,
        #[serde(with = "surreal_session::value::with::rust_decimal", default)]
        none: Option<Foreign>,
        #[serde(with = "surreal_session::value::with::rust_decimal")]
        many: Vec<Foreign>,
    }
    let least = Decimal::new(1, 28).unwrap();
    let fields = Prices {
        one: Foreign::new(-1_990, 2),
        some: Some(Foreign::ZERO),
        none: None,
        many: vec![Foreign::MIN, Foreign::MAX, Foreign::new(1, 28)],
    };
    let native = [
        ("one", "decimal", Value::from(Decimal::new(-199, 1).unwrap())),
        ("some", "option<decimal>", Decimal::ZERO.into()),
        ("none", "option<decimal>", Value::None),
        ("many", "array<decimal>", vec![Decimal::MIN, Decimal::MAX, least].into()),
    ];
    comes_back(fields, native).await;
}

#[async_test]
async fn geo_types_come_back() {
    use geo_types::{Coord, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Places {
        #[serde(with = "surreal_session::value::with::geo_types")]
        coord: Coord,
        #[serde(with = "surreal_session::value::with::geo_types", default)]
        point: Option<Point>,
        #[serde(with = "surreal_session::value::with::geo_types", default)]
        none: Option<Point>,
        #[serde(with = "surreal_session::value::with::geo_types")]
        line: LineString,
        #[serde(with = "surreal_session::value::with::geo_types")]
        polygon: Polygon,
        #[serde(with = "surreal_session::value::with::geo_types")]
        points: MultiPoint,
        #[serde(with = "surreal_session::value::with::geo_types")]
        lines: MultiLineString,
        #[serde(with = "surreal_session::value::with::geo_types")]
        polygons: MultiPolygon,
        #[serde(with = "surreal_session::value::with::geo_types")]
        collection: GeometryCollection,
        #[serde(with = "surreal_session::value::with::geo_types")]
        any: Vec<geo_types::Geometry>,
    }
    let ring = || LineString::from(vec![[0.0, 0.0], [10.5, 0.0], [10.5, -10.25], [0.0, 0.0]]);
    let hole = || LineString::from(vec![[9.0, -1.0], [10.0, -1.0], [10.0, -2.0], [9.0, -1.0]]);
    let polygon = || Polygon::new(ring(), vec![hole()]);
    let collection = GeometryCollection::from(vec![geo_types::Geometry::from(polygon()), ring().into()]);
    let fields = Places {
        coord: Coord::from([-0.5, 51.25]),
        point: Some(Point::new(1.0, 2.0)),
        none: None,
        line: ring(),
        polygon: polygon(),
        points: MultiPoint::from(vec![[0.0, 1.0], [2.0, 3.0]]),
        lines: MultiLineString::new(vec![ring(), hole()]),
        polygons: MultiPolygon::new(vec![polygon(), Polygon::new(ring(), vec![])]),
        collection: collection.clone(),
        any: vec![Point::new(1.0, 2.0).into(), geo_types::Geometry::GeometryCollection(collection.clone())],
    };
    let native = [
        ("coord", "geometry<point>", Value::from(Geometry::Point([-0.5, 51.25]))),
        ("point", "option<geometry<point>>", Geometry::Point([1.0, 2.0]).into()),
        ("none", "option<geometry<point>>", Value::None),
        ("line", "geometry<line>", ring().into()),
        ("polygon", "geometry<polygon>", polygon().into()),
        ("points", "geometry<multipoint>", fields.points.clone().into()),
        ("lines", "geometry<multiline>", fields.lines.clone().into()),
        ("polygons", "geometry<multipolygon>", fields.polygons.clone().into()),
        ("collection", "geometry<collection>", collection.into()),
        ("any", "array<geometry>", fields.any.clone().into()),
    ];
    comes_back(fields, native).await;
}

#[async_test]
async fn empty_geometries_come_back() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Places(#[serde(with = "surreal_session::value::with::geo_types")] Vec<geo_types::Geometry>);

    let empty = Places(vec![
        geo_types::LineString::empty().into(),
        geo_types::Polygon::empty().into(),
        geo_types::MultiPoint::empty().into(),
        geo_types::MultiPolygon::new(vec![geo_types::Polygon::empty()]).into(),
        geo_types::Geometry::GeometryCollection(geo_types::GeometryCollection::empty()),
    ]);
    let (_db, session) = place().await;
    let back: Places = session.query("RETURN $v").bind("v", &empty).await.unwrap().take(0).unwrap();
    assert_eq!(back, empty);
}

#[async_test]
async fn value_out_of_the_types_range_is_an_error_that_names_the_field() {
    #[derive(Debug, Serialize, Deserialize, Record)]
    struct Visit {
        id: Id<Visit>,
        #[serde(with = "surreal_session::value::with::jiff")]
        at: jiff::Timestamp,
        #[serde(with = "surreal_session::value::with::jiff", default)]
        stay: Option<jiff::SignedDuration>,
    }
    let (_db, session) = place().await;
    let stay = Some(jiff::SignedDuration::from_nanos(-1));
    let error =
        session.create::<Visit>().content(NewVisit { at: jiff::Timestamp::UNIX_EPOCH, stay }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(error.to_string().contains("stay: not a duration: it is negative"), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);

    session.execute("CREATE visit:far SET at = d'+10000-01-01T00:00:00Z'").await.unwrap();
    let error = session.select::<Visit>().id("far").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("at: not a `jiff::Timestamp`: it is outside"), "{error}");
}
