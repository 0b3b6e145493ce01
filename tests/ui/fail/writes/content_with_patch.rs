//! The whole content is not a patch.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    drop(session.update::<User>().id("ada").content(UserPatch { age: set(37), ..keep() }));
}

fn main() {}
