//! What serde does not write cannot be left out.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    #[serde(skip_serializing)]
    #[record(default)]
    age: u8,
}

fn main() {}
