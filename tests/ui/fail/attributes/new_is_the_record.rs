//! The generated struct is another one than the record.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(new = "User")]
struct User {
    id: Id<User>,
}

fn main() {}
