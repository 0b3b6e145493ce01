//! A link is made of an id that it leads to.

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

#[derive(Debug, Clone, LinkTo)]
enum Subject {
    User(Id<User>),
    Post(Id<Post>),
}

#[derive(Serialize, Deserialize, Record)]
struct Tag {
    id: Id<Tag>,
}

fn subject(tag: &Tag) -> Subject {
    tag.id.clone().into()
}

fn main() {}
