//! Attributes of a field that are unknown, repeated, not needed, of another place or of serde.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
struct User {
    #[record(id)]
    id: Id<User>,
    #[record(read_only)]
    #[record(wobble = 1)]
    name: String,
    #[record(readonly)]
    #[record(readonly)]
    created: u64,
    #[record(readonly = true)]
    changed: u64,
    #[record(table = "users")]
    #[record(from = "age")]
    age: u8,
    #[record(rename = "mail")]
    email: String,
    #[record(skip)]
    cached: u64,
}
