//! What is inserted is a new record, without what the server sets.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    let ada = User { id: Id::new("ada"), name: "Ada".into(), age: 36 };
    drop(session.insert(vec![ada]));
}

fn main() {}
