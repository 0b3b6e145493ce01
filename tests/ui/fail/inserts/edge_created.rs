//! An edge is told where it goes.

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
    drop(session.create::<Wrote>());
    drop(session.upsert::<Wrote>());
}

fn main() {}
