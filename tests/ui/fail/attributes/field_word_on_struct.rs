//! `readonly` says something about a field, not about the struct.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(readonly)]
struct User {
    id: Id<User>,
}

fn main() {}
