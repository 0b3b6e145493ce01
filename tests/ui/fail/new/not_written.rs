//! What `NewUser` is made of is written with serde, so its types need `Serialize`.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Debug, Clone, Deserialize)]
struct Address {
    city: String,
}

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    address: Address,
}

fn main() {}
