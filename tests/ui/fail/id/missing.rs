//! Every record has an id.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    name: String,
}

fn main() {}
