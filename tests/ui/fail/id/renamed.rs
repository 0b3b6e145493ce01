//! The id cannot have another name in the database.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    #[serde(rename = "key")]
    id: Id<User>,
}

fn main() {}
