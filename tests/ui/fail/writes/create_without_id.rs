//! The server makes keys that are text, and no ints: the record could not be read.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Book {
    id: Id<Book, i64>,
    title: String,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.create::<Book>().content(NewBook { title: "x".into() }).await?;
    Ok(())
}

fn main() {}
