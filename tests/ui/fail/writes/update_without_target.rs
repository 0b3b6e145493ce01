//! An update says which records it is about.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.update::<User>().merge(UserPatch { age: set(37), ..keep() }).await?;
    Ok(())
}

fn main() {}
