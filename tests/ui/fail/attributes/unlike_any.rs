//! `wibble` is like no attribute, so those that there are get listed.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(wibble)]
struct User {
    id: Id<User>,
    #[record(wobble = 1)]
    name: String,
}

fn main() {}
