//! Neither the id nor the content of the new record is known.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Book {
    id: Id<Book, i64>,
    title: String,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.create::<Book>().await?;
    Ok(())
}

fn main() {}
