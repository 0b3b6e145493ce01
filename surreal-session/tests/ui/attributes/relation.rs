//! Relations cannot be declared yet.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(relation)]
struct Wrote {
    id: Id<Wrote>,
}

fn main() {}
