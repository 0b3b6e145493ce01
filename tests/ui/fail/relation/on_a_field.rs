//! `relation` says what the struct is.

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
struct Wrote {
    id: Id<Wrote>,
    #[record(relation)]
    r#in: Id<User>,
    out: Id<Post>,
}

fn main() {}
