//! A record keeps its id.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    age: u8,
}

fn main() {
    let _ = UserPatch { id: set(Id::new("ada")), ..keep() };
}
