//! All that `NewUser` has must be given: a forgotten field is found by the compiler.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn main() {
    let _ = NewUser { name: "Ada".into() };
}
