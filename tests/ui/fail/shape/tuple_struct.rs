//! The fields of a record have names.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User(Id<User>, String);

fn main() {}
