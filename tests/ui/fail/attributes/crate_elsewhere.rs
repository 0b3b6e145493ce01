//! There is nothing at the path that `crate` gives.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(crate = "elsewhere")]
struct User {
    id: Id<User>,
}

fn main() {}
