//! `remote` implements serde for another type than the record.

use serde::Deserialize;
use surreal_session::prelude::*;

struct Theirs {
    id: Id<User>,
}

#[derive(Deserialize, Record)]
#[serde(remote = "Theirs")]
struct User {
    id: Id<User>,
}

fn main() {}
