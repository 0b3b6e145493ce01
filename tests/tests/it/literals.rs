//! `Value: FromStr` against the parser of the server.

use std::collections::BTreeMap;

use surreal_session::prelude::*;
use surreal_session::value::{File, Range};
use surreal_session_tests::{async_test, place};

/// Literals of every type, and text that is almost one.
///
/// Not among them: names alone, comments, operators and blocks such as `{ a }`; literals of files, which the server (3.3.5)
/// reads only with its experimental feature; the escapes of a surrogate pair, and `user:+1`, which the server writes or reads
/// elsewhere.
const LITERALS: &[&str] = &[
    "NONE",
    "none",
    "NULL",
    "null",
    "true",
    "TrUe",
    "false",
    "0",
    "-0",
    "+5",
    "007",
    "1_000",
    "1_0.5",
    "1_",
    "1__0",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "1.5",
    "-1.5",
    "1.",
    "1e3",
    "1E-3",
    "1.5e+3",
    "1e",
    "2f",
    "-2f",
    "0.1f",
    "1e3f",
    ".5",
    "0dec",
    "-1.25dec",
    "1e3dec",
    "0.1dec",
    "79228162514264337593543950335dec",
    "NaN",
    "Infinity",
    "-Infinity",
    "+Infinity",
    "-NaN",
    "0x1F",
    "1h",
    "1h30m",
    "1h 30m",
    "1y2w3d4h5m6s7ms8us9ns",
    "1w2y",
    "1µs",
    "0ns",
    "1x",
    "-1h",
    "''",
    "'a'",
    "\"a\"",
    "'it\\'s'",
    "\"it's\"",
    "'a\\n\\t\\r\\0\\b\\f\\\\\\\"'",
    "'\\u{1F600}'",
    "'\\u00e9'",
    "'\\uD83D'",
    "'\\x41'",
    "'a\\/b'",
    "'a",
    "'a\nb'",
    "'é😀'",
    "s'a'",
    "s\"a\"",
    "s'user:ada'",
    "r'user:ada'",
    "r\"user:`a b`\"",
    "r'x'",
    "r'user:'",
    "u'018f5a1e-0000-7000-8000-000000000001'",
    "u\"018F5A1E-0000-7000-8000-000000000001\"",
    "u'018f5a1e'",
    "u''",
    "d'2020-01-01T00:00:00Z'",
    "d\"2020-01-01T00:00:00.5+01:00\"",
    "d'2020-01-01'",
    "d'2020-13-01T00:00:00Z'",
    "d'2020-02-30T00:00:00Z'",
    "d''",
    "b''",
    "b'00fF'",
    "b\"0\"",
    "b'0g'",
    "f'a'",
    "user:ada",
    "user:1",
    "user:-1",
    "user:007",
    "user:1a",
    "user:1_000",
    "user:`a b`",
    "user:⟨a b⟩",
    "user:`a\\`b`",
    "`a b`:c",
    "⟨a b⟩:c",
    "user:[]",
    "user:[1, 'a', NONE]",
    "user:{ a: 1 }",
    "user:{}",
    "user:a..b",
    "user:1..=5",
    "user:..",
    "user:1>..",
    "user:['a']..=['b']",
    "user:u'018f5a1e-0000-7000-8000-000000000001'",
    "user : ada",
    "user:",
    "user:a:b",
    "[]",
    "[1]",
    "[1,]",
    "[,]",
    "[1,,2]",
    "[1 2]",
    "[ [ [] ] ]",
    "[1, 'a', [NONE, NULL]]",
    "{}",
    "{ a: 1 }",
    "{a:1,}",
    "{ \"a b\": 1, 'c': 2, `d e`: 3, 5: 4 }",
    "{ a: 1, a: 2 }",
    "{ a: { b: [1] } }",
    "{ a: }",
    "{,}",
    "{1,}",
    "{1, 2}",
    "{ 'a', }",
    "{ a: user:ada }",
    "{ select: 1 }",
    "{ NONE: 1 }",
    "{ true: 1 }",
    "1..2",
    "1..=2",
    "1>..2",
    "1>..=2",
    "..2",
    "..=2",
    "1..",
    "..",
    "'a'..'b'",
    "1 .. 2",
    "1...2",
    "(1)",
    "((1))",
    "(1, 2)",
    "(1.5, -2)",
    "(1, 2, 3)",
    "(1,)",
    "()",
    "('a', 1)",
    "{ type: 'Point', coordinates: [1, 2] }",
    "{ type: 'Point', coordinates: [1.5, 2.5], x: 1 }",
    "{ type: 'Point', coordinates: ['a', 2] }",
    "{ coordinates: [[0, 0], [1, 1]], type: \"LineString\" }",
    "{ type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] }",
    "{ type: 'MultiPoint', coordinates: [[0, 0], [1, 1]] }",
    "{ type: 'Line', coordinates: [[0, 0], [1, 1]] }",
    "{ type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }] }",
    " 5 ",
    "\t5\n",
    "5 5",
    "'a' 'b'",
];

