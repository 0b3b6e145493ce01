use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::*;
use crate::value::{Bytes, Datetime, Decimal, Duration, Geometry, Null, RecordId, RecordKey, Set, Table, Uuid, Value};

#[test]
fn older_forms_of_tags_are_read() {
    let uuid = "018f5a1e-0000-7000-8000-000000000001";
    assert_eq!(read::<Datetime>(&tag(0, "1970-01-01T00:00:01Z")).unwrap(), Datetime::from_timestamp(1, 0).unwrap());
    assert_eq!(read::<Uuid>(&tag(9, uuid)).unwrap().to_string(), uuid);
    assert_eq!(read::<Duration>(&tag(13, "1m")).unwrap(), Duration::from_secs(60));
    assert_eq!(read::<RecordId>(&tag(8, "user:ada")).unwrap(), RecordId::new("user", "ada"));
    assert_eq!(
        read::<RecordId>(&tag(8, array(["user".into(), tag(9, uuid)]))).unwrap().to_string(),
        format!("user:u'{uuid}'")
    );
    let all = array([tag(0, "1970-01-01"), tag(9, uuid), tag(13, "0ns"), tag(8, "a:1"), tag(6, 5)]);
    let expected = vec![
        Value::Datetime(Datetime::UNIX_EPOCH),
        Value::Uuid(uuid.parse().unwrap()),
        Value::Duration(Duration::ZERO),
        Value::RecordId(RecordId::new("a", 1)),
        Value::None,
    ];
    assert_eq!(read::<Value>(&all).unwrap(), Value::Array(expected));
}

#[test]
fn none_null_and_undefined_read_as_option_none() {
    for absent in [none(), Cbor::Null] {
        assert_eq!(read::<Option<i32>>(&absent).unwrap(), None);
        assert_eq!(read::<Option<Vec<RecordId>>>(&absent).unwrap(), None);
        read::<()>(&absent).unwrap();
    }
    assert_eq!(decode::<Option<i32>>(b"\xf7").unwrap(), None);
    assert_eq!(decode::<Value>(b"\xf7").unwrap(), Value::Null);
    assert_eq!(read::<Value>(&none()).unwrap(), Value::None);
    assert_eq!(read::<Value>(&Cbor::Null).unwrap(), Value::Null);
    assert_eq!(read::<Null>(&Cbor::Null).unwrap(), Null);
    assert_eq!(read::<Null>(&none()).unwrap_err().to_string(), "expected NULL, found NONE");
}

