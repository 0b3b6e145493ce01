//! An attribute without words is probably unfinished.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record]
struct User {
    id: Id<User>,
}

fn main() {}
