//! A record is created from its whole content.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.create::<User>().id("ada").await?;
    Ok(())
}

fn main() {}
