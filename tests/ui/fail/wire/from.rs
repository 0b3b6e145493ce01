//! A record is not read through another type.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[serde(from = "Wire")]
struct User {
    id: Id<User>,
}

#[derive(Deserialize)]
struct Wire {}

impl From<Wire> for User {
    fn from(_: Wire) -> Self {
        Self { id: Id::new("a") }
    }
}

fn main() {}
