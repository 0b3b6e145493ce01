//! The id of a record is an id of that record, not of another.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct Post {
    id: Id<Post>,
}

#[derive(Deserialize, Record)]
struct User {
    id: Id<Post>,
}

fn main() {}
