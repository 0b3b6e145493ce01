//! The values of a patch are known when it is sent.

use serde::{Deserialize, Serialize};
use surreal_session::query::PatchOp;
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
    drop(session.update::<User>().all().patch(|u| [PatchOp::replace(u.age, u.age)]));
}

fn main() {}
