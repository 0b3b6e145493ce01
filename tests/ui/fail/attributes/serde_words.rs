//! Names are given with the attributes of serde, not with ours.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(rename_all = "camelCase")]
struct User {
    id: Id<User>,
    #[record(rename = "mail")]
    email: String,
    #[record(skip)]
    cached: u64,
}

fn main() {}
