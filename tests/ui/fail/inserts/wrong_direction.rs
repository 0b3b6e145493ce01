//! An edge goes from where it begins to where it ends.

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

fn example(session: Session) {
    let (ada, post): (Id<User>, Id<Post>) = (Id::new("ada"), Id::new("first"));
    drop(session.relate(NewWrote { r#in: post, out: ada }));
}

fn main() {}
