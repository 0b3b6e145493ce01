//! The server makes keys that are text, and no ints: the records could not be read.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Book {
    id: Id<Book, i64>,
    title: String,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.insert(vec![NewBook { title: "x".into() }]).await?;
    Ok(())
}

fn main() {}
