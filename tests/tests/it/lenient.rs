//! Selects that return the records that fit their type, and errors for the others.

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::Lenient;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    address: Address,
    friend: Option<Id<User>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
    zip: u32,
}

#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = User)]
struct City {
    id: Id<User>,
    address: Address,
}

const USERS: &str = "
    CREATE user:ada SET name = 'Ada', address = { city: 'London', zip: 1 }, friend = user:bob;
    CREATE user:bob SET name = 5, address = { city: 'Bath', zip: 2 };
    CREATE user:cyd SET name = 'Cyd', address = { city: 'Bath', zip: 'BA1' };
    CREATE user:dan SET name = 'Dan', address = { city: 'Bath', zip: 4 }, friend = user:cyd;
    CREATE user:⟨e f⟩ SET name = 'Eve';
";

fn keys(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| user.id.key().as_str()).collect()
}

fn records(errors: &[Error]) -> Vec<String> {
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::Decode));
    let place = |error: &Error| {
        error.to_string().strip_prefix("cannot decode ").unwrap().split(": ").next().unwrap().to_owned()
    };
    errors.iter().map(place).collect()
}

#[async_test]
async fn records_that_fit_are_returned_and_the_others_are_named() {
    let (_db, session) = place().await;
    session.execute(USERS).await.unwrap();
    assert_eq!(session.select::<User>().await.unwrap_err().kind(), ErrorKind::Decode);
    let Lenient { rows, errors, .. } = session.select::<User>().lenient().await.unwrap();
    assert_eq!(keys(&rows), ["ada", "dan"]);
    assert_eq!(records(&errors), ["user:bob.name", "user:cyd.address.zip", "user:`e f`"]);
    assert_eq!(errors.iter().map(Error::row).collect::<Vec<_>>(), [Some(1), Some(2), Some(4)]);

    let some = session.select::<User>().filter(|u| u.address.city.eq("Bath")).order_by(|u| u.id.desc()).limit(2);
    let some = some.lenient().await.unwrap();
    assert_eq!((keys(&some.rows), records(&some.errors)), (vec!["dan"], vec!["user:cyd.address.zip".to_owned()]));
    let ids = session.select::<User>().ids(["dan", "bob", "none"]).lenient().await.unwrap();
    assert_eq!((keys(&ids.rows), records(&ids.errors)), (vec!["dan"], vec!["user:bob.name".to_owned()]));
    let all = session.select::<User>().range("a".."b").lenient().await.unwrap();
    assert_eq!((all.rows.len(), all.errors.len()), (1, 0));
}

#[async_test]
async fn views_and_links_are_read_leniently() {
    let (_db, session) = place().await;
    session.execute(USERS).await.unwrap();
    let cities = session.select::<User>().view::<City>().lenient().await.unwrap();
    assert_eq!(cities.rows.iter().map(|city| city.address.zip).collect::<Vec<_>>(), [1, 2, 4]);
    assert_eq!(records(&cities.errors).len(), 2);
    let linked = session.select::<User>().fetch(|u| u.friend).lenient().await.unwrap();
    assert_eq!(linked.rows.len(), 0, "the linked records do not fit");
    assert_eq!(linked.errors.len(), 5);
}

#[async_test]
async fn it_runs_in_batches_and_transactions_and_leaves_other_errors() {
    let (_db, session) = place().await;
    session.execute(USERS).await.unwrap();
    let (lenient, count) =
        session.batch((session.select::<User>().lenient(), session.select::<User>().count())).await.unwrap();
    assert_eq!((lenient.rows.len(), lenient.errors.len(), count), (2, 3, 5));
    let tx = session.begin_transaction().await.unwrap();
    assert_eq!(tx.select::<User>().lenient().await.unwrap().errors.len(), 3);
    tx.delete::<User>().id("ada").return_none().await.unwrap();
    tx.commit().await.unwrap();
    session.execute("REMOVE TABLE user").await.unwrap();
    assert!(session.select::<User>().lenient().await.unwrap_err().is_not_found());
}
