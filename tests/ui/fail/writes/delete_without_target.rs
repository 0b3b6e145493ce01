//! A delete says which records it is about: all of them only on purpose.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.delete::<User>().await?;
    Ok(())
}

fn main() {}
