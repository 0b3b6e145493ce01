use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

use super::*;
use crate::value::{
    Bytes, Datetime, Duration, File, Geometry, Null, Range, RecordId, RecordKey, Set, Table, Uuid, Value,
};

#[test]
fn every_type_has_the_tag_that_the_server_expects() {
    let uuid: Uuid = "018f5a1e-0000-7000-8000-000000000001".parse().unwrap();
    let uuid_cbor = || tag(37, uuid.as_bytes().to_vec());
    let point = |x: f64, y: f64| tag(88, array([x.into(), y.into()]));
    let line = || tag(89, array([point(0.0, 0.5), point(1.0, 1.0)]));
    let points = vec![[0.0, 0.5], [1.0, 1.0]];
    let record = |key: Cbor| tag(8, array(["user".into(), key]));
    let cases: Vec<(Value, Cbor)> = vec![
        (Value::None, none()),
        (Value::Null, Cbor::Null),
        (true.into(), true.into()),
        (i64::MIN.into(), i64::MIN.into()),
        (i64::MAX.into(), i64::MAX.into()),
        ((-1).into(), (-1).into()),
        (3.0.into(), 3.0.into()),
        (f64::INFINITY.into(), f64::INFINITY.into()),
        (Value::Decimal("-1.50".parse().unwrap()), tag(10, "-1.5")),
        ("a\0b".into(), "a\0b".into()),
        (Bytes::new([1, 2]).into(), Cbor::Bytes(vec![1, 2])),
        (Datetime::from_timestamp(-1, 5).unwrap().into(), tag(12, array([(-1).into(), 5.into()]))),
        (Duration::ZERO.into(), tag(14, array([]))),
        (Duration::from_secs(7).into(), tag(14, array([7.into()]))),
        (Duration::from_secs(u64::MAX).into(), tag(14, array([u64::MAX.into()]))),
        (Duration::from_millis(1).into(), tag(14, array([0.into(), 1_000_000.into()]))),
        (uuid.into(), uuid_cbor()),
        (Table::new("user").into(), tag(7, "user")),
        (RecordId::new("user", "1").into(), record("1".into())),
        (RecordId::new("user", 1).into(), record(1.into())),
        (RecordId::new("user", uuid).into(), record(uuid_cbor())),
        (RecordId::new("user", vec![Value::None, 1.into()]).into(), record(array([none(), 1.into()]))),
        (RecordId::new("user", BTreeMap::from([("a".into(), 1.into())])).into(), record(object([("a", 1.into())]))),
        (
            RecordId::new("user", Range::new(Bound::Excluded(RecordKey::Int(1)), Bound::Unbounded)).into(),
            record(tag(49, array([tag(51, 1), Cbor::Null]))),
        ),
        (vec![1, 2].into(), array([1.into(), 2.into()])),
        (Set::from(vec![1, 2]).into(), tag(56, array([1.into(), 2.into()]))),
        ([("b", 1), ("a", 2)].into_iter().collect(), object([("a", 2.into()), ("b", 1.into())])),
        (Range::from("a"..="b").into(), tag(49, array([tag(50, "a"), tag(50, "b")]))),
        (File::new("bucket", "key").into(), tag(55, array(["bucket".into(), "/key".into()]))),
        (Geometry::Point([1.0, -2.5]).into(), point(1.0, -2.5)),
        (Geometry::Line(points.clone()).into(), line()),
        (Geometry::Polygon(vec![points.clone()]).into(), tag(90, array([line()]))),
        (Geometry::MultiPoint(points.clone()).into(), tag(91, array([point(0.0, 0.5), point(1.0, 1.0)]))),
        (Geometry::MultiLine(vec![points.clone()]).into(), tag(92, array([line()]))),
        (Geometry::MultiPolygon(vec![vec![points]]).into(), tag(93, array([tag(90, array([line()]))]))),
        (Geometry::Collection(vec![Geometry::Point([0.0, 0.0])]).into(), tag(94, array([point(0.0, 0.0)]))),
    ];
    for (value, expected) in cases {
        assert_eq!(shown(&value), expected, "{value}");
        assert_eq!(read::<Value>(&expected).unwrap(), value);
    }
}

