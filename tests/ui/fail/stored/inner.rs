//! A newtype is stored as the type inside, so that this must be known.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize)]
enum Shape {
    Circle(u8),
}

#[derive(Serialize, Deserialize, Stored)]
struct Wrapped(Shape);

fn main() {}
