//! A record is read with serde: `Deserialize` is needed beside `Record`.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Record)]
struct User {
    id: Id<User>,
    #[serde(rename = "mail")]
    email: String,
}

fn main() {}
