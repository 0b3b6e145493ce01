//! What a key is made of can be compared exactly.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Place {
    room: String,
    height: f64,
}

#[derive(Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, Place>,
    value: f64,
}

fn main() {}
