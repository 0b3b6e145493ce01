//! Each of the generated structs has a name of its own.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
#[record(new = "UserData", patch = "UserData", fields = "NewUser")]
struct User {
    id: Id<User>,
    age: u8,
}

fn main() {}
