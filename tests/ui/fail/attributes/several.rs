//! All mistakes of a struct are reported, each where it is.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Serialize, Deserialize, Record)]
#[record(tabel = "users")]
#[serde(tag = "kind")]
struct User {
    name: String,
    #[record(readolny)]
    created: u64,
    #[serde(rename = "name")]
    nickname: String,
}
