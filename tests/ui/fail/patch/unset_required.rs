//! A field that is not optional cannot be missing.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    age: u8,
}

fn main() {
    let _ = UserPatch { age: unset(), ..keep() };
}
