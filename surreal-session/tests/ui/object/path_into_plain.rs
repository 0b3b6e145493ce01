//! Paths lead into types whose fields are known.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Address {
    city: String,
}

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    address: Address,
}

fn city(user: UserFields<surreal_session::Root<User>>) {
    let _ = user.address.city;
}

fn main() {}
