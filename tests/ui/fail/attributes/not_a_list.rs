//! The words of the attribute stand in parentheses.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record = "user"]
struct User {
    id: Id<User>,
}

#[derive(Deserialize, Record)]
#[record("post")]
struct Post {
    id: Id<Post>,
}

fn main() {}
