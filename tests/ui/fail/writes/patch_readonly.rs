//! A patch does not change the id or a read-only field.

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
    drop(session.update::<User>().all().patch(|u| [PatchOp::remove(u.id), PatchOp::replace(u.created_at, Datetime::now())]));
}

fn main() {}
