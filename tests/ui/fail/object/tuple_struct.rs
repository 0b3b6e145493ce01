//! The fields of an object have names.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Object)]
struct Point(f64, f64);

fn main() {}
