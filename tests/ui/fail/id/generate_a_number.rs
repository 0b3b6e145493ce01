//! A number that no other record has cannot be made up.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct Counter {
    id: Id<Counter, i64>,
    count: i64,
}

fn main() {
    let _ = Id::<Counter, i64>::generate();
}
