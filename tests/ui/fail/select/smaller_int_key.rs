//! A key is of the type that the ids have.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Counter {
    id: Id<Counter, i64>,
}

fn by_small_key(session: Session, key: u32) {
    let _ = session.select::<Counter>().id(i64::from(key));
    let _ = session.select::<Counter>().id(key);
}

fn main() {}
