//! What the server says has changed is put onto whole records.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
    employer: Id<Company>,
}

#[derive(Debug, Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company>,
    name: String,
}

#[derive(Debug, Serialize, Deserialize, View)]
#[record(of = User)]
struct Card {
    name: String,
}

fn example(mut card: Card, ops: &[PatchOp]) -> surreal_session::Result<()> {
    card.apply(ops)
}

fn main() {}
