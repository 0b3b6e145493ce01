//! Attributes of a struct that are unknown, unfinished, of another derive or of serde.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
#[record]
#[record(tabel = "users")]
#[record(wibble)]
#[record(readonly)]
#[record(of = User)]
#[record(rename_all = "camelCase")]
#[record(crate = "not a path")]
#[record(new = "New User")]
struct User {
    id: Id<User>,
}

#[derive(Serialize, Deserialize, Record)]
#[record = "post"]
#[record("post")]
struct Post {
    id: Id<Post>,
}
