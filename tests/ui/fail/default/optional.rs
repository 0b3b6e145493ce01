//! What is optional may be left out anyway.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    #[record(default)]
    nickname: Option<String>,
}

fn main() {}
