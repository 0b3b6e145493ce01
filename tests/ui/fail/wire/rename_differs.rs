//! A field has one name, for reading and for writing.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    #[serde(rename(serialize = "mail", deserialize = "email"))]
    address: String,
    #[serde(rename(serialize = "nick"))]
    nickname: String,
    #[serde(rename(deserialize = "years"))]
    age: u8,
}

fn main() {}
