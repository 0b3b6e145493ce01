//! Functions called by name.

use std::collections::BTreeMap;

use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[async_test]
async fn functions_of_the_server_and_of_the_database_are_called() {
    let (db, session) = place().await;
    let greet =
        "DEFINE FUNCTION fn::greet($name: string, $times: int) { RETURN string::repeat('hi ' + $name, $times) }";
    session.execute(greet).await.unwrap();
    assert_eq!(session.run::<String>("fn::greet").args(("Ada", 2)).await.unwrap(), "hi Adahi Ada");
    assert_eq!(session.run::<usize>("array::len").args(([1, 2, 3],)).await.unwrap(), 3);
    assert_eq!(session.run::<i64>("math::max").args((vec![1, 9, 4],)).await.unwrap(), 9);
    assert_eq!(session.run::<String>("string::concat").args(["a", "b", "c"]).await.unwrap(), "abc");
    assert_eq!(session.run::<i64>("count").await.unwrap(), 1);
    let version: String = db.run("string::uppercase").args(("x",)).await.unwrap();
    assert_eq!(version, "X");
    let object: BTreeMap<String, i64> =
        session.run("object::from_entries").args(([("a", 1), ("b", 2)],)).await.unwrap();
    assert_eq!(object, BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
}

#[async_test]
async fn arguments_are_never_run_as_code() {
    let (_db, session) = place().await;
    let hostile = "'); DELETE user; RETURN ('";
    assert_eq!(session.run::<String>("string::trim").args((hostile,)).await.unwrap(), hostile);
    let call = session.run::<String>("string::trim").args((hostile,));
    assert_eq!(call.to_surql(), "string::trim($_0) -- $_0");
}

#[async_test]
async fn failed_calls_have_their_kind() {
    let (_db, session) = place().await;
    for (error, kind, names) in [
        (session.run::<Value>("x; y").await.unwrap_err(), ErrorKind::InvalidArgument, "`x; y`"),
        (session.run::<Value>("fn::f").version("1").await.unwrap_err(), ErrorKind::InvalidArgument, "`fn::f`"),
        (session.run::<Value>("count").args((1, u64::MAX)).await.unwrap_err(), ErrorKind::Encode, "argument 1"),
        (session.run::<Value>("no::such").await.unwrap_err(), ErrorKind::Validation, "no::such"),
        (session.run::<String>("array::len").args(([1],)).await.unwrap_err(), ErrorKind::Decode, "string"),
    ] {
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.to_string().contains(names), "{error}");
    }
    let missing = session.run::<Value>("fn::missing").await.unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing:?}");
    let failing = "DEFINE FUNCTION fn::fail() { THROW 'on purpose' }";
    session.execute(failing).await.unwrap();
    assert_eq!(session.run::<Value>("fn::fail").await.unwrap_err().kind(), ErrorKind::Thrown);
}
