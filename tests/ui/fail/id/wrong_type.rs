//! The id of a record is an id of that record, and its key has a type that keys can have.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
struct Text {
    id: String,
}

#[derive(Serialize, Deserialize, Record)]
struct Optional {
    id: Option<Id<Optional>>,
}

#[derive(Serialize, Deserialize, Record)]
struct Float {
    id: Id<Float, f64>,
}
