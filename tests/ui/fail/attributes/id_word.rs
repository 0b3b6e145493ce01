//! The id is found by its name, and there is no attribute for it.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    #[record(id)]
    id: Id<User>,
}

fn main() {}
