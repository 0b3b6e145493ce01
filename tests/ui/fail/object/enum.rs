//! An object has fields; an enum has variants.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Object)]
enum Shape {
    Circle { radius: f64 },
}

fn main() {}
