//! Bytes that are decoded as a [`Value`].

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{decode_again, encode_unless_too_much};
use crate::codec::reader::Reader;
use crate::codec::{decode, decode_row};
use crate::value::{Range, RecordId, RecordKey, Value};

/// A decoded value is the same after encoding and decoding, and after formatting and parsing as the key of a record id.
pub fn value(bytes: &[u8]) -> bool {
    let value = match decode::<Value>(bytes) {
        Ok(value) => value,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(decode_row::<Value>(bytes).is_err(), "only as a row");
            return false;
        }
    };
    assert_eq!(decode_row::<Value>(bytes).ok().as_ref(), Some(&value));
    let mut reader = Reader::new(bytes);
    assert_eq!(reader.skip().ok(), Some(bytes));

    let id = RecordId::new("t", vec![value.clone()]);
    let text = id.to_string();
    if let Some(encoded) = encode_unless_too_much(&value) {
        let again: Value = decode_again(&encoded, &value);
        assert_eq!(again, value);
        assert_eq!(encode_unless_too_much(&again), Some(encoded));
        if has_literal(&value) {
            assert_eq!(text.parse(), Ok(id), "{text}");
        }
    }
    true
}

/// Returns `true` if SurrealQL has a literal for the value.
fn has_literal(value: &Value) -> bool {
    match value {
        Value::Table(_) => false,
        Value::Array(elements) => elements.iter().all(has_literal),
        Value::Set(set) => set.iter().all(has_literal),
        Value::Object(entries) => is_object_literal(entries),
        Value::RecordId(id) => has_key_literal(id.key()),
        Value::Range(range) => bounds(range).all(has_literal),
        _ => true,
    }
}

fn is_object_literal(entries: &BTreeMap<String, Value>) -> bool {
    // With that key it may be a geometry.
    !entries.contains_key("type") && entries.values().all(has_literal)
}

fn has_key_literal(key: &RecordKey) -> bool {
    match key {
        RecordKey::Array(elements) => elements.iter().all(has_literal),
        RecordKey::Object(entries) => entries.values().all(has_literal),
        RecordKey::Range(range) => {
            bounds(range).all(|bound| !matches!(bound, RecordKey::Range(_)) && has_key_literal(bound))
        }
        RecordKey::Int(_) | RecordKey::String(_) | RecordKey::Uuid(_) => true,
    }
}

fn bounds<T>(range: &Range<T>) -> impl Iterator<Item = &T> {
    [&range.start, &range.end].into_iter().filter_map(|bound| match bound {
        Bound::Included(value) | Bound::Excluded(value) => Some(value),
        Bound::Unbounded => None,
    })
}
