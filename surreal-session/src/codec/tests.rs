//! The codec compared with `ciborium`, and with known behaviour of the server (3.3.5).

mod buffered;
mod decode;
mod depth;
mod encode;
mod error;
mod matrix;
mod random;
mod reader;
mod row;
mod strategy;
mod with;

use ciborium::Value as Cbor;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{DecodeError, EncodeError, decode, encode_into};

fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut buffer = Vec::new();
    encode_into(&mut buffer, value).map(|()| buffer)
}

/// Encodes with this codec, decodes with `ciborium`.
fn shown<T: Serialize + ?Sized>(value: &T) -> Cbor {
    let bytes = encode(value).unwrap();
    ciborium::from_reader(&bytes[..]).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}"))
}

/// Encodes with `ciborium`, decodes with this codec.
fn read<T: DeserializeOwned>(value: &Cbor) -> Result<T, DecodeError> {
    decode(&bytes_of(value))
}

fn bytes_of(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn tag(number: u64, payload: impl Into<Cbor>) -> Cbor {
    Cbor::Tag(number, Box::new(payload.into()))
}

fn array<const N: usize>(elements: [Cbor; N]) -> Cbor {
    Cbor::Array(elements.into())
}

fn object<const N: usize>(entries: [(&str, Cbor); N]) -> Cbor {
    Cbor::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn none() -> Cbor {
    tag(6, Cbor::Null)
}

#[test]
fn equal_hash_sets_have_equal_bytes() {
    use std::collections::HashSet;

    let words: Vec<String> = (0..20).map(|number| format!("word {number}")).collect();
    let bytes: HashSet<_> = (0..20)
        .map(|start| {
            let turned = words.iter().cycle().skip(start).take(words.len()).cloned();
            super::encode(&Some(turned.collect::<HashSet<String>>())).unwrap()
        })
        .collect();
    assert_eq!(bytes.len(), 1, "the compiler names `HashSet` differently: see `collect_seq`");
    let read: HashSet<String> = decode(bytes.iter().next().unwrap()).unwrap();
    assert_eq!(read, words.into_iter().collect());
}
