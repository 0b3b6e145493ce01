//! `crate` says where the runtime crate is, as a path.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(crate = "not a path")]
struct User {
    id: Id<User>,
}

fn main() {}
