//! An upsert that finds nothing makes a record, whose key the server would make as text.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Book {
    id: Id<Book, i64>,
    title: String,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.upsert::<Book>().filter(|b| b.title.eq("x")).content(NewBook { title: "x".into() }).await?;
    Ok(())
}

fn main() {}
