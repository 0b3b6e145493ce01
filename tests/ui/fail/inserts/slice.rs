//! Rows are given away: a slice of them is not.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
}

async fn example(session: Session, users: &[NewUser]) -> surreal_session::Result<()> {
    session.insert(users).await?;
    Ok(())
}

fn main() {}
