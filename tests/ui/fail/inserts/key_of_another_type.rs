//! An id beside a row is one of that record.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    drop(session.insert([(5, NewUser { name: "Ada".into(), age: 36 })]));
}

fn main() {}
