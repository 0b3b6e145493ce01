//! A generic record says what its parameters need: serde alone asks for too little.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct Event<T> {
    id: Id<Event<T>>,
    data: T,
}

fn main() {}
