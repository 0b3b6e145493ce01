//! The names of operations in errors: the verb and its target, and never a value.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{Proxy, async_test, login, place};
use tokio::time::timeout;

/// Longer than any call here may take: a call that still waits after it hangs.
const HANGS: Duration = Duration::from_secs(20);

#[derive(Debug, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    age: i64,
}

#[derive(Debug, Serialize, Deserialize, Record)]
#[record(relation)]
struct Knows {
    id: Id<Knows>,
    r#in: Id<User>,
    out: Id<User>,
}

fn new(name: &str) -> NewUser {
    NewUser { name: name.into(), age: 4242 }
}

#[async_test]
async fn timeouts_name_the_operation_and_its_target_without_values() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).live_sockets(0).await.unwrap();
    let session = db.new_session().await.unwrap();
    proxy.hold_replies();
    let ada = Id::<User>::new("ada");
    macro_rules! times_out {
        ($($call:expr => $operation:literal;)+) => {$(
            let call = $call.deadline(Duration::from_millis(50)).into_future();
            let error = timeout(HANGS, call).await.expect("hangs").map(drop).unwrap_err();
            assert_eq!(error.to_string(), concat!("no reply to `", $operation, "` within 50ms"));
        )+};
    }
    times_out! {
        session.select::<User>() => "select user";
        session.select::<User>().id("ada") => "select user:ada";
        session.select::<User>().ids(["4242"]).order_by(|u| u.age) => "select user";
        session.select::<User>().filter(|u| u.age.eq(4242)).first() => "select user";
        session.select::<User>().explain() => "explain user";
        session.traverse(&ada).out::<Knows>().to::<User>() => "traverse user:ada";
        session.traverse([ada.clone()]).out::<Knows>() => "traverse user";
        session.create::<User>().content(new("Ada")) => "create user";
        session.create::<User>().id("ada").content(new("Ada")) => "create user:ada";
        session.update::<User>().id(&ada).set(|u| u.age.set(4242)) => "update user:ada";
        session.update::<User>().filter(|u| u.age.eq(4242)).set(|u| u.age.set(1)) => "update user";
        session.upsert::<User>().id("a b").content(new("Ada")) => "upsert user:`a b`";
        session.delete::<User>().all() => "delete user";
        session.insert(vec![new("Ada")]) => "insert user";
        session.relate(NewKnows { r#in: ada.clone(), out: ada.clone() }) => "relate knows";
        session.untyped().select(Table::new("user")) => "select user";
        session.untyped().update(RecordId::new("user", 7)).merge([("age", 4242)]) => "update user:7";
        session.run::<i64>("array::len").args(([4242],)) => "run array::len";
        session.batch((session.select::<User>(), session.select::<User>().id("ada"))) => "batch";
        session.query("RETURN $age").bind("age", 4242) => "query";
        session.live::<User>().filter(|u| u.age.eq(4242)) => "live user";
    }
}

#[async_test]
async fn statement_errors_name_the_operation_and_its_target() {
    let (_db, session) = place().await;
    session.create::<User>().id("ada").content(new("Ada")).await.unwrap();
    let error = session.create::<User>().id("ada").content(new("Ada")).await.unwrap_err();
    assert_eq!(error.to_string(), "`create user:ada` failed: Database record `user:ada` already exists");
    assert_eq!(error.statement(), Some(0));
    let error = session.run::<i64>("fn::none").await.unwrap_err();
    assert!(error.to_string().starts_with("`run fn::none` failed: "), "{error}");
    let text = session.query("CREATE user:ada").await.unwrap().check().unwrap_err();
    assert_eq!(text.to_string(), "statement 0 failed: Database record `user:ada` already exists");
}
