//! A key that is an object can be copied and compared exactly, and is written as its fields are.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Plain {
    room: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Renamed {
    #[serde(skip_serializing_if = "String::is_empty")]
    room: String,
}

#[derive(Serialize, Deserialize, Record)]
struct ByPlain {
    id: Id<ByPlain, Plain>,
}

#[derive(Serialize, Deserialize, Record)]
struct ByRenamed {
    id: Id<ByRenamed, Renamed>,
}
