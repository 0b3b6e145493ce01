//! The end of transactions: by the program, with their session, with the connection, and with an unknown outcome.

use std::error::Error as _;
use std::time::Duration;

use ciborium::cbor;
use surreal_session::Error;
use surreal_session::prelude::*;
use surreal_session_tests::{Conversation, Peer, Proxy, async_test, eventually, login, place, poll_times, unique};
use tokio::time::timeout;

use super::{Account, HANGS, accounts, assert_none_open, new, two};

#[async_test(blocking)]
async fn ended_transaction_is_reported_on_every_handle() {
    let (_db, session, _other) = two().await;
    for commit in [true, false] {
        let tx = session.begin_transaction().await.unwrap();
        let clone = tx.clone();
        let query = tx.query("CREATE account:late");
        match commit {
            true => tx.commit().await.unwrap(),
            false => tx.cancel().await.unwrap(),
        }
        for error in [
            clone.query("RETURN 1").await.unwrap_err(),
            clone.select::<Account>().await.unwrap_err(),
            clone.create::<Account>().content(new(1)).await.unwrap_err(),
            clone.run::<i64>("count").await.unwrap_err(),
            query.await.unwrap_err(),
            clone.clone().commit().await.unwrap_err(),
            clone.cancel().await.unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.delivery()),
                (ErrorKind::TransactionClosed, Delivery::NotSent),
                "{error:?}"
            );
            assert_eq!(error.to_string(), "the transaction was committed or cancelled before");
        }
    }
    assert_eq!(accounts(&session).await, []);
}

#[async_test(blocking)]
async fn first_committer_wins_and_the_other_may_be_run_again() {
    let (_db, session, other) = two().await;
    session.create::<Account>().id("a").content(new(1)).await.unwrap();
    let (first, second) = (session.begin_transaction().await.unwrap(), other.begin_transaction().await.unwrap());
    for (tx, balance) in [(&first, 2), (&second, 3)] {
        tx.execute("UPDATE account:a SET balance = $b").bind("b", balance).await.unwrap();
    }
    first.commit().await.unwrap();
    let error = second.commit().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Conflict, Delivery::Answered), "{error:?}");
    assert!(error.is_conflict() && error.is_retryable());
    assert_eq!(accounts(&session).await, [("a".to_owned(), 2)]);
}

#[async_test(blocking)]
async fn closing_the_session_ends_its_transactions() {
    let (_db, session, other) = two().await;
    let [first, second, third] = [(); 3].map(|()| session.begin_transaction());
    let (first, second, third) = (first.await.unwrap(), second.await.unwrap(), third.await.unwrap());
    first.create::<Account>().content(new(1)).await.unwrap();
    session.close_session().await.unwrap();
    for error in [
        first.query("RETURN 1").await.unwrap_err(),
        first.commit().await.unwrap_err(),
        second.commit().await.unwrap_err(),
        third.cancel().await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::SessionClosed, Delivery::NotSent), "{error:?}");
    }
    assert_eq!(accounts(&other).await, []);
}

#[async_test(blocking)]
async fn closing_the_session_ends_a_running_query() {
    let (_db, session, other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let mut calls = Vec::new();
    for _ in 0..5 {
        let mut call = Box::pin(tx.query("SLEEP 10ms; CREATE account SET balance = 1").into_future());
        assert!(poll_times(1, &mut call).await.is_none());
        calls.push(call);
    }
    let (results, closed) = tokio::join!(futures_util::future::join_all(calls), session.close_session());
    closed.unwrap();
    for error in results.into_iter().skip(1).map(Result::unwrap_err) {
        assert!(matches!(error.kind(), ErrorKind::SessionClosed | ErrorKind::TransactionFailed), "{error:?}");
    }
    let error = tx.commit().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::SessionClosed | ErrorKind::TransactionFailed), "{error:?}");
    assert_eq!(accounts(&other).await, []);
}

#[async_test(blocking)]
async fn reset_of_the_session_ends_its_transactions() {
    let (_db, session, other) = two().await;
    let (used, committed) = (session.begin_transaction().await.unwrap(), session.begin_transaction().await.unwrap());
    used.create::<Account>().content(new(1)).await.unwrap();
    committed.create::<Account>().content(new(1)).await.unwrap();
    session.reset().await.unwrap();
    for error in [committed.commit().await.unwrap_err(), used.query("RETURN 1").await.unwrap_err()] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::TransactionFailed, Delivery::Answered), "{error:?}");
        assert_eq!(error.to_string(), "the server cancelled the transaction because its session was reset");
        assert!(!error.is_retryable());
    }
    assert_eq!(used.commit().await.unwrap_err().kind(), ErrorKind::TransactionFailed);
    assert_eq!(accounts(&other).await, []);
}

