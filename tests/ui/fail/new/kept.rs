//! A new record keeps nothing: `keep` is for patches.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
}

fn example() -> NewUser {
    NewUser { name: keep(), nickname: None }
}

fn main() {}
