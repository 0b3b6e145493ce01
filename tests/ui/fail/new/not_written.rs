//! `NewUser` is written with serde, and so are the types of its fields.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Debug, Clone, Deserialize)]
struct Address {
    city: String,
}

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    address: Address,
}
