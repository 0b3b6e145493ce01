//! What the server sets is not part of `NewUser`.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    #[record(readonly)]
    created_at: Datetime,
}

fn new(created_at: Datetime) -> NewUser {
    NewUser { name: "Ada".into(), created_at }
}

fn main() {}
