//! The first inputs, most of them written by the encoder of the crate.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::Serialize;

use super::typed::GROUPS;
use super::types::{Adjacent, External, Flat, FlatEnum, Inner, Internal, Keyed, Node, Numbers, Pair, Row, Untagged};
use crate::codec::{MAX_DECODE_DEPTH, MAX_DEPTH, encode};
use crate::value::{
    Bytes, Datetime, Decimal, Duration, File, Geometry, Id, Range, RecordId, RecordKey, Set, Table, Uuid, Value,
};

/// Replies, events of live queries, and an error without a request.
pub(super) fn heads() -> Vec<Vec<u8>> {
    let failure = object([
        ("code", (-32000).into()),
        ("message", "Session not found".into()),
        ("kind", "NotFound".into()),
        ("details", object([("kind", "Session".into()), ("details", object([("id", uuid().into())]))])),
        ("cause", object([("message", "no".into()), ("details", object([("kind", "Auth".into())]))])),
    ]);
    let statement = |status: &str, result: Value| {
        let time = ("time", "1.5ms".into());
        object([("status", status.into()), time, ("type", Value::None), ("result", result), ("kind", "Query".into())])
    };
    let statements: Value = vec![statement("OK", row_value()), statement("ERR", "no".into())].into();
    let event = |action: &str, record: Value, data: Value| {
        let session = ("session", Value::None);
        object([("id", uuid().into()), ("action", action.into()), session, ("record", record), ("result", data)])
    };
    let frames = [
        object([("id", 7.into()), ("session", uuid().into()), ("result", statements)]),
        object([("id", 8.into()), ("result", Value::None)]),
        object([("id", 9.into()), ("error", failure.clone())]),
        object([("error", failure)]),
        object([("id", 10.into()), ("result", uuid().into())]),
        object([("result", event("CREATE", record_id().into(), row_value()))]),
        object([("session", uuid().into()), ("result", event("KILLED", Value::None, Value::None))]),
    ];
    frames.iter().filter_map(bytes_of).collect()
}

/// A value of each type, after the byte that chooses its group.
pub(super) fn typed() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for seed in rows().into_iter().chain(values()) {
        let readers = (0..).zip(GROUPS).filter(|(_, read)| read(&seed));
        seeds.extend(readers.map(|(group, _)| [&[group], &seed[..]].concat()));
    }
    seeds
}

fn rows() -> Vec<Vec<u8>> {
    let external = || External::Struct { at: Datetime::UNIX_EPOCH, n: Some(uuid()) };
    let inner = || Inner { id: record_id(), at: Some(Datetime::MAX), list: vec![uuid()] };
    let internal = || Internal::Struct { at: Datetime::MIN, range: Some(Range::from(1..=5)) };
    let keyed: Id<Keyed, (String, i64)> = Id::new(("attic".to_owned(), 1));
    let row = Row {
        id: Id::new("ada"),
        name: "Ada".to_owned(),
        at: Some(Datetime::UNIX_EPOCH),
        owner: Some(keyed.clone()),
        email: None,
        tags: vec!["a".to_owned(), String::new()],
        kind: Some(external()),
        prices: BTreeMap::from([("x".to_owned(), decimal())]),
    };
    let flat = || Flat { a: 1, inner: inner(), rest: BTreeMap::from([("r".into(), row_value())]) };
    let node = Node { value: Some(record_id().into()), child: Some(Box::new(Node { value: None, child: None })) };
    let numbers =
        Numbers { a: -1, d: 1 << 40, e: -5, g: 1.5, h: 1e300, i: decimal(), j: Some(true), ..Numbers::default() };
    let read_as_types = [
        bytes_of(&row),
        bytes_of(&vec![&row]),
        bytes_of(&Keyed { id: keyed, others: vec![uuid()].into(), any: row_value() }),
        bytes_of(&flat()),
        bytes_of(&vec![flat()]),
        bytes_of(&FlatEnum { a: None, kind: internal() }),
        bytes_of(&FlatEnum { a: Some(1), kind: Internal::Newtype(inner()) }),
        bytes_of(&node),
        bytes_of(&numbers),
        bytes_of(&External::Unit),
        bytes_of(&BTreeMap::from([("k", External::Newtype(record_id()))])),
        bytes_of(&External::Option(Some(Duration::from_millis(1_500)))),
        bytes_of(&External::Tuple(decimal(), 1)),
        bytes_of(&Internal::Unit),
        bytes_of(&vec![Internal::Newtype(inner()), internal()]),
        bytes_of(&Adjacent::Unit),
        bytes_of(&Adjacent::Newtype(Geometry::Line(vec![[1.0, 2.0]]))),
        bytes_of(&Adjacent::Tuple(record_id(), None)),
        bytes_of(&Adjacent::Struct { n: decimal() }),
        bytes_of(&Untagged::Pair("a".to_owned(), uuid())),
        bytes_of(&Untagged::Row(flat())),
        bytes_of(&Pair(decimal(), None)),
    ];
    read_as_types.into_iter().flatten().collect()
}

