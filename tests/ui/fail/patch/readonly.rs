//! What the server sets is not changed by a program.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    age: u8,
    #[record(readonly)]
    created_at: Datetime,
}

fn main() {
    let _ = UserPatch { created_at: set(Datetime::now()), ..keep() };
}
