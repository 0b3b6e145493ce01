//! A key is copied.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Debug, PartialEq, Serialize, Deserialize, Object)]
struct Place {
    room: String,
}

#[derive(Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, Place>,
}
