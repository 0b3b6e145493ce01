//! A tag would be written as a field that the record does not have.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[serde(tag = "kind")]
struct User {
    id: Id<User>,
}

fn main() {}
