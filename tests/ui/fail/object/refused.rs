//! An object is a struct with named fields, all of which it shows.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
enum Shape {
    Circle { radius: f64 },
}

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
struct Point(f64, f64);

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[serde(tag = "kind")]
#[record(table = "address")]
struct Address {
    #[record(readonly)]
    city: String,
}
