//! Changes of a session whose replies come after their deadlines, or never.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ciborium::Value as Cbor;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{Conversation, Peer, Proxy, async_test, connect, eventually, login, poll_times, unique};
use tokio::time::{Instant, sleep, timeout};

const HANGS: Duration = Duration::from_secs(30);

/// The deadline on connections that are stalled.
const DEADLINE: Duration = Duration::from_millis(600);

/// A proxy, and a root session through it.
async fn through_a_proxy() -> (Proxy, Surreal, Session) {
    let login = login().await;
    let token = connect().await.signin(Root::new(login.username, login.password)).await.unwrap();
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).deadline(DEADLINE).await.unwrap();
    let session =
        retried(async || db.new_session().authenticate(&token).use_ns(unique("late")).use_db("test").await).await;
    (proxy, db, session)
}

/// Repeats a call whose deadline is short for a busy machine.
async fn retried<T>(mut call: impl AsyncFnMut() -> surreal_session::Result<T>) -> T {
    let give_up = Instant::now() + HANGS;
    loop {
        match call().await {
            Ok(value) => return value,
            Err(error) => assert!(error.kind() == ErrorKind::Timeout && Instant::now() < give_up, "{error:?}"),
        }
    }
}

/// Holds everything back, or only the replies.
fn hold(proxy: &Proxy, stall: bool) {
    if stall {
        proxy.stall();
    } else {
        proxy.hold_replies();
    }
}

fn is_unanswered<T: std::fmt::Debug>(outcome: surreal_session::Result<T>) {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::Unknown), "{error:?}");
}

/// The session's namespace and database on the server, checked against its handle.
async fn database(session: &Session) -> String {
    let seen: String = retried(async || session.query("RETURN session::db()").await).await.take(0).unwrap();
    assert_eq!(session.database().as_deref(), Some(seen.as_str()));
    seen
}

#[async_test(not_send)]
async fn late_change_does_not_overtake_the_next() {
    let (proxy, _db, session) = through_a_proxy().await;
    for round in 0..8 {
        retried(async || session.use_db("test").await).await;
        hold(&proxy, round % 2 == 0);
        let first = tokio::spawn(session.use_db("a").into_future());
        sleep(DEADLINE / 2).await;
        let mut second = session.use_db("b").into_future();
        assert!(poll_times(1, &mut second).await.is_none());
        let second = tokio::spawn(second);
        is_unanswered(first.await.unwrap());
        assert_eq!((session.namespace(), session.database()), (None, None), "the place is not known");
        proxy.resume();
        second.await.unwrap().unwrap();
        assert_eq!(database(&session).await, "b", "round {round}");
    }
}

#[async_test(not_send)]
async fn handle_learns_the_place_from_a_late_reply() {
    let (proxy, _db, session) = through_a_proxy().await;
    for stall in [true, false] {
        retried(async || session.use_db("test").await).await;
        hold(&proxy, stall);
        is_unanswered(session.use_db("late").await);
        proxy.resume();
        eventually("the place is known", async || session.database().as_deref() == Some("late")).await;
        assert_eq!(database(&session).await, "late");
    }
}

#[async_test(not_send)]
async fn late_refusal_leaves_the_place_unchanged() {
    let (proxy, _db, session) = through_a_proxy().await;
    let ns = session.namespace().unwrap();
    let define = "DEFINE USER OVERWRITE dora ON DATABASE PASSWORD 'd'";
    session.execute(define).deadline(HANGS).await.unwrap();
    // A debug build may need longer than that for a password.
    session.signin(Database::new(&ns, "test", "dora", "d")).deadline(HANGS).await.unwrap();
    proxy.hold_replies();
    is_unanswered(session.use_ns("elsewhere").await);
    assert_eq!(session.namespace(), None);
    proxy.resume();
    eventually("the place is known", async || session.database().as_deref() == Some("test")).await;
    assert_eq!(session.namespace(), Some(ns));
    assert_eq!(database(&session).await, "test");
}

#[derive(Debug, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
}

