//! What is inserted is made by the derive.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    drop(session.insert(vec![("name", "Ada")]));
    drop(session.insert(5));
}

fn main() {}
