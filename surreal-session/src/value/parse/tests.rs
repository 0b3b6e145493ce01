use std::collections::BTreeMap;

use super::*;
use crate::value::{Uuid, Value};

fn key(text: &str) -> RecordKey {
    match record_id(&format!("user:{text}")) {
        Ok(id) => id.into_key(),
        Err(error) => panic!("{text}: {error}"),
    }
}

#[test]
fn keys_of_every_form_are_read() {
    let uuid: Uuid = "018f5a1e-0000-7000-8000-000000000001".parse().unwrap();
    let object = |entries: [(&str, Value); 1]| {
        RecordKey::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    };
    for (text, expected) in [
        ("ada", "ada".into()),
        ("1", 1.into()),
        ("-1", (-1).into()),
        ("+1", 1.into()),
        ("007", 7.into()),
        ("9223372036854775807", i64::MAX.into()),
        ("-9223372036854775808", i64::MIN.into()),
        ("9223372036854775808", "9223372036854775808".into()),
        ("-9223372036854775809", "-9223372036854775809".into()),
        ("1a", "1a".into()),
        ("`1`", "1".into()),
        ("⟨1⟩", "1".into()),
        ("⟨a\\⟩`b⟩", "a⟩`b".into()),
        ("`a\\`b\\\\c\\n\\r\\t\\0\\b\\f\\u{1F600}\\u00e9\\uD83D\\uDE00`", "a`b\\c\n\r\t\0\u{8}\u{c}😀é😀".into()),
        ("``", "".into()),
        ("u'018f5a1e-0000-7000-8000-000000000001'", uuid.into()),
        ("u\"018f5a1e-0000-7000-8000-000000000001\"", uuid.into()),
        ("u", "u".into()),
        ("[]", RecordKey::Array(vec![])),
        ("[ 'a', 1, ]", vec!["a".into(), 1.into()].into()),
        ("{}", RecordKey::Object(BTreeMap::new())),
        ("{a:1}", object([("a", 1.into())])),
        ("{ 'a b' : \"c\" , }", object([("a b", "c".into())])),
        ("1..5", Range::from(RecordKey::Int(1)..RecordKey::Int(5)).into()),
        ("..", Range::from(..).into()),
        ("a..=b", Range::from(RecordKey::from("a")..="b".into()).into()),
        ("[1]>..", Range::new(Bound::Excluded(vec![1.into()].into()), Bound::Unbounded).into()),
    ] {
        assert_eq!(key(text), expected, "{text}");
    }
}

#[test]
fn values_of_every_type_are_read() {
    for (text, expected) in [
        ("NONE", Value::None),
        ("null", Value::Null),
        ("true", true.into()),
        ("FALSE", false.into()),
        ("-5", (-5).into()),
        ("1.5", 1.5.into()),
        ("1e3", 1000.0.into()),
        ("2f", 2.0.into()),
        ("NaN", f64::NAN.into()),
        ("-Infinity", f64::NEG_INFINITY.into()),
        ("1h30m", std::time::Duration::from_mins(90).into()),
        ("'it\\'s'", "it's".into()),
        ("b'00fF'", Value::Bytes(vec![0, 255].into())),
        ("{,}", Value::Set(vec![].into())),
        ("{ 1, 2 }", Value::Set(vec![1.into(), 2.into()].into())),
        ("{a:b, c:d}", Value::Set(vec![RecordId::new("a", "b").into(), RecordId::new("c", "d").into()].into())),
        ("{a:b:c}", [("a", RecordId::new("b", "c"))].into_iter().collect()),
        ("{a:true}", [("a", true)].into_iter().collect()),
        (
            "{a:u'018f5a1e-0000-7000-8000-000000000001'}",
            [("a", "018f5a1e-0000-7000-8000-000000000001".parse::<Uuid>().unwrap())].into_iter().collect(),
        ),
        ("(user:1)", RecordId::new("user", 1).into()),
        ("1..", Range::from(1_i64..).into()),
        ("1..2", Range::from(1_i64..2).into()),
        ("1..= 2", Range::from(1_i64..=2).into()),
        ("1..(2..3)", Range::from(Value::from(1)..Range::from(2_i64..3).into()).into()),
        ("(1..2)..3", Range::from(Value::from(Range::from(1_i64..2))..3.into()).into()),
    ] {
        assert_eq!(key(&format!("[{text}]")), RecordKey::Array(vec![expected]), "{text}");
    }
}

#[test]
fn text_that_is_not_a_record_id_is_refused() {
    let deep = format!("a:{}", "[".repeat(100_000));
    let deep_parentheses = format!("a:[{}", "(".repeat(100_000));
    let deep_braces = format!("a:{}", "{a:".repeat(100_000));
    let deep_ids = format!("a:[{}", "a:[".repeat(100_000));
    let deep_ranges = format!("a:[{}", "..=".repeat(100_000));
    for text in [
        "",
        "user",
        "user:",
        ":ada",
        "user: ada",
        "user:ada ",
        " user:ada",
        "user:a b",
        "user:a:b",
        "user:`a",
        "user:⟨a",
        "user:`a\\`",
        "user:`\\x`",
        "user:`\\u{110000}`",
        "user:`\\ud800`",
        "user:`\\udc00`",
        "user:`\\u12`",
        "user:-",
        "user:-a",
        "user:1.5",
        "user:[",
        "user:[1",
        "user:[1 2]",
        "user:{a}",
        "user:{a:}",
        "user:u'x'",
        "user:>..",
        "user:..=",
        "user:[b'0']",
        "user:[b'é']",
        "user:[1x]",
        "user:[99999999999999999999]",
        "user:[1.5s]",
        "é:a",
        "user:[d'x']",
        "user:[f'x']",
        "user:[(1,)]",
        "user:[('a', 1)]",
        "user:[{,1}]",
        "user:[1..2..3]",
        "user:[..=..]",
        &deep,
        &deep_parentheses,
        &deep_braces,
        &deep_ids,
        &deep_ranges,
    ] {
        assert!(record_id(text).is_err(), "{text:.40}");
    }
}
