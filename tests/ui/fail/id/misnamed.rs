//! The id is there, by a name that it does not have in the database.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    user_id: Id<User>,
    name: String,
}

fn main() {}
