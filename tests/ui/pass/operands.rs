//! Values that are converted for the type of a field, and literals whose type is still known.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::LinkTo;
use surreal_session::prelude::*;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company, i64>,
}

#[derive(Debug, Clone, LinkTo)]
enum Owner {
    User(Id<User>),
    Company(Id<Company, i64>),
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Thing {
    id: Id<Thing>,
    owner: Owner,
    former: Option<Owner>,
    maker: Id<User>,
    any: RecordId,
    value: Value,
    seen: Option<Datetime>,
    took: surreal_session::value::Duration,
}

fn filters(session: &Session, user: &Id<User>, company: Id<Company, i64>) {
    let things = || session.select::<Thing>();
    drop(things().filter(|t| t.owner.eq(user) | t.owner.eq(company) | t.owner.eq(Owner::Company(company))));
    drop(things().filter(|t| t.former.eq(user) | t.former.eq(None) | t.former.eq(Some(Owner::User(user.clone())))));
    drop(things().filter(|t| t.owner.is_in([user, &Id::new("ada")]) | t.owner.ne(company)));
    drop(things().filter(|t| t.maker.eq(Id::new("ada")) | t.maker.eq(user) | t.any.eq(user) | t.any.eq(company)));
    drop(things().filter(|t| t.value.eq(1) | t.value.eq("a") | t.value.gt(1.5) | t.value.eq(true) | t.value.eq(user)));
    drop(things().filter(|t| t.value.eq(Value::Null) | t.value.is_in([1, 2])));
    drop(things().filter(|t| t.took.lt(Duration::from_secs(1))));
    drop(session.update::<Thing>().all().set(|t| (t.owner.set(user), t.former.set(company))));
    drop(session.update::<Thing>().all().set(|t| (t.value.set(1), t.seen.set(None))));
}

fn main() {}
