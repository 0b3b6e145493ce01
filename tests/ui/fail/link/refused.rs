//! A link is an enum of ids, one for each table.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

fn main() {}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
}

#[derive(Debug, Clone, LinkTo)]
enum Empty {}

#[derive(Debug, Clone, LinkTo)]
enum Twice {
    User(Id<User>),
    Friend(Id<User>),
}

#[derive(Debug, Clone, LinkTo)]
enum Shapes {
    Nothing,
    User { id: Id<User> },
    Both(Id<User>, Id<User>),
}

#[derive(Debug, Clone, LinkTo)]
struct Struct {
    user: Id<User>,
}
