//! A tag is a field that the struct does not show.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Object)]
#[serde(tag = "kind")]
struct Address {
    city: String,
}

fn main() {}
