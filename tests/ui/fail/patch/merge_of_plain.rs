//! Only what has fields can be changed field by field.

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

fn main() {
    let _ = UserPatch { address: merge(Address { city: "London".into() }), ..keep() };
}
