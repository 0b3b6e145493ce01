//! The name of the generated struct is taken; the attribute `new` gives it another.

use serde::Deserialize;
use surreal_session::prelude::*;

#[derive(Deserialize, Record)]
struct User {
    id: Id<User>,
}

struct NewUser;

fn main() {}
