//! The beginning and the end of sessions.

use std::time::Duration;

use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, connect, eventually, login, place, poll_times, unique};

#[async_test]
async fn fresh_session_is_anonymous_and_has_nothing() {
    let (db, root) = place().await;
    root.set("inherited", 1).await.unwrap();
    let fresh = db.new_session().await.unwrap();
    assert_eq!((fresh.namespace(), fresh.database()), (None, None));
    let seen: (Value, Value, Value) =
        fresh.query("RETURN [session::ns(), session::db(), $auth]").await.unwrap().take(0).unwrap();
    assert_eq!(seen, (Value::None, Value::None, Value::None));
    assert_eq!(fresh.info::<Option<Value>>().await.unwrap(), None);
    // A variable that is missing in the session is looked up in the database, which is missing too.
    let inherited = fresh.query("RETURN $inherited").await.unwrap().check().unwrap_err();
    assert_eq!(inherited.server().unwrap().details().unwrap().kind(), "NamespaceEmpty");
}

#[async_test]
async fn clones_are_the_same_session() {
    let (db, session) = place().await;
    let clone = session.clone();
    clone.set("shared", "yes").await.unwrap();
    let seen: String = session.query("RETURN $shared").await.unwrap().take(0).unwrap();
    assert_eq!(seen, "yes");
    assert_eq!(clone.id(), session.id());
    drop(session);
    clone.ping().await.unwrap();
    assert_eq!(db.sessions().await.unwrap(), [clone.id()]);
}

#[async_test]
async fn closed_session_fails_on_every_handle_and_others_go_on() {
    let (db, session) = place().await;
    let other = session.fork().await.unwrap();
    let clone = session.clone();
    session.close_session().await.unwrap();
    for error in [
        clone.ping().await.unwrap_err(),
        clone.query("RETURN 1").await.unwrap_err(),
        clone.set("a", 1).await.unwrap_err(),
        clone.use_ns("a").await.unwrap_err(),
        clone.fork().await.unwrap_err(),
        clone.invalidate().await.unwrap_err(),
        clone.clone().close_session().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::SessionClosed, "{error:?}");
        assert_eq!(error.to_string(), "session closed");
    }
    assert_eq!(db.sessions().await.unwrap(), [other.id()]);
    other.execute("RETURN 1").await.unwrap();
}

#[async_test]
async fn request_in_flight_while_its_session_closes_ends() {
    let (_db, session) = place().await;
    let mut running = session.query("SLEEP 200ms; RETURN 7").into_future();
    assert!(poll_times(1, &mut running).await.is_none());
    session.execute("RETURN 1").await.unwrap();
    let clone = session.clone();
    session.close_session().await.unwrap();
    let answer: i64 = running.await.unwrap().take(1).unwrap();
    assert_eq!(answer, 7);
    assert_eq!(clone.ping().await.unwrap_err().kind(), ErrorKind::SessionClosed);
}

#[async_test(not_send)]
async fn dropping_the_last_handle_detaches() {
    let db = connect().await;
    let session = db.new_session().await.unwrap();
    let clone = session.clone();
    assert_eq!(db.sessions().await.unwrap(), [session.id()]);
    drop(session);
    assert_eq!(db.sessions().await.unwrap(), [clone.id()]);
    drop(clone);
    eventually("the session is detached", async || db.sessions().await.unwrap().is_empty()).await;
}

#[async_test]
async fn session_keeps_its_connection_open() {
    let (db, session) = place().await;
    drop(db);
    session.execute("RETURN 1").await.unwrap();
}

