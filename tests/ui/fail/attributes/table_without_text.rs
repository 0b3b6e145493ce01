//! The table is given as text.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(table = users)]
struct User {
    id: Id<User>,
}

#[derive(Deserialize, Record)]
#[record(table)]
struct Post {
    id: Id<Post>,
}

#[derive(Deserialize, Record)]
#[record(table("comment"))]
struct Comment {
    id: Id<Comment>,
}

fn main() {}
