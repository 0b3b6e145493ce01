//! A field that `New..` may leave out cannot be declared yet.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    #[record(default)]
    age: u8,
}

fn main() {}