#[async_test]
async fn default_session_cannot_be_closed_alone() {
    let db = connect().await;
    let default: Session = db.clone().into();
    assert_eq!(default.close_session().await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    db.ping().await.unwrap();
}

#[async_test(not_send)]
async fn closing_the_connection_ends_calls_and_refuses_later_ones() {
    let (db, session) = place().await;
    let sleeping = tokio::spawn(session.query("SLEEP 20s").into_future());
    eventually("the query is queued", async || db.status().calls_in_flight == 1).await;
    // The first reply means that the query was queued, the second that it was written.
    session.ping().await.unwrap();
    session.ping().await.unwrap();
    db.close().await.unwrap();
    let ended = sleeping.await.unwrap().unwrap_err();
    assert_eq!((ended.kind(), ended.delivery()), (ErrorKind::Closed, Delivery::Unknown), "{ended:?}");
    let refused = session.ping().await.unwrap_err();
    assert_eq!((refused.kind(), refused.delivery()), (ErrorKind::Closed, Delivery::NotSent), "{refused:?}");
    db.close().await.unwrap();
}

/// The place of a session on a socket is asked for at the moment of the close.
#[async_test(not_send)]
async fn closing_the_connection_is_the_reason_of_every_call_that_it_ends() {
    let login = login().await;
    for round in 0..100_u64 {
        let db = Surreal::connect(&login.url).await.unwrap();
        let opening: Vec<_> = (0..20).map(|_| tokio::spawn(db.new_session().into_future())).collect();
        tokio::time::sleep(Duration::from_micros(round * 20)).await;
        db.close().await.unwrap();
        for opening in opening {
            if let Err(error) = opening.await.unwrap() {
                assert_eq!(error.kind(), ErrorKind::Closed, "{error:?}");
            }
        }
    }
}

#[async_test]
async fn fork_copies_what_the_server_confirmed() {
    let (_db, session) = place().await;
    session.set("tags", ["a", "b"]).await.unwrap();
    session.set("gone", 1).await.unwrap();
    session.unset("gone").await.unwrap();
    let fork = session.fork().await.unwrap();
    assert_ne!(fork.id(), session.id());
    assert_eq!((fork.namespace(), fork.database()), (session.namespace(), session.database()));
    let seen: (Vec<String>, Option<i64>) = fork.query("RETURN [$tags, $gone]").await.unwrap().take(0).unwrap();
    assert_eq!(seen, (vec!["a".to_owned(), "b".to_owned()], None));
    fork.execute("INFO FOR ROOT").await.unwrap();

    fork.set("tags", "changed").await.unwrap();
    let seen: Vec<String> = session.query("RETURN $tags").await.unwrap().take(0).unwrap();
    assert_eq!(seen, ["a", "b"]);
}

#[async_test(not_send)]
async fn failed_step_of_a_new_session_detaches_it() {
    let (db, root) = place().await;
    for error in [
        db.new_session().signin(Root::new("nobody", "wrong")).await.unwrap_err(),
        db.new_session().authenticate("no token").await.unwrap_err(),
        db.new_session().set("auth", 1).await.unwrap_err(),
        db.new_session().set("far", u64::MAX).await.unwrap_err(),
    ] {
        assert!(matches!(error.kind(), ErrorKind::Auth | ErrorKind::InvalidArgument | ErrorKind::Encode), "{error:?}");
    }
    eventually("only root is left", async || db.sessions().await.unwrap() == [root.id()]).await;
}

#[async_test]
async fn selecting_reports_what_the_server_has_selected() {
    let (_db, session) = place().await;
    let (first, second) = (unique("ns"), unique("ns"));
    session.use_ns(&first).use_db("one").await.unwrap();
    session.use_ns(&second).await.unwrap();
    let seen: (String, String) = session.query("RETURN [session::ns(), session::db()]").await.unwrap().take(0).unwrap();
    assert_eq!((session.namespace().unwrap(), session.database().unwrap()), seen);
    session.use_db("two").await.unwrap();
    assert_eq!((session.namespace(), session.database()), (Some(second), Some("two".to_owned())));
}

#[async_test]
async fn debug_shows_no_secret() {
    let (db, session) = place().await;
    session.set("card", "4242-4242").await.unwrap();
    let response = session.query("RETURN $card").await.unwrap();
    let opening =
        db.new_session().signin(Root::new("root", "hunter2")).authenticate("token-x").set("card", "4242-4242");
    let shown = format!(
        "{db:?} {session:?} {:?} {opening:?} {response:?} {:?} {:?}",
        Queryable::scope(&session),
        session.query("RETURN $v").bind("v", "4242-4242"),
        session.run::<Value>("count").args(("4242-4242",)),
    );
    // Bytes would appear as text or as numbers.
    for secret in ["4242-4242", "52, 50, 52, 50, 45", "hunter2", "token-x"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[async_test]
async fn hostile_names_select_exactly_that_namespace_and_database() {
    let (_db, session) = place().await;
    for name in ["back`tick", "a b", "日本", "1", "select", "quo\"te", "semi;colon", "⟨x⟩"] {
        session.use_db(name).await.unwrap();
        session.execute("CREATE thing:1").await.unwrap();
        let seen: String = session.query("RETURN session::db()").await.unwrap().take(0).unwrap();
        assert_eq!(seen, name);
    }
}

#[async_test]
async fn session_of_a_lost_runtime_reports_it() {
    let url = login().await.url;
    let db = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { Surreal::connect(url).await.unwrap() })
    })
    .join()
    .unwrap();
    let error = tokio::time::timeout(Duration::from_secs(5), db.ping()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    let error = tokio::time::timeout(Duration::from_secs(5), db.set("a", 1)).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
}
