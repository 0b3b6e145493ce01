use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::*;
use crate::value::{Datetime, Value};

#[test]
fn decode_errors_name_the_path() {
    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "it is never read, because reading fails")]
    struct User {
        name: String,
        address: BTreeMap<String, Vec<Address>>,
    }
    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "it is never read, because reading fails")]
    struct Address {
        zip: u32,
        since: Option<Datetime>,
    }
    let user = |address: Cbor| object([("name", "ada".into()), ("address", object([("home", array([address]))]))]);
    for (cbor, path, message) in [
        (user(object([("zip", "x".into())])), "address.home[0].zip", "expected u32, found a string"),
        (user(object([("zip", (-1).into())])), "address.home[0].zip", "expected u32, found the int -1"),
        (
            user(object([("zip", 1.into()), ("since", "x".into())])),
            "address.home[0].since",
            "expected a datetime, found a string",
        ),
        (user(object([])), "address.home[0]", "missing field `zip`"),
        (user(5.into()), "address.home[0]", "expected struct Address, found the int 5"),
        (object([("name", none())]), "name", "expected a string, found NONE"),
        (object([("name", true.into())]), "name", "expected a string, found a bool"),
        (object([]), "", "missing field `name`"),
        (1.into(), "", "expected struct User, found the int 1"),
    ] {
        let error = read::<User>(&cbor).unwrap_err();
        assert_eq!((error.path().as_str(), error.message().as_str()), (path, message));
    }
    let error = read::<Value>(&object([("a", array([1.into(), tag(99, 1)]))])).unwrap_err();
    assert_eq!(error.to_string(), "a[1]: expected any value, found the unknown CBOR tag 99");
}

#[test]
fn encode_errors_name_the_path() {
    #[derive(Serialize)]
    struct Row {
        map: BTreeMap<&'static str, Vec<Kind>>,
    }
    #[derive(Serialize)]
    enum Kind {
        Newtype(u64),
        Tuple(u8, u64),
        Struct { a: u64 },
    }
    for (kind, path) in [
        (Kind::Newtype(u64::MAX), "map.key[1].Newtype"),
        (Kind::Tuple(1, u64::MAX), "map.key[1].Tuple[1]"),
        (Kind::Struct { a: u64::MAX }, "map.key[1].Struct.a"),
    ] {
        let row = Row { map: BTreeMap::from([("a", vec![]), ("key", vec![Kind::Newtype(1), kind])]) };
        assert_eq!(encode(&row).unwrap_err().path(), path);
    }
}

#[test]
fn errors_are_one_word_wide_and_send() {
    fn is_error<E: std::error::Error + Send + Sync + 'static>() -> usize {
        size_of::<E>()
    }
    assert_eq!(is_error::<EncodeError>(), size_of::<usize>());
    assert_eq!(is_error::<DecodeError>(), size_of::<usize>());
}

#[test]
fn paths_of_deep_values_are_shortened() {
    #[derive(Debug, Deserialize)]
    struct Deep(#[expect(dead_code, reason = "it is only read")] Vec<Deep>);

    let mut deep = Cbor::Text("x".into());
    for _ in 0..100 {
        deep = array([deep]);
    }
    let path = read::<Deep>(&deep).unwrap_err().path();
    assert_eq!(path, format!("{}…{}", "[0]".repeat(12), "[0]".repeat(4)));

    let long = "k".repeat(1_000);
    let path = read::<BTreeMap<String, i64>>(&object([(&*long, "x".into())])).unwrap_err().path();
    assert_eq!(path, format!("{}…", "k".repeat(100)));
}
