use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::*;
use crate::codec::{MAX_DECODE_DEPTH, decode_row};
use crate::value::{RecordId, RecordKey, Value};

#[derive(Deserialize, Debug, PartialEq)]
struct Row {
    a: i32,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Wrapper<T>(T);

#[derive(Deserialize, Debug, PartialEq)]
#[serde(tag = "type")]
enum Internal {
    Cat { a: i32 },
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Untagged {
    Many(Vec<Row>),
    One(Row),
}

#[derive(Deserialize, Debug, PartialEq)]
struct Flat {
    a: i32,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

fn row(a: i32) -> Cbor {
    object([("type", "Cat".into()), ("a", a.into())])
}

fn row_of<T: DeserializeOwned>(cbor: &Cbor) -> Result<T, String> {
    decode_row(&bytes_of(cbor)).map_err(|error| error.to_string())
}

#[test]
fn type_that_is_not_an_array_reads_the_only_row() {
    for rows in [array([row(1)]), row(1)] {
        assert_eq!(row_of(&rows), Ok(Row { a: 1 }));
        assert_eq!(row_of(&rows), Ok(Some(Row { a: 1 })));
        assert_eq!(row_of(&rows), Ok(Wrapper(Row { a: 1 })));
        assert_eq!(row_of(&rows), Ok(Some(Wrapper(Some(Row { a: 1 })))));
        assert_eq!(row_of(&rows), Ok(Internal::Cat { a: 1 }));
        assert_eq!(row_of(&rows), Ok(Some(Internal::Cat { a: 1 })));
        assert_eq!(row_of::<Flat>(&rows).map(|row| (row.a, row.rest.len())), Ok((1, 1)));
        assert_eq!(row_of::<BTreeMap<String, Value>>(&rows).map(|row| row.len()), Ok(2));
    }
    assert_eq!(row_of(&array([7.into()])), Ok(7));
    assert_eq!(row_of(&array(["x".into()])), Ok("x".to_owned()));
    assert_eq!(row_of(&array(["x".into()])), Ok(Some("x".to_owned())));
    assert_eq!(row_of(&array([tag(8, "a:1")])), Ok(RecordId::new("a", 1)));
    assert_eq!(row_of(&array([tag(8, "a:1")])), Ok(Some(RecordId::new("a", 1))));
    assert_eq!(row_of(&array([none()])), Ok(()));
}

#[test]
fn option_is_none_without_a_row() {
    for rows in [array([]), array([none()]), array([Cbor::Null]), none(), Cbor::Null] {
        assert_eq!(row_of(&rows), Ok(None::<Row>), "{rows:?}");
        assert_eq!(row_of(&rows), Ok(Wrapper(None::<Row>)));
        assert_eq!(row_of(&rows), Ok(None::<RecordId>));
        assert_eq!(row_of(&rows), Ok(None::<String>));
        assert_eq!(row_of(&rows), Ok(None::<Internal>));
    }
    assert_eq!(decode_row::<Option<Row>>(b"\x9f\xff").unwrap(), None);
}

#[test]
fn type_that_is_an_array_reads_all_rows() {
    for count in 0..3 {
        let rows = Cbor::Array(vec![row(1); count]);
        assert_eq!(row_of::<Vec<Row>>(&rows).unwrap().len(), count);
        assert_eq!(row_of::<Option<Vec<Row>>>(&rows).unwrap().unwrap().len(), count);
        assert_eq!(row_of::<Wrapper<Vec<Row>>>(&rows).unwrap().0.len(), count);
        assert_eq!(row_of::<Value>(&rows).unwrap().as_array().unwrap().len(), count);
        assert_eq!(row_of::<Option<Value>>(&rows).unwrap().unwrap().as_array().unwrap().len(), count);
        assert!(matches!(row_of::<Untagged>(&rows).unwrap(), Untagged::Many(rows) if rows.len() == count));
        assert!(matches!(row_of::<RecordKey>(&rows).unwrap(), RecordKey::Array(rows) if rows.len() == count));
        row_of::<IgnoredAny>(&rows).unwrap();
    }
    assert_eq!(row_of(&array([row(1), row(2)])), Ok((Row { a: 1 }, Row { a: 2 })));
    assert_eq!(row_of(&array([none()])), Ok(vec![None::<Row>]));
    assert_eq!(row_of(&array([none()])), Ok(Some(vec![None::<Row>])));
    assert_eq!(row_of(&row(1)), Ok(Untagged::One(Row { a: 1 })));
}

#[test]
fn too_few_and_too_many_rows_are_errors() {
    let two = array([row(1), row(2)]);
    assert_eq!(row_of::<Row>(&array([])), Err("expected one row, found none".into()));
    assert_eq!(row_of::<i32>(&array([])), Err("expected one row, found none".into()));
    assert_eq!(row_of::<Row>(&two), Err("expected at most one row, found 2".into()));
    assert_eq!(row_of::<Option<Row>>(&two), Err("expected at most one row, found 2".into()));
    assert_eq!(row_of::<RecordId>(&two), Err("expected at most one row, found 2".into()));
    assert_eq!(row_of::<Option<Wrapper<Row>>>(&two), Err("expected at most one row, found 2".into()));
    assert!(row_of::<Internal>(&two).is_err());
    assert_eq!(
        decode_row::<Row>(b"\x9f\xa0\xa0\xa0\xff").unwrap_err().to_string(),
        "expected at most one row, found 3"
    );
    assert_eq!(decode_row::<Row>(b"\x9f\xa1\x61a\x01\xff").unwrap(), Row { a: 1 });
}

#[test]
fn errors_in_a_row_have_the_path_inside_the_row() {
    for rows in [array([object([("a", "x".into())])]), object([("a", "x".into())])] {
        assert_eq!(row_of::<Row>(&rows), Err("a: expected i32, found a string".into()));
        assert_eq!(row_of::<Option<Row>>(&rows), Err("a: expected i32, found a string".into()));
    }
    assert_eq!(
        row_of::<Vec<Row>>(&array([object([("a", "x".into())])])),
        Err("[0].a: expected i32, found a string".into())
    );
    assert_eq!(row_of::<Row>(&array([none()])), Err("expected struct Row, found NONE".into()));
    assert!(decode_row::<Row>(b"\x81").is_err());
    assert!(decode_row::<Row>(b"\x81\xa1\x61a\x01\x01").is_err());
    assert!(decode_row::<Vec<Row>>(b"\x80\x01").is_err());
    assert!(decode_row::<Row>(b"").is_err());
}

#[test]
fn array_that_is_too_deep_is_not_read_as_its_only_element() {
    for depth in [MAX_DECODE_DEPTH, MAX_DECODE_DEPTH + 1] {
        let bytes = [&b"\x81".repeat(depth)[..], b"\x01"].concat();
        assert_eq!(decode_row::<Value>(&bytes).ok(), decode::<Value>(&bytes).ok(), "{depth}");
    }
}

#[test]
fn rows_can_be_borrowed() {
    let bytes = bytes_of(&array([object([("name", "ada".into())])]));
    let row: BTreeMap<&str, &str> = decode_row(&bytes).unwrap();
    assert_eq!(row["name"], "ada");
}

#[test]
fn endless_type_is_an_error() {
    #[derive(Deserialize, Debug)]
    struct Endless(#[expect(dead_code, reason = "it is never read, because reading fails")] Option<Box<Endless>>);
    assert!(row_of::<Endless>(&array([1.into()])).is_err());
    assert!(row_of::<Endless>(&array([1.into(), 2.into()])).is_err());
}
