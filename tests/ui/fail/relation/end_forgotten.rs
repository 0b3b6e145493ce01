//! A new edge says where it goes.

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

fn main() {
    let _ = NewWrote { r#in: Id::new("ada"), at: 1 };
}
