//! A struct that is a key says so.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    room: String,
}

#[derive(Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, Place>,
    value: f64,
}

fn main() {}
