//! There is no crate at the path that `crate` gives.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
#[record(crate = "elsewhere")]
struct User {
    id: Id<User>,
}
