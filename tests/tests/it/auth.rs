//! Who a session is.

use std::collections::BTreeMap;

use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{connect, login, place};

async fn may_rule(session: &Session) -> bool {
    session.query("INFO FOR ROOT").await.unwrap().check().is_ok()
}

#[tokio::test]
async fn wrong_credentials_are_auth_errors_and_change_nothing() {
    let (db, session) = place().await;
    let login = login().await;
    let ns = session.namespace().unwrap();
    for error in [
        session.signin(Root::new(login.username, "wrong")).await.unwrap_err(),
        session.signin(Root::new("nobody", "wrong")).await.unwrap_err(),
        session.signin(Namespace::new(&ns, "nobody", "wrong")).await.unwrap_err(),
        session.signin(Database::new(&ns, "test", "nobody", "wrong")).await.unwrap_err(),
        session.signin(RecordAccess::new(&ns, "test", "nothing", BTreeMap::from([("a", 1)]))).await.unwrap_err(),
        session.signup(RecordAccess::new(&ns, "test", "nothing", BTreeMap::from([("a", 1)]))).await.unwrap_err(),
        session.authenticate("not a token").await.unwrap_err(),
    ] {
        assert!(error.is_auth(), "{error:?}");
        assert_eq!(error.delivery(), Delivery::Answered);
        assert!(!format!("{error:?}").contains("wrong"), "{error:?}");
    }
    assert!(may_rule(&session).await);
    assert_eq!(session.namespace(), Some(ns));
    drop(db);
}

#[tokio::test]
async fn token_of_one_session_makes_another_the_same() {
    let (db, session) = place().await;
    let login = login().await;
    let tokens = session.signin(Root::new(login.username, login.password)).await.unwrap();
    assert!(!format!("{tokens:?}").contains(tokens.access.as_str()));
    let other = db.new_session().authenticate(&tokens).await.unwrap();
    assert!(may_rule(&other).await);
    let chained = db.new_session().await.unwrap();
    chained.authenticate(tokens.access.as_str()).await.unwrap();
    assert!(may_rule(&chained).await);
}

#[tokio::test]
async fn system_users_of_each_level_select_their_place() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    session
        .query("DEFINE USER nina ON NAMESPACE PASSWORD 'n' ROLES OWNER; DEFINE USER dora ON DATABASE PASSWORD 'd' ROLES VIEWER")
        .await
        .unwrap()
        .check()
        .unwrap();
    let nina = db.new_session().signin(Namespace::new(&ns, "nina", "n")).await.unwrap();
    assert_eq!((nina.namespace().as_ref(), nina.database()), (Some(&ns), None));
    let dora = db.new_session().await.unwrap();
    dora.signin(Database::new(&ns, "test", "dora", "d")).await.unwrap();
    assert_eq!((dora.namespace().as_ref(), dora.database().as_deref()), (Some(&ns), Some("test")));
    let fork = dora.fork().await.unwrap();
    let refused = fork.query("DEFINE TABLE a").await.unwrap().check().unwrap_err();
    assert!(refused.is_auth(), "{refused:?}");
}

#[tokio::test]
async fn record_users_sign_up_in_and_out() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let schema = "
        DEFINE TABLE member PERMISSIONS FOR select WHERE id = $auth.id;
        DEFINE ACCESS member ON DATABASE TYPE RECORD
            SIGNUP (CREATE member SET name = $name, pass = crypto::sha256($pass))
            SIGNIN (SELECT * FROM member WHERE name = $name AND pass = crypto::sha256($pass))";
    session.query(schema).await.unwrap().check().unwrap();
    let params = |pass| BTreeMap::from([("name", "ada"), ("pass", pass)]);
    let access = |pass| RecordAccess::new(&ns, "test", "member", params(pass));

    let ada = db.new_session().await.unwrap();
    let tokens = ada.signup(access("p")).await.unwrap();
    assert_eq!(tokens.refresh, None);
    assert_eq!((ada.namespace().as_ref(), ada.database().as_deref()), (Some(&ns), Some("test")));
    let me: BTreeMap<String, Value> = ada.info().await.unwrap();
    assert_eq!(me["name"], Value::from("ada"));

    let again = db.new_session().signin(access("p")).await.unwrap();
    assert_eq!(again.info::<BTreeMap<String, Value>>().await.unwrap()["id"], me["id"]);
    let wrong = again.signin(access("q")).await.unwrap_err();
    assert!(wrong.is_auth(), "{wrong:?}");
    assert_eq!(again.info::<BTreeMap<String, Value>>().await.unwrap()["id"], me["id"]);

    again.invalidate().await.unwrap();
    assert_eq!(again.info::<Option<Value>>().await.unwrap(), None);
    assert_eq!(again.info::<BTreeMap<String, Value>>().await.unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!((again.namespace().as_ref(), again.database().as_deref()), (Some(&ns), Some("test")));
    assert_eq!(ada.info::<BTreeMap<String, Value>>().await.unwrap()["id"], me["id"]);
}

