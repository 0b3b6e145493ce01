//! A new record has no rest that could be kept.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
}

fn example() -> NewUser {
    NewUser { name: "Ada".into(), ..keep() }
}

fn main() {}
