//! An array of text contains text.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
    nickname: Option<String>,
    tags: Vec<String>,
    level: Level,
    employer: Option<Id<Company>>,
    #[record(readonly)]
    created: Datetime,
}

#[derive(Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company>,
    name: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Level {
    Low,
    High,
}

fn main() {}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.select::<User>().filter(|u| u.tags.contains(7)).await?;
    Ok(())
}
