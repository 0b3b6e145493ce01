//! A read-only field is not in the patch.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;

#[derive(Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: u8,
    nickname: Option<String>,
    #[record(readonly)]
    created_at: Datetime,
    employer: Option<Id<Company>>,
}

#[derive(Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company>,
    name: String,
}

fn example(session: Session) {
    drop(session.update::<User>().all().merge(UserPatch { created_at: set(Datetime::now()), ..keep() }));
}

fn main() {}
