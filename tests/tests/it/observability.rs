//! The observation of calls: spans, traces, warnings about slow ones, and the observer.

mod list;
mod observer;
pub(crate) mod recorder;
mod secrets;
mod slow;
mod spans;
mod trace;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Debug, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: i64,
}

#[derive(Debug, Serialize, Deserialize, Record)]
#[record(relation)]
struct Knows {
    id: Id<Knows>,
    r#in: Id<User>,
    out: Id<User>,
}

fn new(name: &str) -> NewUser {
    NewUser { name: name.into(), age: 36 }
}
