//! `merge` takes the patch of the object; the whole object is `set`.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Object)]
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
