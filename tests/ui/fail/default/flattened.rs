//! A default belongs to a field that has a name.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

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
}

fn main() {}
