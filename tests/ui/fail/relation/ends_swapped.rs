//! An edge has a direction.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Post {
    id: Id<Post>,
}

#[derive(Serialize, Deserialize, Record)]
#[record(relation)]
struct Wrote {
    id: Id<Wrote>,
    r#in: Id<User>,
    out: Id<Post>,
    at: i64,
}

fn wrote(user: &User, post: &Post) -> NewWrote {
    NewWrote { r#in: post.id.clone(), out: user.id.clone(), at: 1 }
}

fn main() {}
