//! What is compared is of one type.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company>,
}

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    age: u8,
}

fn diff(user: &User, company: &Company) -> UserPatch {
    UserPatch::diff(user, company)
}

fn main() {}
