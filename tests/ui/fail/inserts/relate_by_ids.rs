//! An edge is a struct with its ends in it.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
}

async fn example(session: Session, ada: User, bob: User) -> surreal_session::Result<()> {
    session.relate((&ada.id, &bob.id)).await?;
    Ok(())
}

fn main() {}
