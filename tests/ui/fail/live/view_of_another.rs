//! A view shows fields of the record that it is of.

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

#[derive(Debug, Deserialize, View)]
#[record(of = Company)]
struct Card {
    name: String,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.live::<User>().view::<Card>().await?;
    Ok(())
}

fn main() {}
