//! Each attribute is given once, in one list or in several.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(table = "user", table = "users")]
struct User {
    id: Id<User>,
    #[record(readonly)]
    #[record(readonly)]
    created: u64,
}

fn main() {}
