//! A record is read with serde, so `Deserialize` is needed beside `Record`.

use surreal_session::prelude::*;

#[derive(Record)]
struct User {
    id: Id<User>,
    #[serde(rename = "mail")]
    email: String,
}

fn main() {}
