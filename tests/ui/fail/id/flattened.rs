//! The id is one value under one name.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    #[serde(flatten)]
    id: Id<User>,
}

fn main() {}
