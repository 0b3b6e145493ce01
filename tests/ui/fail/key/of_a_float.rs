//! The parts of a key can be compared exactly.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Place {
    height: f64,
}

#[derive(Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, Place>,
}
