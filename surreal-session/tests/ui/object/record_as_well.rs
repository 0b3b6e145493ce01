//! A record is an object already.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record, Object)]
struct User {
    id: Id<User>,
}

fn main() {}
