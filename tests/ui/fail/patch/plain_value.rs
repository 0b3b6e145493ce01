//! A patch says what happens to a field: `set(value)`.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    age: u8,
}

fn main() {
    let _ = UserPatch { age: 37, ..keep() };
}
