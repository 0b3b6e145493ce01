//! A value that converts to a field's type finds the same records as a value of that type.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use surreal_session::LinkTo;
use surreal_session::prelude::*;
use surreal_session::value::{self, Decimal, Uuid};
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Company {
    id: Id<Company, i64>,
}

#[derive(Debug, Clone, PartialEq, LinkTo)]
enum Owner {
    User(Id<User>),
    Company(Id<Company, i64>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Thing {
    id: Id<Thing, i64>,
    owner: Owner,
    former: Option<Owner>,
    any: RecordId,
    value: Value,
    at: Datetime,
    took: value::Duration,
    code: Uuid,
    price: Decimal,
}

#[async_test]
async fn converted_values_find_the_same_records() {
    let (_db, session) = place().await;
    let (user, company): (Id<User>, Id<Company, i64>) = (Id::new("ada"), Id::new(7));
    let (at, code): (DateTime<Utc>, _) = ("2026-01-02T03:04:05.5Z".parse().unwrap(), uuid::Uuid::from_u128(5));
    let price = rust_decimal::Decimal::new(125, 2);
    let first = NewThing {
        owner: user.clone().into(),
        former: None,
        any: company.to_record_id(),
        value: Value::Int(1),
        at: at.into(),
        took: Duration::from_millis(1500).into(),
        code: code.into(),
        price: price.into(),
    };
    let second = NewThing { owner: company.into(), former: Some(user.clone().into()), ..first.clone() };
    session.insert([(1, first), (2, second)]).await.unwrap();
    let found = async |condition: Condition<Thing>| {
        let things = session.select::<Thing>().filter(|_| condition).await.unwrap();
        things.iter().map(|thing| *thing.id.key()).collect::<Vec<_>>()
    };
    let t: Fields<Thing> = *Thing::fields();
    let all = [1, 2];
    assert_eq!(found(t.owner.eq(&user)).await, [1]);
    assert_eq!(found(t.owner.ne(user.clone())).await, [2]);
    assert_eq!(found(t.owner.is_in([company])).await, [2]);
    assert_eq!(found(t.former.eq(&user)).await, [2]);
    assert_eq!(found(t.any.eq(company)).await, all);
    assert_eq!(found(t.value.eq(1) & t.value.gt(0) & t.value.ne("1") & t.value.lt("a")).await, all);
    assert_eq!(found(t.at.eq(at) & t.at.lt(Utc::now()) & !t.at.gt(at)).await, all);
    assert_eq!(found(t.took.eq(Duration::from_millis(1500)) & t.code.eq(code) & t.price.eq(price)).await, all);
    assert_eq!(found(t.price.gt(price) | t.code.is_in([uuid::Uuid::nil()])).await, [0; 0]);
    let write = session.update::<Thing>().id(1).set(|t| (t.owner.set(company), t.former.set(&user), t.value.set("x")));
    let thing = write.await.unwrap();
    assert_eq!((thing.owner, thing.former), (company.into(), Some(user.into())));
    assert_eq!(thing.value, Value::from("x"));
}
