//! A record is a struct.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(table = "shape")]
enum Shape {
    Circle { id: Id<Shape>, radius: f64 },
    Square { id: Id<Shape>, side: f64 },
}

fn main() {}
