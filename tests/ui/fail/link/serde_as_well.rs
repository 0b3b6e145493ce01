//! The derive implements serde's traits itself.

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

#[derive(Debug, Clone, Deserialize, LinkTo)]
enum Subject {
    User(Id<User>),
    Post(Id<Post>),
}

fn main() {}