#[test]
fn ints_fit_or_are_refused() {
    assert_eq!(read::<u8>(&255.into()).unwrap(), 255);
    assert_eq!(read::<i8>(&(-128).into()).unwrap(), -128);
    assert_eq!(read::<i64>(&i64::MIN.into()).unwrap(), i64::MIN);
    assert_eq!(read::<u64>(&u64::MAX.into()).unwrap(), u64::MAX);
    assert_eq!(read::<i128>(&u64::MAX.into()).unwrap(), u64::MAX.into());
    assert_eq!(decode::<i128>(b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff").unwrap(), -(1 << 64));
    for (result, found) in [
        (read::<u8>(&256.into()).map(drop), "expected u8, found the int 256"),
        (read::<u8>(&(-1).into()).map(drop), "expected u8, found the int -1"),
        (read::<i8>(&128.into()).map(drop), "expected i8, found the int 128"),
        (read::<i64>(&u64::MAX.into()).map(drop), "expected i64, found the int 18446744073709551615"),
        (read::<u64>(&i64::MIN.into()).map(drop), "expected u64, found the int -9223372036854775808"),
        (read::<i32>(&3.0.into()).map(drop), "expected i32, found the float 3"),
        (read::<i32>(&tag(10, "3")).map(drop), "expected i32, found a decimal"),
        (read::<i32>(&"3".into()).map(drop), "expected i32, found a string"),
        (read::<Value>(&u64::MAX.into()).map(drop), "18446744073709551615 does not fit into an int of 64 bits"),
    ] {
        assert_eq!(result.unwrap_err().to_string(), found);
    }
    assert!(decode::<i64>(b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff").is_err());
    assert!(decode::<Value>(b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff").is_err());
}

#[test]
fn big_ints_in_range_are_read_as_ints() {
    let big = |number: u64, bytes: &[u8]| tag(number, bytes.to_vec());
    assert_eq!(read::<i64>(&big(2, &[0, 0, 1, 0])).unwrap(), 256);
    assert_eq!(read::<i64>(&big(2, &[])).unwrap(), 0);
    assert_eq!(read::<i64>(&big(3, &[0])).unwrap(), -1);
    assert_eq!(read::<i64>(&big(3, &i64::MAX.to_be_bytes())).unwrap(), i64::MIN);
    assert_eq!(read::<u128>(&big(2, &[255; 16])).unwrap(), u128::MAX);
    assert_eq!(read::<i128>(&big(3, &i128::MAX.to_be_bytes())).unwrap(), i128::MIN);
    assert_eq!(read::<Value>(&big(2, &[7])).unwrap(), Value::Int(7));
    assert_eq!(read::<Value>(&big(3, &[6])).unwrap(), Value::Int(-7));
    assert!(read::<u128>(&big(2, &[1; 17])).is_err());
    assert!(read::<i128>(&big(3, &[255; 16])).is_err());
    assert!(read::<i64>(&big(2, &[255; 8])).is_err());
    assert!(read::<Value>(&big(2, &[255; 16])).is_err());
    assert!(read::<i64>(&tag(2, 1)).is_err());
}

/// Server 4.0 has numbers with widths. It writes a u64 above i64 as a decimal, and other widths without them or with tags.
#[test]
#[expect(clippy::float_cmp, reason = "all of these are exact")]
fn numbers_with_widths_are_read_as_numbers() {
    for (number, text) in [(u64::MAX, "18446744073709551615"), (1 << 63, "9223372036854775808")] {
        assert_eq!(read::<u64>(&tag(10, text)).unwrap(), number);
        assert_eq!(read::<Value>(&tag(10, text)).unwrap(), Value::from(text.parse::<Decimal>().unwrap()));
        let error = read::<i64>(&tag(10, text)).unwrap_err();
        assert_eq!(error.to_string(), format!("expected i64, found the int {text}"));
    }
    for text in ["9223372036854775807", "18446744073709551616", "9223372036854775808.5", "-9223372036854775809"] {
        assert_eq!(read::<u64>(&tag(10, text)).unwrap_err().to_string(), "expected u64, found a decimal", "{text}");
    }
    for width in 180..=186 {
        assert_eq!(read::<u8>(&tag(width, 7)).unwrap(), 7);
        assert_eq!(read::<Value>(&tag(width, 7)).unwrap(), Value::Int(7));
        assert_eq!(read::<f64>(&tag(width, 7)).unwrap(), 7.0);
        assert_eq!(read::<Decimal>(&tag(width, 7)).unwrap(), Decimal::from(7));
        assert_eq!(read::<i8>(&tag(width, "7")).unwrap_err().to_string(), "expected i8, found a string");
    }
    for width in [187, 188] {
        assert_eq!(read::<f32>(&tag(width, 1.5)).unwrap(), 1.5);
        assert_eq!(read::<Value>(&tag(width, 1.5)).unwrap(), Value::Float(1.5));
        assert_eq!(read::<i8>(&tag(width, 1.5)).unwrap_err().to_string(), "expected i8, found the float 1.5");
    }
    assert!(read::<Value>(&tag(189, 7)).is_err());
}

#[test]
#[expect(clippy::float_cmp, reason = "all of these are exact")]
fn floats_are_read_from_every_number() {
    assert_eq!(decode::<f64>(b"\xf9\x3e\x00").unwrap(), 1.5);
    assert_eq!(decode::<f64>(b"\xfa\x3f\xc0\x00\x00").unwrap(), 1.5);
    assert_eq!(decode::<f32>(b"\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00").unwrap(), 1.5);
    assert_eq!(read::<f64>(&7.into()).unwrap(), 7.0);
    assert_eq!(read::<f64>(&(-7).into()).unwrap(), -7.0);
    assert_eq!(read::<f64>(&tag(10, "0.1")).unwrap(), 0.1);
    assert_eq!(read::<f64>(&"1".into()).unwrap_err().to_string(), "expected f64, found a string");
    assert!(read::<f64>(&tag(10, "x")).is_err());
}

#[test]
fn decimals_are_read_from_every_number() {
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    assert_eq!(read::<Decimal>(&tag(10, "1.50")).unwrap(), decimal("1.5"));
    assert_eq!(read::<Decimal>(&(-5).into()).unwrap(), decimal("-5"));
    assert_eq!(read::<Decimal>(&u64::MAX.into()).unwrap(), decimal("18446744073709551615"));
    assert_eq!(read::<Decimal>(&0.1.into()).unwrap(), decimal("0.1"));
    assert!(read::<Decimal>(&f64::NAN.into()).is_err());
    assert_eq!(read::<Decimal>(&"1".into()).unwrap_err().to_string(), "expected a decimal, found a string");
}

#[test]
fn text_and_bytes_are_borrowed() {
    #[derive(Deserialize)]
    struct Row<'a> {
        name: &'a str,
        #[serde(borrow)]
        tags: BTreeMap<&'a str, &'a str>,
        raw: &'a [u8],
    }
    let bytes = bytes_of(&object([
        ("name", "ada".into()),
        ("tags", object([("a", "b".into())])),
        ("raw", Cbor::Bytes(vec![1, 2])),
    ]));
    let row: Row<'_> = decode(&bytes).unwrap();
    assert_eq!((row.name, row.tags["a"], row.raw), ("ada", "b", &[1, 2][..]));
    assert!(bytes.as_ptr_range().contains(&row.name.as_ptr()));
}

#[test]
fn segments_are_joined() {
    assert_eq!(decode::<String>(b"\x7f\x62ab\x60\x61c\xff").unwrap(), "abc");
    assert_eq!(decode::<String>(b"\x7f\x61\xc3\x61\xa9\xff").unwrap(), "é");
    assert_eq!(decode::<Bytes>(b"\x5f\x41\x01\x42\x02\x03\xff").unwrap().as_slice(), [1, 2, 3]);
    assert_eq!(decode::<Value>(b"\x9f\x01\x7f\x61a\xff\xff").unwrap(), Value::Array(vec![1.into(), "a".into()]));
    assert_eq!(decode::<HashMap<String, i32>>(b"\xbf\x7f\x61a\xff\x01\xff").unwrap(), HashMap::from([("a".into(), 1)]));
    for malformed in
        [&b"\x7f\x41a\xff"[..], b"\x7f\x7f\x61a\xff\xff", b"\x7f\x61a", b"\x7f\x61\xc3\xff", b"\x7f\x01\xff"]
    {
        assert!(decode::<String>(malformed).is_err(), "{malformed:02x?}");
    }
}

#[test]
fn sets_and_bytes_read_into_any_sequence() {
    let set = tag(56, array([1.into(), 2.into()]));
    assert_eq!(read::<Set<i32>>(&set).unwrap(), Set::from(vec![1, 2]));
    assert_eq!(read::<Vec<i32>>(&set).unwrap(), [1, 2]);
    assert_eq!(read::<BTreeSet<i32>>(&set).unwrap(), BTreeSet::from([1, 2]));
    assert_eq!(read::<(i32, i32)>(&set).unwrap(), (1, 2));
    assert_eq!(read::<Set<i32>>(&array([1.into()])).unwrap_err().to_string(), "expected a set, found an array");
    assert_eq!(read::<Vec<u8>>(&Cbor::Bytes(vec![1, 2])).unwrap(), [1, 2]);
    assert_eq!(read::<Vec<i32>>(&tag(56, 1)).unwrap_err().to_string(), "expected a sequence, found the int 1");
    assert_eq!(read::<Bytes>(&array([1.into()])).unwrap_err().to_string(), "expected bytes, found an array");
}

#[test]
fn enums_are_text_or_objects_of_one_entry() {
    #[derive(Deserialize, Debug, PartialEq)]
    enum Kind {
        Unit,
        Newtype(i8),
        Option(Option<i8>),
        Tuple(u8, f32),
        Struct { a: Option<i8> },
    }
    for (cbor, expected) in [
        ("Unit".into(), Kind::Unit),
        (object([("Unit", Cbor::Null)]), Kind::Unit),
        (object([("Newtype", 1.into())]), Kind::Newtype(1)),
        (object([("Option", none())]), Kind::Option(None)),
        (object([("Tuple", array([1.into(), 0.5.into()]))]), Kind::Tuple(1, 0.5)),
        (object([("Struct", object([]))]), Kind::Struct { a: None }),
    ] {
        assert_eq!(read::<Kind>(&cbor).unwrap(), expected, "{cbor:?}");
    }
    assert_eq!(decode::<Kind>(b"\xbf\x67Newtype\x01\xff").unwrap(), Kind::Newtype(1));
    for (cbor, message) in [
        (1.into(), "expected enum Kind, found the int 1"),
        (tag(7, "Unit"), "expected enum Kind, found a table"),
        (object([]), "expected enum Kind, found an object of 0 entries"),
        (object([("Unit", Cbor::Null), ("b", 1.into())]), "expected enum Kind, found an object of 2 entries"),
        ("Newtype".into(), "expected an object with the variant and its data, found a string"),
        (object([("Newtype", "x".into())]), "Newtype: expected i8, found a string"),
        (
            object([("Tuple", array([1.into()]))]),
            "Tuple: expected tuple variant Kind::Tuple with 2 elements, found 1 elements",
        ),
        (object([("Struct", object([("a", "x".into())]))]), "Struct.a: expected i8, found a string"),
        (object([("Unit", 1.into())]), "Unit: expected unit, found the int 1"),
    ] {
        assert_eq!(read::<Kind>(&cbor).unwrap_err().to_string(), message);
    }
    assert!(decode::<Kind>(b"\xbf\x67Newtype\x01\x61a\x01\xff").is_err());
}

#[test]
fn keys_can_be_chars_variants_newtypes_and_literals() {
    #[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
    enum Kind {
        Unit,
    }
    #[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
    struct Name(String);
    assert_eq!(read::<BTreeMap<char, i32>>(&object([("c", 1.into())])).unwrap(), BTreeMap::from([('c', 1)]));
    assert_eq!(read::<BTreeMap<Kind, i32>>(&object([("Unit", 1.into())])).unwrap(), BTreeMap::from([(Kind::Unit, 1)]));
    assert_eq!(
        read::<BTreeMap<Name, i32>>(&object([("n", 1.into())])).unwrap(),
        BTreeMap::from([(Name("n".into()), 1)])
    );
    let numbers = object([("1", 1.into()), ("2", 1.into())]);
    assert_eq!(read::<BTreeMap<u8, i32>>(&numbers).unwrap(), BTreeMap::from([(1, 1), (2, 1)]));
    assert_eq!(read::<BTreeMap<bool, i32>>(&object([("true", 1.into())])).unwrap(), BTreeMap::from([(true, 1)]));
    assert_eq!(
        read::<BTreeMap<u8, i32>>(&object([("x", 1.into())])).unwrap_err().to_string(),
        "expected u8, found a string"
    );
    assert!(read::<BTreeMap<u8, i32>>(&object([("256", 1.into())])).is_err());
    let of_int = Cbor::Map(vec![(1.into(), 1.into())]);
    let message = "the keys of an object must be strings, found the int 1";
    assert_eq!(read::<Value>(&of_int).unwrap_err().to_string(), message);
    assert_eq!(read::<BTreeMap<u8, u8>>(&of_int).unwrap_err().to_string(), message);
}

#[test]
fn array_must_have_the_length_of_the_type() {
    assert_eq!(read::<(i32, i32)>(&array([1.into(), 2.into()])).unwrap(), (1, 2));
    assert_eq!(
        read::<(i32, i32)>(&array([1.into(), 2.into(), 3.into()])).unwrap_err().to_string(),
        "expected an array of 2 elements, found 3",
    );
    assert!(read::<(i32, i32)>(&array([1.into()])).is_err());
    assert!(decode::<(i32, i32)>(b"\x9f\x01\x02\x03\xff").is_err());
}

#[test]
fn struct_is_not_an_array_and_special_type_is_not_plain_data() {
    #[derive(Deserialize, Debug)]
    struct Row {
        #[expect(dead_code, reason = "it is never read, because reading fails")]
        a: i32,
    }
    for (error, message) in [
        (read::<Row>(&array([1.into()])).unwrap_err(), "expected struct Row, found an array"),
        (read::<RecordId>(&array(["a".into(), 1.into()])).unwrap_err(), "expected a record id, found an array"),
        (read::<RecordId>(&"a:1".into()).unwrap_err(), "expected a record id, found a string"),
        (read::<Datetime>(&"1970-01-01".into()).unwrap_err(), "expected a datetime, found a string"),
        (read::<Datetime>(&tag(14, array([]))).unwrap_err(), "expected a datetime, found a duration"),
        (read::<Uuid>(&Cbor::Bytes(vec![0; 16])).unwrap_err(), "expected a uuid, found bytes"),
        (read::<Table>(&none()).unwrap_err(), "expected a table, found NONE"),
        (read::<Geometry>(&tag(7, "a")).unwrap_err(), "expected a geometry, found a table"),
        (read::<Geometry>(&"a".into()).unwrap_err(), "expected a geometry, found a string"),
        (read::<RecordKey>(&tag(7, "a")).unwrap_err(), "expected the key of a record, found a table"),
        (read::<RecordKey>(&1.5.into()).unwrap_err(), "expected the key of a record, found the float 1.5"),
        (read::<String>(&tag(8, "a:1")).unwrap_err(), "expected a string, found a record id"),
        (read::<BTreeMap<String, i32>>(&tag(8, "a:1")).unwrap_err(), "expected a map, found a record id"),
    ] {
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn malformed_payloads_are_refused() {
    for cbor in [
        tag(7, 1),
        tag(8, array(["a".into()])),
        tag(8, array(["a".into(), 1.into(), 2.into()])),
        tag(8, array([tag(7, "a"), 1.into()])),
        tag(8, array(["a".into(), 1.5.into()])),
        tag(8, array(["a".into(), none()])),
        tag(8, "a"),
        tag(9, "x"),
        tag(10, "x"),
        tag(12, array([0.into()])),
        tag(12, array([0.into(), 2_000_000_000.into(), 1.into()])),
        tag(12, array([i64::MAX.into(), 0.into()])),
        tag(14, array([(-1).into()])),
        tag(14, array([1.into(), 1.into(), 1.into()])),
        tag(14, array([u64::MAX.into(), 1_000_000_000.into()])),
        tag(37, vec![0; 15]),
        tag(37, "018f5a1e"),
        tag(49, array([1.into(), 2.into()])),
        tag(49, array([Cbor::Null])),
        tag(50, 1),
        tag(55, array(["a".into()])),
        tag(56, object([])),
        tag(88, array([1.0.into()])),
        tag(88, array([1.0.into(), "x".into()])),
        tag(89, array([1.0.into()])),
        tag(90, array([tag(88, array([0.0.into(), 0.0.into()]))])),
        tag(15, "future"),
        tag(1, 0),
        tag(u64::MAX, 0),
    ] {
        assert!(read::<Value>(&cbor).is_err(), "{cbor:?}");
        assert!(read::<Vec<Value>>(&array([cbor.clone()])).is_err(), "{cbor:?}");
    }
    assert_eq!(
        read::<Value>(&tag(15, 1)).unwrap_err().to_string(),
        "expected any value, found the unknown CBOR tag 15"
    );
}

#[test]
fn leap_second_reads_as_the_next_second() {
    let leap = tag(12, array([59.into(), 1_500_000_000.into()]));
    assert_eq!(read::<Datetime>(&leap).unwrap(), Datetime::from_timestamp(60, 500_000_000).unwrap());
}

#[test]
fn anything_can_be_ignored() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Row {
        a: i32,
    }
    let row =
        object([("x", tag(8, "a:1")), ("y", array([none(), object([("z", Cbor::Bytes(vec![1]))])])), ("a", 1.into())]);
    assert_eq!(read::<Row>(&row).unwrap(), Row { a: 1 });
    read::<IgnoredAny>(&row).unwrap();
}

#[test]
fn bytes_after_the_value_are_refused() {
    assert_eq!(decode::<i32>(b"\x01\x02").unwrap_err().to_string(), "the value ends 1 bytes before the data does");
    assert!(decode::<i32>(b"").is_err());
    assert!(decode::<Value>(b"\xff").is_err());
    assert!(decode::<Value>(b"\xf8\x20").is_err());
    assert!(decode::<Value>(b"\x1c").is_err());
}

#[test]
fn length_beyond_the_bytes_is_refused() {
    for malformed in [
        &b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff"[..],
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xbb\x80\x00\x00\x00\x00\x00\x00\x00\x61a\x01",
        b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\x00\x00\x00\x01\x00\x00\x00\x00",
        b"\x9a\x7f\xff\xff\xff\x01",
        b"\xc6\x9b\x00\x00\x00\xff\xff\xff\xff\xff",
        b"\xa2\x61a\x01",
    ] {
        let message = "the data ends in the middle of a value";
        assert_eq!(decode::<Value>(malformed).unwrap_err().message(), message, "{malformed:02x?}");
        assert!(decode::<Vec<u8>>(malformed).is_err());
        assert!(decode::<IgnoredAny>(malformed).is_err());
    }
}
