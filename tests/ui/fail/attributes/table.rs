//! The name of a table is a text that is not empty, can be written in SurrealQL, and is given once.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
#[record(table = "user", table = "users")]
struct Twice {
    id: Id<Twice>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(table = "")]
struct Empty {
    id: Id<Empty>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(table = "us\0er")]
struct Nul {
    id: Id<Nul>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(table = users)]
struct Path {
    id: Id<Path>,
}
