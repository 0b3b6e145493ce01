//! The id is not part of `NewUser`, so that nothing can be said about it there.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    #[record(readonly)]
    id: Id<User>,
}

fn main() {}
