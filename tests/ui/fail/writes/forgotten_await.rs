//! A write is a builder until it is awaited.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    let _ada: User = session.update::<User>().id("ada").set(|u| u.age.add(1));
    Ok(())
}

fn main() {}
