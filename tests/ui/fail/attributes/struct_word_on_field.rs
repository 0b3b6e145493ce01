//! `table` says something about the struct, not about a field.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    #[record(table = "users")]
    id: Id<User>,
}

fn main() {}
