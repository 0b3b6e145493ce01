//! Special types in every representation of serde, some of which use a buffer.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::*;
use crate::value::{
    Bytes, Datetime, Decimal, Duration, File, Geometry, Null, Range, RecordId, RecordKey, Set, Table, Uuid, Value,
};

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Plain<T> {
    before: i64,
    value: T,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Flattened<T> {
    before: i64,
    #[serde(flatten)]
    inner: Inner<T>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Inner<T> {
    value: T,
    list: Vec<T>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Rest<T> {
    before: i64,
    #[serde(flatten)]
    rest: BTreeMap<String, T>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
// An absent `Value` is NONE, as an absent `Option` is `None`: without this the first variant would take any object.
#[serde(untagged, deny_unknown_fields)]
enum Untagged<T> {
    Unlike { other: i64 },
    Struct { value: T },
    Tuple(T, i64),
    Bare(T),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "type")]
enum Internal<T> {
    Struct { value: T },
    Newtype(Plain<T>),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "type", content = "content")]
enum Adjacent<T> {
    Newtype(T),
    Tuple(T, i64),
    Struct { value: T },
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum External<T> {
    Newtype(T),
    Tuple(T, i64),
    Struct { value: T },
}

fn round_trips<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let bytes = encode(&value).unwrap_or_else(|error| panic!("{value:?}: {error}"));
    assert_eq!(decode::<T>(&bytes).unwrap_or_else(|error| panic!("{value:?}: {error}")), value);
    // Again with the keys in another order, so that a tag of an enum comes after its content.
    let mut cbor: Cbor = ciborium::from_reader(&bytes[..]).unwrap();
    if let Cbor::Map(entries) = &mut cbor {
        entries.reverse();
    }
    assert_eq!(read::<T>(&cbor).unwrap_or_else(|error| panic!("{value:?}: {error}")), value);
    // Again through a `Value`, which keeps every type.
    let any: Value = decode(&bytes).unwrap();
    assert_eq!(decode::<T>(&encode(&any).unwrap()).unwrap(), value);
}

fn in_every_shape<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(value: &T) {
    let value = || value.clone();
    round_trips(value());
    round_trips(Plain { before: 1, value: value() });
    round_trips(Flattened { before: 1, inner: Inner { value: value(), list: vec![value(), value()] } });
    round_trips(Rest { before: 1, rest: BTreeMap::from([("a".into(), value()), ("b".into(), value())]) });
    round_trips(Untagged::Struct { value: value() });
    round_trips(Untagged::Tuple(value(), 2));
    round_trips(Untagged::Bare(value()));
    round_trips(Internal::Struct { value: value() });
    round_trips(Internal::Newtype(Plain { before: 1, value: value() }));
    round_trips(Adjacent::Newtype(value()));
    round_trips(Adjacent::Tuple(value(), 2));
    round_trips(Adjacent::Struct { value: value() });
    round_trips(External::Newtype(value()));
    round_trips(External::Tuple(value(), 2));
    round_trips(External::Struct { value: value() });
    round_trips(Flattened { before: 1, inner: Inner { value: Untagged::Bare(value()), list: vec![] } });
    round_trips(Untagged::Struct { value: Internal::Struct { value: Adjacent::Newtype(value()) } });
}

fn in_every_shape_and_optional<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(value: T) {
    in_every_shape(&vec![value.clone()]);
    in_every_shape(&value);
    let optional = |value: Option<T>| {
        round_trips(Plain { before: 1, value: value.clone() });
        round_trips(Flattened { before: 1, inner: Inner { value: value.clone(), list: vec![None, value.clone()] } });
        round_trips(Internal::Struct { value: value.clone() });
        round_trips(Adjacent::Newtype(value.clone()));
        round_trips(Adjacent::Struct { value: value.clone() });
        round_trips(Untagged::Struct { value });
    };
    optional(Some(value));
    optional(None);
}

fn uuid() -> Uuid {
    "018f5a1e-0000-7000-8000-000000000001".parse().unwrap()
}

#[test]
fn ids_keep_their_type() {
    in_every_shape_and_optional(RecordId::new("user", "ada"));
    in_every_shape_and_optional(RecordId::new("user", 5));
    in_every_shape_and_optional(RecordId::new("user", uuid()));
    let part: Value = RecordId::new("user", Range::from(RecordKey::Int(1)..)).into();
    in_every_shape_and_optional(RecordId::new("user", vec![part, Value::None]));
    in_every_shape_and_optional(uuid());
    in_every_shape_and_optional(Table::new("user"));
    in_every_shape_and_optional(File::new("bucket", "key"));
}

#[test]
fn numbers_and_times_keep_their_type() {
    in_every_shape_and_optional("1.5".parse::<Decimal>().unwrap());
    in_every_shape_and_optional(Datetime::from_timestamp(1, 2).unwrap());
    in_every_shape_and_optional(Duration::from_millis(1_500));
    in_every_shape_and_optional(Duration::ZERO);
    in_every_shape_and_optional(5_i64);
    in_every_shape_and_optional(5.0_f64);
}

#[test]
fn collections_keep_their_type() {
    in_every_shape_and_optional(Set::from(vec![RecordId::new("user", "ada")]));
    in_every_shape_and_optional(Range::from(Datetime::UNIX_EPOCH..=Datetime::MAX));
    in_every_shape_and_optional(Range::<i64>::from(..));
    in_every_shape_and_optional(Bytes::new([0, 255]));
    in_every_shape_and_optional(Geometry::Point([1.0, 2.0]));
    in_every_shape_and_optional(Geometry::MultiPolygon(vec![vec![vec![[1.0, 2.0]]]]));
    in_every_shape_and_optional(Geometry::Collection(vec![Geometry::Line(vec![[1.0, 2.0], [3.0, 4.5]])]));
    in_every_shape_and_optional(RecordKey::Uuid(uuid()));
    in_every_shape_and_optional(RecordKey::from(Range::from(RecordKey::Int(1)..RecordKey::Int(2))));
}

#[test]
fn values_keep_their_type() {
    let object: Value =
        [("id", Value::from(RecordId::new("user", 1))), ("at", Datetime::UNIX_EPOCH.into())].into_iter().collect();
    for value in [
        Value::None,
        Value::Null,
        uuid().into(),
        "1.5".parse::<Decimal>().unwrap().into(),
        Set::from(vec![1]).into(),
        Range::from("a".."b").into(),
        Geometry::Point([1.0, 2.0]).into(),
        vec![object.clone(), Value::None].into(),
        object,
    ] {
        in_every_shape(&value);
    }
    round_trips(Plain { before: 1, value: Null });
}

#[derive(Deserialize)]
struct Everything {
    #[serde(flatten)]
    all: Value,
}

#[test]
fn stored_object_is_never_read_as_a_special_type() {
    for key in ["$surreal::record_id", "$surreal::uuid", "$surreal::", "$surreal::tree"] {
        let forged = object([(key, array(["user".into(), "root".into()]))]);
        let entries = BTreeMap::from([(key.to_owned(), Value::Array(vec!["user".into(), "root".into()]))]);
        let expected = Value::Object(entries.clone());
        assert_eq!(read::<Value>(&forged).unwrap(), expected);
        assert_eq!(read::<BTreeMap<String, Value>>(&forged).unwrap(), entries);
        let row = object([("before", 1.into()), ("value", forged.clone())]);
        assert_eq!(read::<Rest<Value>>(&row).unwrap().rest["value"], expected);
        assert_eq!(read::<Rest<BTreeMap<String, Value>>>(&row).unwrap().rest["value"], entries);
        let row = object([("before", 1.into()), (key, array(["user".into(), "root".into()]))]);
        assert_eq!(read::<Rest<Value>>(&row).unwrap().rest, entries);
        assert_eq!(read::<Rest<Vec<String>>>(&row).unwrap().rest[key], ["user", "root"]);
        assert_eq!(read::<Everything>(&forged).unwrap().all, expected);
        let json = serde_json::json!({key: ["user", "root"]});
        assert_eq!(serde_json::from_value::<Value>(json.clone()).unwrap(), expected);
        assert_eq!(
            serde_json::from_value::<Rest<Value>>(serde_json::json!({"before": 1, "value": json})).unwrap().rest["value"],
            expected
        );
        assert!(serde_json::from_value::<RecordId>(json.clone()).is_err());
        assert!(serde_json::from_value::<Untagged<RecordId>>(json).is_err());
        assert!(read::<RecordId>(&forged).is_err());
        assert!(read::<Untagged<RecordId>>(&forged).is_err());
        assert!(read::<Rest<RecordId>>(&object([("before", 1.into()), ("value", forged.clone())])).is_err());
        assert_eq!(encode(&expected).unwrap(), bytes_of(&forged));
    }
}

#[test]
fn type_of_plain_data_refuses_special_types() {
    type Plain = serde_json::Value;
    let id = || tag(8, array(["user".into(), 1.into()]));
    let row = object([("id", id()), ("none", none())]);
    let message = read::<Plain>(&row).unwrap_err().to_string();
    assert!(
        message.starts_with("id: found a record id, but the type holds plain data only; read a `Value`"),
        "{message}"
    );
    let error = read::<Rest<Plain>>(&object([("before", 1.into()), ("id", id())]));
    assert_eq!(error.unwrap_err().to_string(), "expected a string key, found a record id");
    assert!(read::<Untagged<BTreeMap<String, Plain>>>(&id()).is_err());
    assert!(read::<Untagged<BTreeMap<String, Value>>>(&id()).is_err());
    assert!(read::<BTreeMap<String, Value>>(&id()).is_err());
    let through_value = serde_json::to_value(read::<Value>(&row).unwrap()).unwrap();
    assert_eq!(through_value, serde_json::json!({"id": "user:1", "none": null}));
}

#[test]
fn types_with_a_human_readable_form_keep_it_in_every_shape() {
    let v4: IpAddr = "127.0.0.1".parse().unwrap();
    assert_eq!(decode::<Value>(&encode(&v4).unwrap()).unwrap(), Value::from("127.0.0.1"));
    in_every_shape_and_optional(v4);
    in_every_shape_and_optional::<IpAddr>("::1".parse().unwrap());
    in_every_shape_and_optional::<SocketAddr>("[::1]:80".parse().unwrap());
    in_every_shape_and_optional(Ipv4Addr::LOCALHOST);
    in_every_shape_and_optional(uuid::Uuid::from_u128(1));
    in_every_shape(&Set::from(vec![v4]));
    in_every_shape(&Range::from(v4..v4));
    in_every_shape(&BTreeMap::from([(v4, uuid())]));
}

#[test]
fn keys_keep_their_type() {
    in_every_shape(&BTreeMap::from([(uuid(), 1), (Uuid::default(), 2)]));
    in_every_shape(&BTreeMap::from([(RecordId::new("user", 1), 1), (RecordId::new("user", "1"), 2)]));
    in_every_shape(&BTreeMap::from([(Datetime::UNIX_EPOCH, 1)]));
    in_every_shape(&BTreeMap::from([(Duration::from(std::time::Duration::from_secs(90)), 1)]));
    in_every_shape(&BTreeMap::from([("1.5".parse::<Decimal>().unwrap(), 1)]));
    in_every_shape(&BTreeMap::from([('c', 1)]));
    for map in [BTreeMap::from([(-1, 1), (i64::MAX, 2)]), BTreeMap::new()] {
        round_trips(map.clone());
        round_trips(vec![Some(map.clone())]);
        round_trips(External::Struct { value: map });
    }
    round_trips(BTreeMap::from([(true, 1), (false, 2)]));
    round_trips(BTreeMap::from([(u64::MAX, 1)]));
}

#[test]
fn enum_in_an_internally_tagged_enum_keeps_special_types() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    #[serde(tag = "type")]
    enum Outer<T> {
        Inner(Inside<T>),
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    enum Inside<T> {
        Struct { value: T },
        Tuple(T, i64),
    }
    fn both<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(value: &T) {
        round_trips(Outer::Inner(Inside::Struct { value: value.clone() }));
        round_trips(Outer::Inner(Inside::Tuple(value.clone(), 1)));
    }
    both(&Datetime::UNIX_EPOCH);
    both(&Duration::from(std::time::Duration::from_secs(90)));
    both(&uuid());
    both(&RecordId::new("user", "1"));
    both(&"1.5".parse::<Decimal>().unwrap());
    both(&File::new("bucket", "key"));
    both(&Table::new("user"));
    both(&Set::from(vec![1]));
    both(&vec![Some(Datetime::UNIX_EPOCH)]);
    for value in [Value::from(Bytes::new([1])), Range::from(1..2).into(), Geometry::Point([1.0, 2.0]).into()] {
        let error = encode(&Outer::Inner(Inside::Tuple(value, 1))).unwrap_err();
        assert!(error.message().contains("serde cannot keep the type"), "{error}");
    }
}

#[test]
fn untagged_enums_distinguish_special_types_from_plain_ones() {
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(untagged)]
    enum Mixed {
        Text(String),
        Id(RecordId),
        At(Datetime),
        Pair(String, String),
    }
    assert_eq!(read::<Mixed>(&"user:ada".into()).unwrap(), Mixed::Text("user:ada".into()));
    assert_eq!(read::<Mixed>(&tag(8, array(["a".into(), "b".into()]))).unwrap(), Mixed::Id(RecordId::new("a", "b")));
    assert_eq!(read::<Mixed>(&tag(12, array([0.into(), 0.into()]))).unwrap(), Mixed::At(Datetime::UNIX_EPOCH));
    assert_eq!(read::<Mixed>(&array(["a".into(), "b".into()])).unwrap(), Mixed::Pair("a".into(), "b".into()));
}
