//! A key is written as its fields are.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Place {
    #[serde(skip_serializing_if = "String::is_empty")]
    room: String,
}

#[derive(Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, Place>,
    value: f64,
}

fn main() {}
