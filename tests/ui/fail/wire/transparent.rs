//! A record is an object even if it has one field.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[serde(transparent)]
struct User {
    id: Id<User>,
}

fn main() {}
