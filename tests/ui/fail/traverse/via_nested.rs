//! The server keeps track of references in fields of the record itself.

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
    session.traverse(&ada.id).referenced_by::<Post>().via(|p| p.meta.editor).await?;
    Ok(())
}

fn main() {}
