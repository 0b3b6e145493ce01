//! A live query is nothing until it is awaited.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
    employer: Id<Company>,
}

#[derive(Debug, Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company>,
    name: String,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    let mut users = session.live::<User>();
    users.next().await;
    Ok(())
}

fn main() {}
