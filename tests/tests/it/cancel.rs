//! Every public future is polled 0, 1, 2, … times and dropped: nothing is left behind and the connection still works.
//!
//! The connection takes one call at a time, so a call that is left behind would block every later one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, eventually, login, poll_times, unique};

#[derive(Debug, Serialize, Deserialize, Record)]
struct Thing {
    id: Id<Thing>,
    number: i64,
}

/// A connection that takes one call at a time, and a session on it.
async fn narrow() -> (Surreal, Session) {
    let login = login().await;
    let db = Surreal::connect(login.url).max_calls(1).deadline(Duration::from_secs(20)).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("cancel")).use_db("test").await.unwrap();
    session.execute("DEFINE TABLE thing").await.unwrap();
    (db, session)
}

/// Drops the future of `make` after 0, 1, 2, … polls until it completes, and checks the connection each time.
async fn drop_after_every_poll<T, F: Future<Output = T>>(
    (db, session): &(Surreal, Session),
    make: impl Fn() -> F,
) -> T {
    for polls in 0..100 {
        let output = poll_times(polls, make()).await;
        db.ping().await.unwrap();
        let open = || async { db.sessions().await.unwrap() };
        eventually("no other session is open", async || {
            let expected: &[_] = if session.ping().await.is_ok() { &[session.id()] } else { &[] };
            output.is_some() || open().await == expected
        })
        .await;
        if let Some(output) = output {
            return output;
        }
    }
    panic!("never ready");
}

#[async_test(not_send)]
async fn dropped_reads_leave_nothing() {
    let it = narrow().await;
    let session = &it.1;
    drop_after_every_poll(&it, || session.ping()).await.unwrap();
    drop_after_every_poll(&it, || session.version()).await.unwrap();
    drop_after_every_poll(&it, || session.sessions()).await.unwrap();
    drop_after_every_poll(&it, || session.info::<Value>()).await.unwrap();
    drop(drop_after_every_poll(&it, || session.query("SLEEP 1ms").into_future()).await.unwrap());
    drop_after_every_poll(&it, || session.select::<Thing>().into_future()).await.unwrap();
    drop_after_every_poll(&it, || session.select::<Thing>().id("a").into_future()).await.unwrap();
    drop_after_every_poll(&it, || session.run::<i64>("count").into_future()).await.unwrap();
}

#[async_test(not_send)]
async fn dropped_writes_leave_whole_records_or_none() {
    let it = narrow().await;
    let session = &it.1;
    drop_after_every_poll(&it, || session.create::<Thing>().content(NewThing { number: 1 }).into_future())
        .await
        .unwrap();
    let things = session.select::<Thing>().await.unwrap();
    assert!(!things.is_empty() && things.iter().all(|thing| thing.number == 1), "{things:?}");
}

#[async_test(not_send)]
async fn dropped_changes_are_carried_out_or_never_begin() {
    let it = narrow().await;
    let session = &it.1;
    let login = login().await;
    let root = || Root::new(&login.username, &login.password);
    drop_after_every_poll(&it, || session.use_db("other").into_future()).await.unwrap();
    drop_after_every_poll(&it, || session.set("a", 1)).await.unwrap();
    drop_after_every_poll(&it, || session.unset("a")).await.unwrap();
    let tokens = drop_after_every_poll(&it, || session.signin(root())).await.unwrap();
    drop_after_every_poll(&it, || session.authenticate(&tokens)).await.unwrap();
    drop_after_every_poll(&it, || session.invalidate()).await.unwrap();
    drop_after_every_poll(&it, || session.reset()).await.unwrap();
    drop_after_every_poll(&it, || session.signin(root())).await.unwrap();
    let ns = unique("dropped");
    drop_after_every_poll(&it, || session.use_ns(&ns).use_db("other").into_future()).await.unwrap();
    let seen: (Option<String>, Option<i64>) =
        session.query("RETURN [session::db(), $a]").await.unwrap().take(0).unwrap();
    assert_eq!((session.database(), None), seen);
}

#[async_test(not_send)]
async fn handle_knows_the_outcome_of_a_dropped_change() {
    let it = narrow().await;
    let session = &it.1;
    poll_times(1, session.use_db("dropped").into_future()).await;
    eventually("the change is carried out", async || session.database().as_deref() == Some("dropped")).await;
    let seen: String = session.query("RETURN session::db()").await.unwrap().take(0).unwrap();
    assert_eq!(seen, "dropped");
}

#[async_test(not_send)]
async fn dropped_new_sessions_are_detached() {
    let it = narrow().await;
    let (db, session) = &it;
    let login = login().await;
    let root = || Root::new(&login.username, &login.password);
    drop(drop_after_every_poll(&it, || db.new_session().into_future()).await.unwrap());
    eventually("one session is left", async || db.sessions().await.unwrap() == [session.id()]).await;
    let ns = unique("a");
    let open = || db.new_session().signin(root()).use_ns(&ns).use_db("b").set("c", 1).into_future();
    drop(drop_after_every_poll(&it, open).await.unwrap());
    eventually("one session is left", async || db.sessions().await.unwrap() == [session.id()]).await;
    drop(drop_after_every_poll(&it, || session.fork()).await.unwrap());
    eventually("one session is left", async || db.sessions().await.unwrap() == [session.id()]).await;
}

#[async_test(not_send)]
async fn dropped_close_still_closes() {
    let (db, first) = narrow().await;
    for polls in 1..10 {
        let session = first.fork().await.unwrap();
        let clone = session.clone();
        let closed = poll_times(polls, session.close_session()).await;
        clone.ping().await.unwrap_err();
        eventually("it is detached", async || db.sessions().await.unwrap() == [first.id()]).await;
        if closed.is_some() {
            break;
        }
    }
}

#[async_test(not_send)]
async fn dropped_connect_and_close_leave_nothing() {
    let url = login().await.url;
    for polls in 0..100 {
        if let Some(db) = poll_times(polls, Surreal::connect(&url).into_future()).await {
            let db = db.unwrap();
            poll_times(1, db.close()).await;
            eventually("it is closed", async || db.ping().await.is_err()).await;
            return;
        }
    }
    panic!("never connected");
}
