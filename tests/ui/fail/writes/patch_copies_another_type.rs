//! The value of a field of another type would not be read where it is copied to.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Book {
    id: Id<Book, i64>,
    title: String,
    pages: u32,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    session.update::<Book>().id(1).patch(|b| [PatchOp::copy(b.pages, b.title)]).await?;
    Ok(())
}

fn main() {}
