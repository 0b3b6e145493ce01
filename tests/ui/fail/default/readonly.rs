//! What the server sets is not written at all.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    #[record(default, readonly)]
    created_at: Datetime,
}

fn main() {}
