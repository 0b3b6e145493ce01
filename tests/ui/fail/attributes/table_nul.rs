//! The name of a table cannot be written in SurrealQL if NUL is in it.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(table = "us\0er")]
struct User {
    id: Id<User>,
}

fn main() {}
