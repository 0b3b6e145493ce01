//! `tabel` is not an attribute, and is one slip away from one that is.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(tabel = "users")]
struct User {
    id: Id<User>,
}

fn main() {}
