//! A record has fields, its id at least.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct Nothing;

fn main() {}
