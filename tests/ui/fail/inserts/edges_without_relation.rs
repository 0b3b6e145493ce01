//! Edges are inserted as such.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
}

#[derive(Serialize, Deserialize, Record)]
struct Post {
    id: Id<Post>,
    title: String,
}

#[derive(Serialize, Deserialize, Record)]
#[record(relation)]
struct Wrote {
    id: Id<Wrote>,
    r#in: Id<User>,
    out: Id<Post>,
}

async fn example(session: Session) -> surreal_session::Result<()> {
    let edge = NewWrote { r#in: Id::new("ada"), out: Id::new("first") };
    session.insert(vec![edge]).await?;
    Ok(())
}

fn main() {}
