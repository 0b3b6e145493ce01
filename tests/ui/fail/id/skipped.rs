//! The id is read with every record.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    #[serde(skip)]
    id: Option<Id<User>>,
}

#[derive(Deserialize, Record)]
struct Post {
    #[serde(skip_deserializing, default = "first")]
    id: Id<Post>,
}

fn first() -> Id<Post> {
    Id::new("first")
}

fn main() {}
