//! Fields that are not named are kept with `..keep()`.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn main() {
    let _ = UserPatch { age: set(37) };
}
