//! `rename_all` turns the name of the id into another.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[serde(rename_all = "PascalCase")]
struct User {
    id: Id<User>,
    name: String,
}

fn main() {}
