//! Bytes that are decoded as types of a user, in every representation of serde.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::types::{
    Adjacent, External, Flat, FlatEnum, Internal, Keyed, Name, Node, Numbers, Pair, Row, Unit, Untagged,
};
use super::{decode_again, encode_unless_too_much};
use crate::codec::reader::Reader;
use crate::codec::{DecodeError, decode, decode_row};
use crate::value::{
    Bytes, Datetime, Decimal, Duration, File, Geometry, Id, Null, Range, RecordId, RecordKey, Set, Table, Uuid, Value,
};

/// Decoded data is the same after encoding and decoding; an array of one row is read like the row; a [`Value`] in between
/// loses nothing that the type reads; and borrowed data is part of the input.
///
/// The first byte chooses a group of types: all types at once take too long.
pub fn typed(bytes: &[u8]) -> bool {
    let Some((&first, bytes)) = bytes.split_first() else { return false };
    GROUPS[usize::from(first) % GROUPS.len()](bytes)
}

/// The groups of types. The types of a group read similar bytes.
pub(super) const GROUPS: [fn(&[u8]) -> bool; 5] = [rows, enums, plain, special, borrowed];

fn rows(bytes: &[u8]) -> bool {
    let read = [
        row::<Row>(bytes),
        row::<Option<Row>>(bytes),
        row::<Keyed>(bytes),
        row::<Flat>(bytes),
        row::<FlatEnum>(bytes),
        row::<Numbers>(bytes),
        row::<Node>(bytes),
        row::<BTreeMap<String, Value>>(bytes),
        row::<HashMap<Name, External>>(bytes),
        row::<BTreeMap<char, Option<bool>>>(bytes),
        any::<Vec<Row>>(bytes),
        any::<Option<Vec<Flat>>>(bytes),
    ];
    read.contains(&true)
}

fn enums(bytes: &[u8]) -> bool {
    let read = [
        row::<External>(bytes),
        row::<Internal>(bytes),
        row::<Option<Internal>>(bytes),
        row::<Adjacent>(bytes),
        any::<Untagged>(bytes),
        any::<Vec<Internal>>(bytes),
        any::<Option<Untagged>>(bytes),
    ];
    read.contains(&true)
}

fn plain(bytes: &[u8]) -> bool {
    let read = [
        row::<String>(bytes),
        row::<f64>(bytes),
        row::<u64>(bytes),
        row::<i128>(bytes),
        row::<char>(bytes),
        row::<Name>(bytes),
        row::<Unit>(bytes),
        any::<Pair>(bytes),
        any::<Vec<u8>>(bytes),
        any::<(i64, Option<String>)>(bytes),
        any::<()>(bytes),
    ];
    let is_whole = Reader::new(bytes).skip().is_ok_and(|item| item == bytes);
    assert_eq!(decode::<IgnoredAny>(bytes).is_ok(), is_whole);
    assert_eq!(decode_row::<IgnoredAny>(bytes).is_ok(), is_whole);
    read.contains(&true)
}

fn special(bytes: &[u8]) -> bool {
    let read = [
        row::<RecordId>(bytes),
        row::<Option<RecordId>>(bytes),
        row::<Id<Row>>(bytes),
        row::<Datetime>(bytes),
        row::<Duration>(bytes),
        row::<Decimal>(bytes),
        row::<Uuid>(bytes),
        row::<Table>(bytes),
        row::<File>(bytes),
        row::<Bytes>(bytes),
        row::<Range<Datetime>>(bytes),
        row::<Set<RecordId>>(bytes),
        row::<Null>(bytes),
        any::<RecordKey>(bytes),
        any::<Geometry>(bytes),
    ];
    read.contains(&true)
}

/// Checks a type that is not an array: an array of one row is read like the row.
fn row<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) -> bool {
    if let Ok(row) = decode::<T>(bytes) {
        match decode_row::<T>(&[&b"\x81"[..], bytes].concat()) {
            Ok(of_rows) => assert_eq!(written(&of_rows), written(&row)),
            // Inside the array it is nested one level deeper.
            Err(error) => assert!(error.message().contains("nested deeper than"), "{error}"),
        }
    }
    any::<T>(bytes)
}

/// Checks any type.
fn any<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) -> bool {
    let direct = check(decode::<T>(bytes));
    let of_rows = check(decode_row::<T>(bytes));
    let Some(direct) = direct else { return of_rows.is_some() };
    if !is_array(bytes) {
        assert_eq!(of_rows.map(|row| written(&row)), Some(written(&direct)), "as a row");
    }
    agrees_with_value(bytes, &direct);
    true
}

/// Checks that a decoded value is the same after encoding and decoding.
fn check<T: Serialize + DeserializeOwned + Debug>(read: Result<T, DecodeError>) -> Option<T> {
    let value = match read {
        Ok(value) => value,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    if let Some(bytes) = encode_unless_too_much(&value) {
        assert_eq!(written(&decode_again::<T>(&bytes, &value)), written(&value));
    }
    Some(value)
}

/// Checks that a [`Value`] keeps everything that the type reads.
fn agrees_with_value<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8], expected: &T) {
    let Ok(value) = decode::<Value>(bytes) else { return };
    let Some(bytes) = encode_unless_too_much(&value) else { return };
    assert_eq!(written(&decode_again::<T>(&bytes, &value)), written(expected), "{value}");
}

/// The value after encoding. Only this form compares NaN as equal and ignores the order of keys.
fn written(value: &(impl Serialize + Debug)) -> Option<Value> {
    encode_unless_too_much(value).map(|bytes| decode_again(&bytes, value))
}

fn is_array(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first >> 5 == 4)
}

#[derive(Debug, Deserialize)]
struct Borrowed<'a> {
    name: &'a str,
    #[serde(borrow, default)]
    title: Cow<'a, str>,
    #[serde(borrow, default)]
    raw: Option<&'a [u8]>,
    #[serde(borrow, default)]
    tags: BTreeMap<&'a str, Vec<&'a str>>,
}

fn borrowed(bytes: &[u8]) -> bool {
    let read = [decode::<Borrowed<'_>>(bytes), decode_row::<Borrowed<'_>>(bytes)];
    for row in read.iter().flatten() {
        let texts = row.tags.iter().flat_map(|(tag, texts)| texts.iter().chain([tag])).chain([&row.name]);
        let title = if let Cow::Borrowed(title) = row.title { title } else { "" };
        let parts = texts.chain([&title]).map(|text| text.as_bytes()).chain(row.raw);
        for part in parts.filter(|part| !part.is_empty()) {
            assert!(bytes.as_ptr_range().contains(&part.as_ptr()));
        }
    }
    read.iter().any(Result::is_ok)
}
