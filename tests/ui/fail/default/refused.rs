//! `default` is for a field that has a name, is written, and is required.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
struct Address {
    city: String,
}

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    #[serde(flatten)]
    #[record(default)]
    address: Address,
    #[record(default)]
    nickname: Option<String>,
    #[record(default, readonly)]
    created_at: Datetime,
    #[serde(skip_serializing)]
    #[record(default)]
    cached: u8,
    #[record(default = 18)]
    age: u8,
}
