//! A record is neither read nor written through another type.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Clone, Serialize, Deserialize, Record)]
#[serde(try_from = "String", into = "String")]
struct User {
    id: Id<User>,
}

impl TryFrom<String> for User {
    type Error = &'static str;

    fn try_from(_: String) -> Result<Self, Self::Error> {
        Err("no user")
    }
}

impl From<User> for String {
    fn from(user: User) -> Self {
        user.id.key().clone()
    }
}

fn main() {}
