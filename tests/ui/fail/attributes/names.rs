//! Each generated struct has a name of its own.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
#[record(new = "UserData", patch = "UserData", fields = "NewUser")]
struct User {
    id: Id<User>,
    age: u8,
}

#[derive(Serialize, Deserialize, Record)]
#[record(new = "Post")]
struct Post {
    id: Id<Post>,
}
