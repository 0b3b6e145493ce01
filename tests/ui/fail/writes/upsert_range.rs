//! A range does not say which records an upsert makes.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Book {
    id: Id<Book, i64>,
    title: String,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.upsert::<Book>().range(1..3).set(|b| b.title.set("x")).await?;
    Ok(())
}

fn main() {}