#[test]
fn rust_types_are_encoded_as_their_counterparts() {
    #[derive(Serialize, PartialEq, Eq, Hash)]
    enum Kind {
        Unit,
        Newtype(i8),
        Tuple(u8, bool),
        Struct { a: Option<()> },
    }
    #[derive(Serialize, PartialEq, Eq, Hash)]
    struct Name(&'static str);
    #[derive(Serialize)]
    struct Unit;

    assert_eq!(shown(&None::<i32>), none());
    assert_eq!(shown(&Some(Some(1))), 1.into());
    assert_eq!(shown(&((), Unit, Null)), array([Cbor::Null, Cbor::Null, Cbor::Null]));
    assert_eq!(shown(&('é', "a", Name("b"))), array(["é".into(), "a".into(), "b".into()]));
    assert_eq!(shown(&1.5_f32), 1.5.into());
    assert_eq!(shown(&vec![1_u8, 2]), array([1.into(), 2.into()]));
    assert_eq!(shown(&Kind::Unit), "Unit".into());
    assert_eq!(shown(&Kind::Newtype(-1)), object([("Newtype", (-1).into())]));
    assert_eq!(shown(&Kind::Tuple(1, true)), object([("Tuple", array([1.into(), true.into()]))]));
    assert_eq!(shown(&Kind::Struct { a: None }), object([("Struct", object([("a", none())]))]));
    assert_eq!(shown(&HashMap::from([(Kind::Unit, 1)])), object([("Unit", 1.into())]));
    assert_eq!(shown(&HashMap::from([(Name("n"), 1)])), object([("n", 1.into())]));
    assert_eq!(shown(&HashMap::from([('c', 1)])), object([("c", 1.into())]));
    assert_eq!(shown(&[i64::MAX as u64]), array([i64::MAX.into()]));
    assert_eq!(shown(&(i128::from(i64::MIN), 5_u128)), array([i64::MIN.into(), 5.into()]));
}

#[test]
fn integral_floats_stay_floats() {
    for float in [0.0, -0.0, 1.0, 3.0, -5.0, 1e15, 9_007_199_254_740_992.0, f64::MAX, f64::MIN_POSITIVE, 65_504.0, 1.1]
    {
        let bytes = encode(&float).unwrap();
        assert!(matches!(bytes[0], 0xf9..=0xfb), "{float}: {bytes:02x?}");
        assert_eq!(decode::<f64>(&bytes).unwrap().to_bits(), float.to_bits());
    }
    assert!(decode::<f64>(&encode(&f64::NAN).unwrap()).unwrap().is_nan());
}

#[test]
fn ints_outside_64_bits_are_refused() {
    let after_duration = encode(&(Duration::from_secs(u64::MAX), u64::MAX));
    for (result, number) in [
        (after_duration.map_err(|error| EncodeError::new(error.message())), "18446744073709551615"),
        (encode(&u64::MAX), "18446744073709551615"),
        (encode(&(i64::MAX as u64 + 1)), "9223372036854775808"),
        (encode(&(i128::from(i64::MIN) - 1)), "-9223372036854775809"),
        (encode(&u128::MAX), "340282366920938463463374607431768211455"),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), format!("{number} does not fit into an int of 64 bits; a decimal would hold it"));
    }
}

#[test]
fn keys_without_a_text_form_are_refused() {
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Kind {
        Data(i32),
    }
    for (result, found) in [
        (encode(&BTreeMap::from([((), 1)])), "NULL"),
        (encode(&BTreeMap::from([(Some("a"), 1)])), "an option"),
        (encode(&BTreeMap::from([(vec![1], 1)])), "an array"),
        (encode(&BTreeMap::from([(Kind::Data(1), 1)])), "an object"),
        (encode(&BTreeMap::from([(Bytes::new([1]), 1)])), "an array"),
        (encode(&BTreeMap::from([(Value::None, 1)])), "NONE"),
        (encode(&BTreeMap::from([(Value::Float(1.5), 1)])), "a float"),
    ] {
        let message = format!("the keys of an object must be strings, and {found} has no text form");
        assert_eq!(result.unwrap_err().message(), message);
    }
}

