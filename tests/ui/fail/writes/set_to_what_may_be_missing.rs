//! A field that is no `Option` is not set to one that is: it could be missing then.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.update::<User>().all().set(|u| u.name.set(u.nickname)).await?;
    Ok(())
}

fn main() {}
