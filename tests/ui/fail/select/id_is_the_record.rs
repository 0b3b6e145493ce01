//! A record is named by its id, and not by all of it.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
}

async fn example(session: Session, ada: User) -> surreal_session::Result<()> {
    session.select::<User>().id(&ada).await?;
    Ok(())
}

fn main() {}
