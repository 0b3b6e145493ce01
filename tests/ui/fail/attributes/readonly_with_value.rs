//! A field is read-only or it is not: there is no value to give.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
    #[record(readonly = true)]
    created: u64,
}

fn main() {}
