//! The id comes before the filter on it.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    drop(session.delete::<User>().filter(|u| u.age.gt(3)).id("ada"));
}

fn main() {}
