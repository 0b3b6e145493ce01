//! An untyped id may be of any table, and is made one of the table before.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.select::<User>().id(RecordId::new("user", "ada")).await?;
    Ok(())
}

fn main() {}
