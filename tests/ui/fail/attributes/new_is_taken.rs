//! The name of the generated struct is taken; the attribute `new` gives it another.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

struct NewUser;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
}
