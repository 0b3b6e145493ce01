//! Promises that hold for any input.
//!
//! Each function takes the input of a fuzzer and panics if a promise is broken. It returns `true` if the input can be read,
//! so that a test notices seeds that no longer reach the promise.
//!
//! These files are a module of `surreal-session`, because they test its private layers. They are compiled for its unit tests
//! and with `--cfg fuzzing`, and are not in the published package.

mod head;
mod record_id;
mod seeds;
mod typed;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use head::head;
pub use record_id::record_id;
pub use typed::typed;
pub use value::value;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;

/// A function to fuzz, with the first inputs.
#[derive(Debug)]
pub struct Target {
    /// The name of its program in `fuzz/`.
    pub name: &'static str,
    /// Panics if a promise is broken; returns `true` if the input can be read.
    pub run: fn(&[u8]) -> bool,
    /// Returns inputs that can be read.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 4] = [
    Target { name: "head", run: head, seeds: seeds::heads },
    Target { name: "typed", run: typed, seeds: seeds::typed },
    Target { name: "value", run: value, seeds: seeds::values },
    Target { name: "record_id", run: record_id, seeds: seeds::record_ids },
];

/// Encodes a value that was read, or returns `None` if it exceeds a limit of the encoder.
fn encode_unless_too_much(value: &impl Serialize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match codec::encode_into(&mut bytes, value) {
        Ok(()) => Some(bytes),
        Err(error) => {
            let limits = ["nested deeper than", "wrapped more than", "does not fit into an int of 64 bits"];
            assert!(limits.iter().any(|limit| error.message().contains(limit)), "{error}");
            None
        }
    }
}

/// Decodes the bytes of a value that was read before and encoded, which cannot fail.
#[expect(clippy::panic, reason = "a fuzzer reports panics")]
fn decode_again<T: DeserializeOwned>(bytes: &[u8], before: &impl Debug) -> T {
    codec::decode(bytes).unwrap_or_else(|error| panic!("{error}: {before:?} became {bytes:02x?}"))
}