#[async_test]
async fn literals_are_read_as_the_server_reads_them() {
    let (_db, session) = place().await;
    let mut differences = Vec::new();
    for text in LITERALS {
        let ours = text.parse::<Value>();
        let answer = session.query(Surql::dynamic(format!("RETURN {text}"))).await;
        let theirs = answer.and_then(|answer| answer.take::<Value>(0));
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) if ours == theirs => {}
            (Err(_), Err(_)) => {}
            (ours, theirs) => differences.push(format!("{text:?}: {ours:?}, and by the server {theirs:?}")),
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[async_test]
async fn text_of_values_is_read_as_the_server_reads_it() {
    let (_db, session) = place().await;
    let mut value = Value::None;
    for text in LITERALS {
        let Ok(literal) = text.parse::<Value>() else { continue };
        let text = literal.to_string();
        assert_eq!(text.parse::<Value>().as_ref(), Ok(&literal), "{text}");
        let theirs: Value = session.query(Surql::dynamic(format!("RETURN {text}"))).await.unwrap().take(0).unwrap();
        assert_eq!(theirs, literal, "{text}");
        value = Value::Array(vec![literal.clone(), [("key", literal)].into_iter().collect()]);
    }
    assert_eq!(value.to_string().parse(), Ok(value));
}

#[test]
fn what_needs_evaluation_is_refused_with_its_position() {
    for (text, position, reason) in [
        ("", 0, "expected a value"),
        ("  ", 2, "expected a value"),
        ("1 + 1", 2, "unexpected text at the end"),
        ("$a", 0, "expected a value"),
        ("time::now()", 5, "expected a key after the colon"),
        ("rand()", 4, "unexpected text at the end"),
        ("[1, {a: $b}]", 8, "expected a value"),
        ("[1, 2", 5, "expected a comma or `]`"),
        ("{ a: 1, b }", 10, "expected a colon after the key"),
        ("'abc", 0, "the closing ' is missing"),
        ("['é', 'x\\q']", 10, "unknown escape after a backslash"),
        ("{1}", 2, "a set of one element needs a comma, as in `{1,}`"),
        ("/a/", 0, "expected a value"),
        ("SELECT * FROM user", 7, "unexpected text at the end"),
        ("1 -- comment", 2, "unexpected text at the end"),
    ] {
        let error = text.parse::<Value>().unwrap_err();
        assert_eq!(error.to_string(), format!("not a value: {reason} at byte {position}"), "{text}");
        assert_eq!(error.position(), Some(position), "{text}");
    }
    for open in ["[", "{a:", "{", "(", "a:[", "a:{b:", "1..(", "[{a:("] {
        let error = open.repeat(100_000).parse::<Value>().unwrap_err();
        assert!(error.position().is_some_and(|position| position < 1_000), "{open}: {error}");
    }
    let error = "user:a b".parse::<RecordId>().unwrap_err();
    assert_eq!(error.to_string(), "not a record id: unexpected text at the end at byte 6");
}

#[test]
fn names_alone_are_tables_and_files_are_read() {
    let expected = BTreeMap::from([("a".to_owned(), Value::from(Table::new("user"))), ("b".to_owned(), Value::Null)]);
    assert_eq!("{ a: user, b: null }".parse(), Ok(Value::Object(expected)));
    assert_eq!("f'bucket:/a/b.txt'".parse(), Ok(Value::File(File::new("bucket", "/a/b.txt"))));
    assert_eq!("`true`".parse(), Ok(Value::from(Table::new("true"))));
    assert_eq!("a..b".parse(), Ok(Value::from(Range::from(Value::from(Table::new("a"))..Table::new("b").into()))));
}
