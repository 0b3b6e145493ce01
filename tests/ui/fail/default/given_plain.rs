//! A field that may be left out is an `Option` in `NewUser`.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    #[record(default)]
    age: u8,
}

fn main() {
    let _ = NewUser { age: 36 };
}
