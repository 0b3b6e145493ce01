//! A write is about one thing.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    drop(session.delete::<User>().id("ada").all());
}

fn main() {}