#[test]
fn int_keys_in_a_flattened_map_are_refused() {
    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<i64, i64>,
    }
    #[derive(Serialize)]
    #[serde(tag = "type")]
    enum Internal {
        Map(BTreeMap<bool, i64>),
    }
    let rest = BTreeMap::from([(1, 1)]);
    let message = "serde cannot read a map with ints or bools as keys inside of a tagged enum or a flattened field; \
                   use another type there";
    assert_eq!(encode(&Flat { rest }).unwrap_err().message(), message);
    assert_eq!(encode(&Internal::Map(BTreeMap::from([(true, 1)]))).unwrap_err().message(), message);
}

#[test]
fn numbers_of_serde_json_are_numbers() {
    /// As `serde_json` writes a number with its feature `arbitrary_precision`.
    struct Number(&'static str);

    impl Serialize for Number {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut number = serializer.serialize_struct("$serde_json::private::Number", 1)?;
            number.serialize_field("$serde_json::private::Number", self.0)?;
            number.end()
        }
    }

    struct Raw;

    impl Serialize for Raw {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_struct("$serde_json::private::RawValue", 1)?.end()
        }
    }

    for (text, expected) in [
        ("1", Some(Value::Int(1))),
        ("-9223372036854775808", Some(Value::Int(i64::MIN))),
        ("1.5", Some(Value::Float(1.5))),
        ("1e3", Some(Value::Float(1000.0))),
        ("9223372036854775808", None),
        ("x", None),
    ] {
        let bytes = encode(&[Number(text), Number("7")]);
        let expected = expected.map(|number| Value::Array(vec![number, Value::Int(7)]));
        assert_eq!(bytes.ok().map(|bytes| decode::<Value>(&bytes).unwrap()), expected, "{text}");
    }
    assert!(encode(&Raw).unwrap_err().message().contains("serde_json::Value"));
}

/// Announces `announced` elements or entries, and writes two.
struct Two {
    announced: Option<usize>,
    is_map: bool,
}

impl Serialize for Two {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_map {
            let mut map = serializer.serialize_map(self.announced)?;
            map.serialize_entry("a", &1)?;
            map.serialize_entry("b", &2)?;
            map.end()
        } else {
            let mut array = serializer.serialize_seq(self.announced)?;
            array.serialize_element(&1)?;
            array.serialize_element(&2)?;
            array.end()
        }
    }
}

#[test]
fn wrong_announced_lengths_are_corrected() {
    for announced in [None, Some(0), Some(1), Some(2), Some(3), Some(70_000)] {
        let values = (Two { announced, is_map: false }, Two { announced, is_map: true }, 3);
        let expected = array([array([1.into(), 2.into()]), object([("a", 1.into()), ("b", 2.into())]), 3.into()]);
        assert_eq!(shown(&values), expected, "{announced:?}");
    }
}

#[test]
fn error_leaves_the_buffer_unchanged() {
    let mut buffer = vec![1, 2, 3];
    assert!(encode_into(&mut buffer, &("a", vec![1, 2], u64::MAX)).is_err());
    assert_eq!(buffer, [1, 2, 3]);
}

#[test]
fn unknown_name_with_the_reserved_prefix_is_refused() {
    #[derive(Serialize)]
    #[serde(rename = "$surreal::tree")]
    struct Tree(i32);
    assert_eq!(encode(&Tree(1)).unwrap_err().to_string(), "`$surreal::tree` is a reserved name");
}

#[test]
fn none_is_null_where_a_value_is_required() {
    #[derive(Serialize)]
    struct Wrapped(Option<u8>);

    #[derive(Serialize)]
    enum Kind {
        Newtype(Option<u8>),
    }

    let null = || Cbor::Null;
    assert_eq!(shown(&Wrapped(None)), null());
    assert_eq!(shown(&Some(None::<u8>)), null());
    assert_eq!(shown(&Kind::Newtype(None)), object([("Newtype", null())]));
    assert_eq!(shown(&BTreeMap::from([("a", None::<u8>)])), object([("a", null())]));
    assert_eq!(shown(&BTreeMap::from([("a", Value::None)])), object([("a", none())]));
    assert_eq!(shown(&vec![None::<u8>]), array([none()]));
}
