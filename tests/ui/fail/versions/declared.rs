//! A version is one field, of a type that is large enough, that only the writes set.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Serialize, Deserialize, Record)]
struct Small {
    id: Id<Small>,
    #[record(version)]
    version: u8,
}

#[derive(Debug, Serialize, Deserialize, Record)]
struct Optional {
    id: Id<Optional>,
    #[record(version)]
    version: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize, Record)]
struct Several {
    id: Id<Several>,
    #[record(version)]
    one: u64,
    #[record(version, readonly)]
    two: u64,
}

#[derive(Debug, Serialize, Deserialize, Record)]
struct Twice {
    id: Id<Twice>,
    #[record(version, readonly)]
    version: u64,
}

#[derive(Debug, Serialize, Deserialize, Object)]
struct Nested {
    #[record(version)]
    version: u64,
}

fn main() {}