#[async_test(blocking)]
async fn closing_the_connection_ends_its_transactions() {
    let (db, session, _other) = two().await;
    let [tx, idle] = [session.begin_transaction().await.unwrap(), session.begin_transaction().await.unwrap()];
    let running = tokio::spawn(tx.query("SLEEP 20s").into_future());
    session.ping().await.unwrap();
    db.close().await.unwrap();
    let ended = timeout(HANGS, running).await.expect("hangs").unwrap().unwrap_err();
    assert_eq!((ended.kind(), ended.delivery()), (ErrorKind::Closed, Delivery::RolledBack), "{ended:?}");
    assert_eq!(
        first_failure(&timeout(HANGS, tx.commit()).await.expect("hangs").unwrap_err()).kind(),
        ErrorKind::Closed
    );
    let error = timeout(HANGS, idle.commit()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Closed, Delivery::NotSent), "{error:?}");
}

fn first_failure(error: &Error) -> &Error {
    assert_eq!(error.kind(), ErrorKind::TransactionFailed, "{error:?}");
    error.source().unwrap().downcast_ref().unwrap()
}

/// A session behind a proxy, and a direct one, in the same database.
async fn behind_proxy() -> (Proxy, Surreal, Session, Session) {
    let login = login().await;
    let (_, beside) = place().await;
    beside.execute("DEFINE TABLE account").await.unwrap();
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let root = Root::new(login.username, login.password);
    let opening = db.new_session().signin(root).use_ns(beside.namespace().unwrap()).use_db("test");
    let session = opening.await.unwrap();
    (proxy, db, session, beside)
}

#[async_test(not_send, blocking)]
async fn losing_the_connection_ends_its_transactions() {
    let (proxy, _db, session, beside) = behind_proxy().await;
    let [tx, unqueried, cancelled] = [(); 3].map(|()| session.begin_transaction());
    let (tx, unqueried, cancelled) = (tx.await.unwrap(), unqueried.await.unwrap(), cancelled.await.unwrap());
    tx.create::<Account>().content(new(1)).await.unwrap();
    let probe = session.begin_transaction().await.unwrap();
    proxy.cut();
    eventually("the connection is lost", async || probe.query("RETURN 1").await.is_err()).await;
    for error in [
        unqueried.commit().await.unwrap_err(),
        cancelled.cancel().await.unwrap_err(),
        tx.query("RETURN 1").await.unwrap_err(),
        tx.query("RETURN 2").await.unwrap_err(),
        tx.commit().await.unwrap_err(),
    ] {
        assert_lost(&error);
    }
    assert_eq!(accounts(&beside).await, []);
}

fn assert_lost(error: &Error) {
    let state = (error.kind(), error.delivery(), error.is_safe_to_repeat());
    assert_eq!(state, (ErrorKind::TransactionLost, Delivery::RolledBack, true), "{error:?}");
    let source: &Error = error.source().unwrap().downcast_ref().unwrap();
    assert_eq!(source.kind(), ErrorKind::Disconnected, "{source:?}");
}

#[async_test(not_send, blocking)]
async fn transaction_with_a_call_in_flight_when_the_connection_is_lost_is_rolled_back() {
    let (proxy, _db, session, beside) = behind_proxy().await;
    let [tx, cancelled] = [session.begin_transaction().await.unwrap(), session.begin_transaction().await.unwrap()];
    tx.create::<Account>().content(new(1)).await.unwrap();
    proxy.hold_replies();
    let query = tokio::spawn(tx.create::<Account>().content(new(2)).into_future());
    let begin = tokio::spawn(session.begin_transaction());
    let cancel = tokio::spawn(cancelled.cancel());
    tokio::time::sleep(Duration::from_millis(50)).await;
    proxy.cut();
    assert_lost(&timeout(HANGS, query).await.expect("hangs").unwrap().unwrap_err());
    assert_lost(&timeout(HANGS, begin).await.expect("hangs").unwrap().unwrap_err());
    assert_lost(&timeout(HANGS, cancel).await.expect("hangs").unwrap().unwrap_err());
    assert_lost(&tx.commit().await.unwrap_err());
    assert_eq!(accounts(&beside).await, []);
}

#[async_test(not_send, blocking)]
async fn commit_in_flight_when_the_connection_is_lost_is_unknown() {
    let (proxy, _db, session, beside) = behind_proxy().await;
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Account>().content(new(1)).await.unwrap();
    proxy.hold_replies();
    let commit = tokio::spawn(tx.commit());
    eventually("the server has committed", async || accounts(&beside).await.len() == 1).await;
    proxy.cut();
    let error = timeout(HANGS, commit).await.expect("hangs").unwrap().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::CommitUnknown, Delivery::Unknown), "{error:?}");
    assert!(!error.is_retryable() && !error.is_conflict());
    let source: &Error = error.source().unwrap().downcast_ref().unwrap();
    assert_eq!(source.kind(), ErrorKind::Disconnected, "{source:?}");
}

