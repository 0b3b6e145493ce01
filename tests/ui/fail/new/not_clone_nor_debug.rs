//! `NewUser` is `Clone` and `Debug`, and so are the types of its fields.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize)]
struct Address {
    city: String,
}

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    address: Address,
}
