//! Fields are named by one rule, for reading and for writing.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[serde(rename_all(serialize = "camelCase", deserialize = "kebab-case"))]
struct User {
    id: Id<User>,
    full_name: String,
}

#[derive(Deserialize, Record)]
#[serde(rename_all(serialize = "camelCase"))]
struct Post {
    id: Id<Post>,
    long_text: String,
}

fn main() {}
