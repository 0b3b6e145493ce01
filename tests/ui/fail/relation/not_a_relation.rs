//! `Relation` is a promise that `#[record(relation)]` makes.

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

fn ends<T: Relation>() {}

fn main() {
    ends::<User>();
}
