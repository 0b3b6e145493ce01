//! A live query outlives any transaction, and is registered in its session.

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
    let tx = session.begin_transaction().await?;
    tx.live::<User>().await?;
    Ok(())
}

fn main() {}
