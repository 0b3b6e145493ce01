//! Not every type can be a key: a float cannot.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User, f64>,
}

fn main() {}
