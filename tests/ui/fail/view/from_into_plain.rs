//! The way to a field goes through objects and links.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
struct Address {
    city: String,
}

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
    address: Address,
    employer: Option<Id<Company>>,
}

#[derive(Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company>,
    name: String,
}

#[derive(Deserialize, View)]
#[record(of = User)]
struct Card {
    #[record(from = "name.first")]
    first: String,
}

fn main() {}
