//! A struct without `#[derive(Record)]` is not a record, and no relation either.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    nickname: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Plain {
    name: String,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.create::<Plain>();
    Ok(())
}

fn main() {}
