//! A merge takes a patch, and not the data of a whole record.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    drop(session.update::<User>().id("ada").merge(NewUser { name: "Ada".into(), age: 36 }));
}

fn main() {}