#[async_test(blocking)]
async fn commit_without_a_reply_in_time_is_unknown() {
    let peer = Peer::start(|mut client| async move {
        let (begin, _) = client.request().await.unwrap();
        client.reply(begin, some_id()).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).deadline(Duration::from_secs(1)).await.unwrap();
    let tx = db.begin_transaction().await.unwrap();
    let error = timeout(HANGS, tx.commit()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::CommitUnknown, Delivery::Unknown), "{error:?}");
    assert_eq!(error.source().unwrap().to_string(), "no reply to `commit` within 1s");
}

#[async_test(not_send, blocking)]
async fn dropped_commit_runs_to_its_end() {
    let (_db, session, other) = two().await;
    for polls in 1..10 {
        let key = format!("a{polls}");
        let tx = session.begin_transaction().await.unwrap();
        tx.create::<Account>().id(&key).content(new(1)).await.unwrap();
        let done = poll_times(polls, tx.commit()).await;
        eventually("it is committed", async || other.select::<Account>().id(&key).await.unwrap().is_some()).await;
        if done.is_some() {
            break;
        }
    }
    assert_none_open(&session).await;
}

#[async_test(not_send, blocking)]
async fn commit_that_was_never_polled_cancels() {
    let (_db, session, other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Account>().content(new(1)).await.unwrap();
    drop(tx.commit());
    assert_none_open(&session).await;
    assert_eq!(accounts(&other).await, []);
}

#[async_test(not_send, blocking)]
async fn transaction_keeps_its_session_and_its_connection() {
    let (db, session, other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let id = session.id();
    drop((db.clone(), session));
    tx.create::<Account>().content(new(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(accounts(&other).await.len(), 1);
    eventually("its session is detached", async || !db.sessions().await.unwrap().contains(&id)).await;
}

fn conflict() -> ciborium::Value {
    let details = cbor!({"kind" => "TransactionConflict"}).unwrap();
    cbor!({"code" => -32009, "kind" => "Query", "message" => "Transaction conflict: x", "details" => details}).unwrap()
}

/// A peer that begins a transaction with `begun`, runs queries, and answers the commit with an error.
async fn peer(begun: ciborium::Value, refusal: ciborium::Value) -> Peer {
    Peer::start(move |mut client: Conversation| {
        let (begun, refusal) = (begun.clone(), refusal.clone());
        async move {
            while let Some((id, method)) = client.request().await {
                match method.as_str() {
                    "begin" => client.reply(id, begun.clone()).await,
                    "query" => client.reply(id, ciborium::Value::Array(vec![])).await,
                    "commit" => client.send(&cbor!({"id" => id, "error" => refusal}).unwrap()).await,
                    _ => client.reply(id, ciborium::Value::Null).await,
                }
            }
        }
    })
    .await
}

fn some_id() -> ciborium::Value {
    ciborium::Value::Tag(37, Box::new(vec![7_u8; 16].into()))
}

#[async_test(blocking)]
async fn commit_that_the_server_cannot_confirm_is_unknown() {
    let refusal =
        |code: i64, kind: &str, message: &str| cbor!({"code" => code, "kind" => kind, "message" => message}).unwrap();
    for (refusal, expected) in [
        (
            refusal(
                -32000,
                "Internal",
                "The transaction's commit outcome is unknown; it may or may not have been applied: x",
            ),
            ErrorKind::CommitUnknown,
        ),
        (refusal(-32001, "Connection", "The datastore is shutting down"), ErrorKind::CommitUnknown),
        ("no object".into(), ErrorKind::CommitUnknown),
        (refusal(-32003, "Query", "A save point could not be closed"), ErrorKind::Query),
        (conflict(), ErrorKind::Conflict),
    ] {
        let peer = peer(some_id(), refusal.clone()).await;
        let db = Surreal::connect(peer.url()).await.unwrap();
        let tx = db.begin_transaction().await.unwrap();
        tx.execute("RETURN 1").await.unwrap();
        let error = tx.commit().await.unwrap_err();
        assert_eq!(error.kind(), expected, "{refusal:?}: {error:?}");
        assert_eq!(error.delivery() == Delivery::Unknown, expected == ErrorKind::CommitUnknown, "{error:?}");
    }
}

#[async_test(blocking)]
async fn begin_may_be_answered_with_an_object() {
    let begun = cbor!({"id" => some_id(), "isolation" => "snapshot"}).unwrap();
    let peer = peer(begun, ciborium::Value::Null).await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let tx = db.begin_transaction().await.unwrap();
    assert_eq!(tx.id().to_string(), "07070707-0707-0707-0707-070707070707");
    tx.cancel().await.unwrap();
}

#[async_test(blocking)]
async fn begin_without_an_id_is_a_protocol_error() {
    let peer = peer("soon".into(), ciborium::Value::Null).await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    assert_eq!(db.begin_transaction().await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[async_test(blocking)]
async fn transaction_runs_where_its_session_is() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let elsewhere = unique("elsewhere");
    session.use_db(&elsewhere).await.unwrap();
    let seen: String = tx.query("RETURN session::db()").await.unwrap().take(0).unwrap();
    assert_eq!(seen, elsewhere);
    tx.cancel().await.unwrap();
}
