//! The value is what the table says by DEFAULT.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    #[record(default = 18)]
    age: u8,
}

fn main() {}
