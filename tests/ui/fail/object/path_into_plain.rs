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

fn from_london(session: &Session) {
    let _ = session.select::<User>().filter(|u| u.address.city.eq("London"));
}

fn main() {}
