//! Only records have a table whose changes can be followed.

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
    session.live::<Vec<User>>().await?;
    Ok(())
}

fn main() {}