#[async_test(not_send)]
async fn late_identity_is_known_to_forks_and_streams() {
    let (proxy, _db, session) = through_a_proxy().await;
    let ns = session.namespace().unwrap();
    let define = "DEFINE USER OVERWRITE dora ON DATABASE PASSWORD 'd'; DEFINE TABLE OVERWRITE item";
    session.execute(define).deadline(HANGS).await.unwrap();
    let who = async |session: &Session| -> Option<String> {
        retried(async || session.query("RETURN $token.ID").await).await.take(0).unwrap()
    };
    for stall in [true, false] {
        let session = retried(async || session.fork().await).await;
        let mut items = retried(async || session.live::<Item>().await).await;
        hold(&proxy, stall);
        is_unanswered(session.signin(Database::new(&ns, "test", "dora", "d")).await);
        let refused = session.fork().await.unwrap_err();
        assert_eq!((refused.kind(), refused.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{refused:?}");
        let words = "waiting for an earlier change of the session, which the server has not answered yet";
        assert!(refused.to_string().contains(words), "{refused}");
        proxy.resume();
        let fork = retried(async || session.fork().await).await;
        for session in [&session, &fork] {
            assert_eq!(who(session).await.as_deref(), Some("dora"));
            assert_eq!(database(session).await, "test");
        }
        let ended = timeout(HANGS, items.next()).await.expect("hangs").unwrap().unwrap();
        assert!(matches!(ended, LiveEvent::Ended(EndReason::IdentityChanged)), "{ended:?}");

        hold(&proxy, stall);
        is_unanswered(session.invalidate().await);
        proxy.resume();
        let fork = retried(async || session.fork().await).await;
        assert_eq!((who(&session).await, who(&fork).await), (None, None));

        hold(&proxy, stall);
        is_unanswered(session.reset().await);
        proxy.resume();
        retried(async || session.unset("nothing").await).await;
        assert_eq!((session.namespace(), session.database()), (None, None));
    }
}

#[async_test(not_send)]
async fn late_variable_is_known_to_forks() {
    let (proxy, _db, session) = through_a_proxy().await;
    let value = async |session: &Session| -> Option<i64> {
        retried(async || session.query("RETURN $n").await).await.take(0).unwrap()
    };
    for stall in [true, false] {
        hold(&proxy, stall);
        is_unanswered(session.set("n", 1).await);
        proxy.resume();
        let fork = retried(async || session.fork().await).await;
        assert_eq!((value(&session).await, value(&fork).await), (Some(1), Some(1)));
        hold(&proxy, stall);
        is_unanswered(session.unset("n").await);
        proxy.resume();
        let fork = retried(async || session.fork().await).await;
        assert_eq!((value(&session).await, value(&fork).await), (None, None));
    }
}

#[async_test(not_send)]
async fn session_that_is_dropped_or_closed_behind_a_late_change_is_detached() {
    let (proxy, db, session) = through_a_proxy().await;
    for stall in [true, false] {
        for close in [true, false] {
            let fork = retried(async || session.fork().await).await;
            let id = fork.id();
            hold(&proxy, stall);
            is_unanswered(fork.use_db("late").await);
            if close {
                let error = fork.close_session().await.unwrap_err();
                assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
            } else {
                drop(fork);
            }
            proxy.resume();
            eventually("the session is detached", async || !retried(async || db.sessions().await).await.contains(&id))
                .await;
        }
    }
}

/// Answers nothing, and records the requests.
async fn mute(mut client: Conversation, seen: Arc<Mutex<Vec<String>>>) {
    while let Some((_, method)) = client.request().await {
        seen.lock().unwrap().push(method);
    }
    seen.lock().unwrap().push("gone".to_owned());
}

async fn mute_peer() -> (Peer, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::default();
    let log = Arc::clone(&seen);
    (Peer::start(move |client| mute(client, Arc::clone(&log))).await, seen)
}

#[async_test(not_send)]
async fn changes_behind_an_unanswered_one_are_not_sent() {
    let (peer, seen) = mute_peer().await;
    let db = Surreal::connect(peer.url()).deadline(Duration::from_millis(500)).await.unwrap();
    is_unanswered(db.use_db("a").await);
    for outcome in [db.use_db("b").await, db.set("a", 1).await, db.invalidate().await, db.fork().await.map(drop)] {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
        let words = "timed out after 500ms waiting for an earlier change of the session, which the server has not \
                     answered yet";
        assert_eq!(error.to_string(), words);
    }
    assert_eq!(*seen.lock().unwrap(), ["use"]);
}

#[async_test(not_send)]
async fn unanswered_change_keeps_no_connection_open() {
    let (peer, seen) = mute_peer().await;
    let db = Surreal::connect(peer.url()).deadline(Duration::from_millis(500)).await.unwrap();
    is_unanswered(db.use_db("a").await);
    drop(db);
    eventually("the connection is closed", async || seen.lock().unwrap().last().unwrap() == "gone").await;
}

#[async_test(not_send)]
async fn end_of_the_connection_ends_the_wait_for_a_late_reply() {
    let (peer, _) = mute_peer().await;
    let db = Surreal::connect(peer.url()).deadline(Duration::from_millis(500)).await.unwrap();
    is_unanswered(db.use_db("a").await);
    let mut next = Box::pin(db.set("a", 1));
    assert!(poll_times(1, &mut next).await.is_none());
    db.close().await.unwrap();
    let error = timeout(HANGS, next).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Closed, Delivery::NotSent), "{error:?}");
}

