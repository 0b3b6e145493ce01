//! A field of `NewUser` has the type that it has in `User`.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    age: u8,
}

fn main() {
    let _ = NewUser { age: "36" };
}
