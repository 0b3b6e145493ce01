//! What must hold for any input at all. Not part of the public interface.
//!
//! Each function takes whatever a fuzzer makes up and panics where a promise is broken; `fuzz/` drives them, and the
//! tests replay what they found. They say whether the input was one that can be read, so that a test can tell a promise
//! that was kept from one that was never put to the test.

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

/// A function to be fuzzed, and inputs to begin with.
#[derive(Debug)]
pub struct Target {
    /// The name of its program in `fuzz/`.
    pub name: &'static str,
    /// Checks what must hold, and says whether the input could be read.
    pub run: fn(&[u8]) -> bool,
    /// Inputs that can be read.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All there are.
pub const TARGETS: [Target; 4] = [
    Target { name: "head", run: head, seeds: seeds::heads },
    Target { name: "typed", run: typed, seeds: seeds::typed },
    Target { name: "value", run: value, seeds: seeds::values },
    Target { name: "record_id", run: record_id, seeds: seeds::record_ids },
];

/// The bytes of something that was read, unless it is more than can be sent.
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

/// Reads bytes that were written for something that was read before, which cannot fail.
#[expect(clippy::panic, reason = "it is how a fuzzer is told")]
fn decode_again<T: DeserializeOwned>(bytes: &[u8], before: &impl Debug) -> T {
    codec::decode(bytes).unwrap_or_else(|error| panic!("{error}: {before:?} became {bytes:02x?}"))
}
