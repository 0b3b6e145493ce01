//! No table has an empty name.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(table = "")]
struct User {
    id: Id<User>,
}

fn main() {}
