//! The id is not a bare text.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: String,
}

fn main() {}