#[tokio::test]
async fn default_session_has_the_same_verbs() {
    let db = connect().await;
    let login = login().await;
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    assert!(may_rule(&db).await);
    db.use_ns("default_session").use_db("test").await.unwrap();
    assert_eq!(db.namespace().as_deref(), Some("default_session"));
    db.set("v", 1).await.unwrap();
    let fork = db.fork().await.unwrap();
    let seen: (String, i64) = fork.query("RETURN [session::db(), $v]").await.unwrap().take(0).unwrap();
    assert_eq!(seen, ("test".to_owned(), 1));
    db.invalidate().await.unwrap();
    assert!(!may_rule(&db).await && may_rule(&fork).await);
    assert!(db.version().await.unwrap().starts_with("surrealdb-"));
}

#[tokio::test]
async fn refresh_token_renews_once_and_can_be_revoked() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let schema = "DEFINE TABLE member PERMISSIONS FOR select FULL; DEFINE ACCESS member ON DATABASE TYPE RECORD
        SIGNUP (CREATE member SET name = $name) SIGNIN (SELECT * FROM member WHERE name = $name) WITH REFRESH";
    session.query(schema).await.unwrap().check().unwrap();
    let access = || RecordAccess::new(&ns, "test", "member", BTreeMap::from([("name", "ada")]));
    let ada = db.new_session().await.unwrap();
    let first = ada.signup(access()).await.unwrap();
    assert!(!format!("{first:?}").contains(first.refresh.as_ref().unwrap().as_str()));

    let elsewhere = db.new_session().await.unwrap();
    let second = elsewhere.refresh(&first).await.unwrap();
    assert_eq!((elsewhere.namespace(), elsewhere.database().as_deref()), (Some(ns.clone()), Some("test")));
    let me: BTreeMap<String, Value> = elsewhere.info().await.unwrap();
    assert_eq!(me["name"], Value::from("ada"));
    for used in [elsewhere.refresh(&first).await.unwrap_err(), ada.refresh(&first).await.unwrap_err()] {
        assert!(used.is_auth(), "{used:?}");
    }
    assert_eq!(elsewhere.info::<BTreeMap<String, Value>>().await.unwrap(), me);

    elsewhere.revoke(&second).await.unwrap();
    assert!(elsewhere.refresh(&second).await.unwrap_err().is_auth());
    let root = session.signin(Root::new(login().await.username, login().await.password)).await.unwrap();
    for error in [session.refresh(&root).await.unwrap_err(), session.revoke(&root).await.unwrap_err()] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
    }
}

#[tokio::test]
async fn reset_session_is_like_a_new_one() {
    let (_db, session) = place().await;
    session.set("v", 1).await.unwrap();
    session.reset().await.unwrap();
    assert_eq!((session.namespace(), session.database()), (None, None));
    assert!(!may_rule(&session).await);
    let fork = session.fork().await.unwrap();
    assert_eq!((fork.namespace(), fork.database()), (None, None));
    let login = login().await;
    session.signin(Root::new(login.username, login.password)).await.unwrap();
    session.use_ns("reset").use_db("test").await.unwrap();
    assert_eq!(session.query("RETURN $v").await.unwrap().take::<Value>(0).unwrap(), Value::None);
}
