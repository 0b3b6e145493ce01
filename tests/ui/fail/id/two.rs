//! Only one field can be the id.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    #[serde(rename = "id")]
    key: Id<User>,
}

fn main() {}
