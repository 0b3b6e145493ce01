//! `NewUser` is `Clone` and `Debug`, so the types that it is made of are.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize)]
struct Address {
    city: String,
}

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    address: Address,
}

fn main() {}
