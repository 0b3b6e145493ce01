//! Each derive has words of its own.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
#[record(of = User)]
struct User {
    id: Id<User>,
    #[record(from = "age")]
    age: u8,
}

fn main() {}
