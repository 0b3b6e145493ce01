//! A link is an id of the record that it links to.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
}

#[derive(Deserialize, Record)]
struct Post {
    id: Id<Post>,
    author: Id<User>,
}

fn reply(first: Id<Post>) -> NewPost {
    NewPost { author: first }
}

fn main() {}