/// A value of each type, and some encodings that only other programs write.
pub(super) fn values() -> Vec<Vec<u8>> {
    let point = [1.5, -2.0];
    let values = [
        Value::None,
        Value::Null,
        true.into(),
        i64::MIN.into(),
        1.5.into(),
        f64::NAN.into(),
        decimal().into(),
        "it's \" \\ \n \u{0} é".into(),
        Bytes::new([0, 255]).into(),
        Datetime::from_timestamp(-1, 999_999_999).into(),
        std::time::Duration::MAX.into(),
        uuid().into(),
        Table::new("a `b`").into(),
        File::new("bucket", "/a b").into(),
        vec![Value::from(1), "two".into()].into(),
        Set::from(vec![Value::from(1), record_id().into()]).into(),
        row_value(),
        Range::new(Bound::Excluded(Value::from(1)), Bound::Included(record_id().into())).into(),
        Geometry::Point(point).into(),
        Geometry::Polygon(vec![vec![point, point]]).into(),
        Geometry::MultiPoint(vec![point]).into(),
        Geometry::MultiLine(vec![vec![point]]).into(),
        Geometry::MultiPolygon(vec![vec![vec![point]]]).into(),
        Geometry::Collection(vec![Geometry::Point(point), Geometry::Line(vec![point])]).into(),
    ];
    let ids = keys().into_iter().map(|key| Value::from(RecordId::new("t", key)));
    let from_elsewhere = [
        &b"\xc8\x66user:1"[..],
        b"\xc0\x6a1970-01-01",
        b"\xcd\x621s",
        b"\xc2\x42\x01\x00",
        b"\xc3\x41\x05",
        b"\x9f\x7f\x61a\x61b\xff\xff",
        b"\xbf\x61a\x5f\x41\x01\xff\xff",
        b"\xf9\x3e\x00",
        b"\xfa\x3f\xc0\x00\x00",
        b"\xf7",
    ];
    let ours = values.into_iter().chain(ids).filter_map(|value| bytes_of(&value));
    ours.chain(from_elsewhere.map(<[u8]>::to_vec)).chain(deepest()).collect()
}

/// Values with the most levels that can be encoded, and the most that can be decoded.
fn deepest() -> impl Iterator<Item = Vec<u8>> {
    // An array, an object, a set, a range, and the key of a record id.
    let opened: [(&[u8], usize); 5] = [
        (b"\x81", 1),
        (b"\xa1\x61a", 1),
        (b"\xd8\x38\x81", 2),
        (b"\xd8\x31\x82\xf6\xd8\x32", 3),
        (b"\xc8\x82\x61a\x81", 3),
    ];
    opened.into_iter().flat_map(|(open, levels)| {
        [MAX_DEPTH, MAX_DECODE_DEPTH].map(|depth| [&open.repeat(depth / levels)[..], b"\x01"].concat())
    })
}

/// Texts of ids with every type of key and every form of literal.
pub(super) fn record_ids() -> Vec<Vec<u8>> {
    let written = keys().into_iter().map(|key| RecordId::new("user", key).to_string());
    let typed = [
        "user:⟨a b⟩",
        "`u s`:`\\u{1F600}\\u00e9\\uD83D\\uDE00`",
        "t:-1",
        "t:1>..=5",
        "t:[1.5f, 2.5dec, 1e3, 1h30m, -Infinity, NaN, (1, 2)]",
        "t:[d'1970-01-01T00:00:00Z', b'00ff', f'b:/k', {1, 2}, {,}, { a: 1.. }]",
        "t:[{ type: 'LineString', coordinates: [[1, 2]] }, (a:b)..c:d]",
    ];
    written.chain(typed.map(str::to_owned)).map(String::into_bytes).collect()
}

fn keys() -> Vec<RecordKey> {
    vec![
        1.into(),
        "a b".into(),
        uuid().into(),
        vec![Value::from("x"), Datetime::UNIX_EPOCH.into(), row_value()].into(),
        BTreeMap::from([("k".to_owned(), Value::None)]).into(),
        Range::from(RecordKey::Int(1)..).into(),
    ]
}

fn row_value() -> Value {
    object([("id", record_id().into()), ("name", "Ada".into()), ("at", Datetime::UNIX_EPOCH.into())])
}

fn record_id() -> RecordId {
    RecordId::new("user", "ada")
}

fn uuid() -> Uuid {
    uuid::Uuid::from_u128(0x018f_5a1e_0000_7000_8000_0000_0000_0001).into()
}

fn decimal() -> Decimal {
    Decimal::new(-199, 1).unwrap_or_default()
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    entries.into_iter().collect()
}

fn bytes_of(value: &impl Serialize) -> Option<Vec<u8>> {
    encode(value).ok().map(|bytes| bytes.to_vec())
}
