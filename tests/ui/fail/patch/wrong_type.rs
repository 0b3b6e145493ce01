//! A field is set to a value of its type.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    age: u8,
}

fn main() {
    let _ = UserPatch { age: set("37"), ..keep() };
}
