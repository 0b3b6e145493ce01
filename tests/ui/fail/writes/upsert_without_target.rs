//! An upsert says which records it is about.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.upsert::<User>().content(NewUser { name: "Ada".into(), age: 36 }).await?;
    Ok(())
}

fn main() {}
