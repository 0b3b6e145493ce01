//! The id is always there; what is to be created has none, and that is what `New..` is for.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Option<Id<User>>,
}

fn main() {}
