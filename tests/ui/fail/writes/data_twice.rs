//! A write has one data clause.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    let update = session.update::<User>().id("ada").merge(UserPatch { age: set(37), ..keep() });
    drop(update.set(|u| u.age.add(1)));
}

fn main() {}