#[async_test(not_send)]
async fn queued_changes_end_at_their_own_deadlines() {
    let (peer, _) = mute_peer().await;
    let limit = Duration::from_secs(2);
    let db = Surreal::connect(peer.url()).deadline(limit).await.unwrap();
    let begun = Instant::now();
    let changes: Vec<_> = (0..8).map(|n| tokio::spawn(db.set("a", n))).collect();
    let mut unknown = 0;
    for change in changes {
        let error = change.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        unknown += usize::from(error.delivery() == Delivery::Unknown);
    }
    assert_eq!(unknown, 1, "one was sent");
    let time = begun.elapsed();
    assert!(time >= limit && time < limit * 7 / 4, "{time:?}");
}

#[async_test(not_send)]
async fn close_behind_a_change_ends_at_its_own_deadline() {
    let peer = Peer::start(async |mut client| {
        let id = client.expect("attach").await;
        client.reply(id, Cbor::Null).await;
        client.ignore().await;
    })
    .await;
    let limit = Duration::from_secs(2);
    let db = Surreal::connect(peer.url()).deadline(limit).await.unwrap();
    let session = db.new_session().await.unwrap();
    let begun = Instant::now();
    let mut set = session.set("a", 1);
    assert!(poll_times(1, &mut set).await.is_none());
    let set = tokio::spawn(set);
    let (set, closed) = tokio::join!(set, session.close_session());
    for error in [set.unwrap().unwrap_err(), closed.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    }
    let time = begun.elapsed();
    assert!(time >= limit && time < limit * 7 / 4, "{time:?}");
}

/// Answers `use`, `attach`, `detach` and queries, and everything else without a result until `readable` is set.
async fn unreadable(mut client: Conversation, readable: Arc<Mutex<bool>>) {
    while let Some((id, method)) = client.request().await {
        let is_readable = *readable.lock().unwrap();
        match method.as_str() {
            "attach" | "detach" => client.reply(id, Cbor::Null).await,
            "query" => client.reply_statements(id, [Cbor::Map(Vec::new())]).await,
            "use" => client.reply(id, Cbor::Map(Vec::new())).await,
            "signin" if is_readable => client.reply(id, "token".into()).await,
            _ if is_readable => client.reply(id, Cbor::Null).await,
            _ => client.send(&Cbor::Map(vec![("id".into(), id.into())])).await,
        }
    }
}

#[async_test(not_send)]
async fn fork_is_refused_while_a_part_of_the_session_is_not_known() {
    let readable = Arc::new(Mutex::new(false));
    let is_readable = Arc::clone(&readable);
    let peer = Peer::start(move |client| unreadable(client, Arc::clone(&is_readable))).await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    for (change, words) in [
        (
            db.signin(Root::new("r", "r")).await.map(drop),
            "cannot fork: no readable reply came to a change of the session's identity",
        ),
        (db.authenticate("token").await, "cannot fork: no readable reply came to a change of the session's identity"),
        (db.invalidate().await, "cannot fork: no readable reply came to a change of the session's identity"),
    ] {
        assert_eq!(change.unwrap_err().kind(), ErrorKind::Protocol);
        let refused = timeout(HANGS, db.fork()).await.expect("hangs").unwrap_err();
        assert!(refused.to_string().starts_with(words), "{refused}");
    }
    *readable.lock().unwrap() = true;
    db.signin(Root::new("r", "r")).await.unwrap();
    timeout(HANGS, db.fork()).await.expect("hangs").unwrap();

    for again in [true, false] {
        *readable.lock().unwrap() = false;
        assert_eq!(db.set("n", 1).await.unwrap_err().kind(), ErrorKind::Protocol);
        let refused = timeout(HANGS, db.fork()).await.expect("hangs").unwrap_err();
        assert!(
            refused.to_string().starts_with("cannot fork: no readable reply came to a change of `$n`"),
            "{refused}"
        );
        *readable.lock().unwrap() = true;
        if again {
            db.set("n", 2).await.unwrap();
        } else {
            db.unset("n").await.unwrap();
        }
        timeout(HANGS, db.fork()).await.expect("hangs").unwrap();
    }
}
