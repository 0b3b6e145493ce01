//! The generated struct is called by a name that a struct can have.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(new = "New User")]
struct User {
    id: Id<User>,
}

fn main() {}
