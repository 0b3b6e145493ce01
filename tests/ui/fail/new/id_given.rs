//! The id is not part of `NewUser`: it is given to the builder, or made by the server.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
}

fn main() {
    let _ = NewUser { id: Id::new("ada"), name: "Ada".into() };
}
