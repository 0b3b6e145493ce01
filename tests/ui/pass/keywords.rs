//! A view reaches a field that Rust calls by a raw name by the name alone, and a field may have a name in another case.

#![deny(warnings)]

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
pub struct User {
    pub id: Id<User>,
    pub name: String,
    pub r#type: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
#[record(relation)]
pub struct Likes {
    pub id: Id<Likes>,
    pub r#in: Id<User>,
    pub out: Id<User>,
}

#[derive(Debug, Deserialize, View)]
#[record(of = Likes)]
pub struct Liking {
    #[record(from = "in.name")]
    pub who: String,
    #[record(from = "out.type")]
    pub kind: String,
    #[record(from = "r#in.r#type")]
    pub own: String,
}

fn main() {}
