//! `read_only` is not an attribute, and is one slip away from one that is.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    #[record(read_only)]
    created: u64,
}

fn main() {}
