//! A delete takes no data.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    drop(session.delete::<User>().id("ada").content(NewUser { name: "Ada".into(), age: 36 }));
}

fn main() {}
