//! A rule for all names is one for the ends, too.

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
#[serde(rename_all = "UPPERCASE")]
struct Wrote {
    id: Id<Wrote>,
    r#in: Id<User>,
    out: Id<Post>,
}

fn main() {}
