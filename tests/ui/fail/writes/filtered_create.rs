//! A record that is created passes no filter.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

fn example(session: Session) {
    drop(session.create::<User>().filter(|u| u.age.gt(3)));
}

fn main() {}
