//! Mistakes are reported together, each where it is.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
#[record(tabel = "users")]
#[serde(tag = "kind")]
struct User {
    name: String,
    #[record(readolny)]
    created: u64,
    #[serde(rename = "name")]
    nickname: String,
}

fn main() {}
