//! A walk starts from an id, not from its text.

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
    author: Id<User>,
    meta: Meta,
}

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
struct Meta {
    editor: Id<User>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(relation)]
struct Wrote {
    id: Id<Wrote>,
    r#in: Id<User>,
    out: Id<Post>,
}

async fn walk(session: &Session, ada: &User, post: &Post) -> surreal_session::Result<()> {
    session.traverse("user:ada").out::<Wrote>().to::<Post>().await?;
    Ok(())
}

fn main() {}
