//! A key is copied and compared.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Serialize, Deserialize, Object)]
struct Place {
    room: String,
}

#[derive(Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, Place>,
    value: f64,
}

fn main() {}
