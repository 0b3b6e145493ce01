//! The id is one of the record that is written.

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
    let initech: Id<Company> = Id::new("initech");
    drop(session.delete::<User>().id(initech));
}

fn main() {}
