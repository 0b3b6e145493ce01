use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::*;
use crate::codec::{MAX_DECODE_DEPTH, MAX_DEPTH, decode_row, writer};
use crate::value::{Range, RecordId, RecordKey, Value};

/// Runs with the stack of a thread of the standard library, where an unoptimised build needs most of it.
fn on_a_small_stack<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap()
}

fn arrays(depth: usize) -> Value {
    (0..depth).fold(Value::Int(1), |inner, _| Value::Array(vec![inner]))
}

#[test]
fn sent_values_are_not_deeper_than_the_server_accepts() {
    for innermost in [Value::Array(vec![]), Value::Object(BTreeMap::new()), Value::None] {
        let deepest = (1..MAX_DEPTH).fold(innermost.clone(), |inner, _| Value::Array(vec![inner]));
        let mut request = Vec::new();
        writer::map(&mut request, 1);
        writer::text(&mut request, "params");
        writer::begin_array(&mut request);
        writer::text(&mut request, "RETURN $v");
        writer::begin_map(&mut request);
        writer::text(&mut request, "v");
        encode_into(&mut request, &deepest).unwrap();
        writer::end(&mut request);
        writer::end(&mut request);
        let read: Result<Cbor, _> = ciborium::de::from_reader_with_recursion_limit(&request[..], 100);
        assert!(read.is_ok(), "{innermost}: {read:?}");

        let error = encode(&Value::Array(vec![deepest])).unwrap_err();
        assert_eq!(error.message(), "the value is nested deeper than 95 levels");
    }
}

#[test]
fn tags_count_as_levels() {
    let range = |inner: Value| Value::Range(Box::new(Range::from(inner..)));
    // A range is a tag, an array, and the tag of the bound.
    let thirty_one = (0..31).fold(arrays(2), |inner, _| range(inner));
    assert!(encode(&thirty_one).is_ok());
    assert!(encode(&range(thirty_one)).is_err());
    assert!(encode(&Value::Array(vec![arrays(MAX_DEPTH - 1), arrays(MAX_DEPTH - 1)])).is_ok());
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Endless(Option<Box<Endless>>);

#[test]
fn type_that_nests_itself_without_data_is_an_error() {
    let mut deep = Endless(None);
    for _ in 0..1_000 {
        deep = Endless(Some(Box::new(deep)));
    }
    assert!(encode(&deep).unwrap_err().to_string().starts_with("the value is wrapped more than"));
    on_a_small_stack(|| {
        assert!(read::<Endless>(&1.into()).is_err());
        assert!(decode_row::<Endless>(&bytes_of(&array([1.into()]))).is_err());
        assert_eq!(read::<Endless>(&none()).unwrap(), Endless(None));
    });
}

#[derive(Deserialize, Debug)]
#[expect(dead_code, reason = "only its depth matters")]
struct Node {
    a: Option<i64>,
    b: Option<String>,
    child: Option<Box<Node>>,
}

#[derive(Deserialize, Debug)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its depth matters")]
enum Tree {
    Leaf(i64),
    Branch(Vec<Tree>),
}

#[derive(Deserialize, Debug)]
#[expect(dead_code, reason = "only its depth matters")]
struct Flat {
    #[serde(flatten)]
    rest: BTreeMap<String, Flat>,
}

/// Bytes that open something, repeated, and then an item.
fn nested(open: &[u8], depth: usize) -> Vec<u8> {
    let mut bytes = open.repeat(depth);
    bytes.push(0x01);
    bytes
}

#[test]
fn deep_data_is_an_error_and_does_not_overflow_the_stack() {
    fn fails<T: DeserializeOwned + std::fmt::Debug>(open: &'static [u8]) {
        on_a_small_stack(move || {
            for depth in [MAX_DECODE_DEPTH / 4, MAX_DECODE_DEPTH, MAX_DECODE_DEPTH + 1, 1_000_000] {
                // Either result is fine; it must not overflow the stack.
                let _ = decode::<T>(&nested(open, depth));
                let _ = decode_row::<T>(&nested(open, depth));
            }
            assert!(decode::<T>(&nested(open, 1_000_000)).is_err());
        });
    }
    let record_id = b"\xc8\x82\x61a\x81";
    let range = b"\xd8\x31\x82\xf6\xd8\x32";
    fails::<Value>(b"\x81");
    fails::<Value>(b"\x9f");
    fails::<Value>(b"\xa1\x61a");
    fails::<Value>(b"\xd8\x38\x81");
    fails::<Value>(b"\xd8\x5e\x81");
    fails::<Value>(record_id);
    fails::<Value>(range);
    fails::<RecordId>(record_id);
    fails::<RecordKey>(range);
    fails::<Node>(b"\xa1\x65child");
    fails::<Tree>(b"\x81");
    fails::<Flat>(b"\xa1\x61a");
    fails::<Endless>(b"\x81");
}

#[test]
fn values_as_deep_as_the_server_stores_can_be_read() {
    on_a_small_stack(|| {
        for (open, levels) in
            [(&b"\x81"[..], 1), (b"\xa1\x61a", 1), (b"\xd8\x38\x81", 2), (b"\xd8\x31\x82\xf6\xd8\x32", 3)]
        {
            decode::<Value>(&nested(open, MAX_DECODE_DEPTH / levels)).unwrap();
            let error = decode::<Value>(&nested(open, MAX_DECODE_DEPTH / levels + 1)).unwrap_err();
            assert_eq!(error.message(), "the value is nested deeper than 512 levels");
        }
        assert_eq!(decode::<Value>(&nested(b"\x81", 256)).unwrap(), arrays(256));
    });
}
