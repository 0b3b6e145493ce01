//! The record that is followed is one of the table.

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
    session.live::<User>().id(Id::<Company>::new("acme")).await?;
    Ok(())
}

fn main() {}
