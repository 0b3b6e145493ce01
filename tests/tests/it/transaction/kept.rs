//! Futures of a transaction that a program keeps and does not poll block nothing.

use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::{Peer, async_test, login, poll_times, unique};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::{HANGS, accounts, assert_none_open, two};

#[async_test(not_send, blocking)]
async fn commit_ends_beside_a_query_that_is_kept_and_not_polled() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let mut kept = Box::pin(tx.query("SLEEP 50ms; CREATE account:kept SET balance = 1").into_future());
    assert!(poll_times(1, &mut kept).await.is_none());
    timeout(HANGS, tx.commit()).await.unwrap().unwrap();
    assert_eq!(accounts(&session).await, [("kept".to_owned(), 1)]);
    drop(kept.await.unwrap().check().unwrap());
}

#[async_test(not_send, blocking)]
async fn cancel_ends_beside_a_query_that_is_kept_and_not_polled() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let mut kept = Box::pin(tx.query("SLEEP 50ms; CREATE account:kept SET balance = 1").into_future());
    assert!(poll_times(1, &mut kept).await.is_none());
    timeout(HANGS, tx.cancel()).await.unwrap().unwrap();
    assert_eq!(accounts(&session).await, []);
    drop(kept);
    assert_none_open(&session).await;
}

#[async_test(not_send, blocking)]
async fn queries_behind_one_that_is_kept_are_carried_out() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let mut kept: Vec<_> = (0..5)
        .map(|n| {
            Box::pin(tx.query(Surql::dynamic(format!("SLEEP 20ms; CREATE account:a{n} SET balance = 1"))).into_future())
        })
        .collect();
    for query in &mut kept {
        assert!(poll_times(1, query).await.is_none());
    }
    let seen: Vec<i64> =
        timeout(HANGS, tx.query("SELECT VALUE balance FROM account")).await.unwrap().unwrap().take(0).unwrap();
    assert_eq!(seen, [1; 5]);
    let read_after = kept.pop().unwrap();
    timeout(HANGS, tx.commit()).await.unwrap().unwrap();
    drop(read_after.await.unwrap().check().unwrap());
    assert_eq!(accounts(&session).await.len(), 5);
}

#[async_test(not_send, blocking)]
async fn failure_of_a_query_that_is_kept_is_final() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    tx.execute("CREATE account:a SET balance = 1").await.unwrap();
    let mut kept = Box::pin(tx.query("SLEEP 50ms; THROW 'no'").into_future());
    assert!(poll_times(1, &mut kept).await.is_none());
    let error = timeout(HANGS, tx.commit()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionFailed, "{error:?}");
    assert_eq!(accounts(&session).await, []);
    assert_none_open(&session).await;
}

#[async_test(not_send, blocking)]
async fn reply_that_was_dropped_unread_fails_the_transaction() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let mut kept = Box::pin(tx.query("SLEEP 50ms; CREATE account:kept SET balance = 1").into_future());
    assert!(poll_times(1, &mut kept).await.is_none());
    tx.execute("RETURN 1").await.unwrap();
    drop(kept);
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionFailed, "{error:?}");
    assert_eq!(accounts(&session).await, []);
}

#[async_test(not_send, blocking)]
async fn end_comes_at_its_own_deadline_not_at_that_of_the_query_before_it() {
    let login = login().await;
    let db = Surreal::connect(login.url).deadline(Duration::from_secs(2)).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("kept")).use_db("test").deadline(HANGS).await.unwrap();
    session.execute("DEFINE TABLE account").await.unwrap();
    for commit in [true, false] {
        let tx = session.begin_transaction().await.unwrap();
        let slow = tx.query("CREATE account:slow; SLEEP 5s").deadline(Duration::from_secs(20));
        let mut slow = slow.into_future();
        assert!(poll_times(1, &mut slow).await.is_none());
        let slow = tokio::spawn(slow);
        let (clone, begun) = (tx.clone(), Instant::now());
        let error = timeout(HANGS, async { if commit { tx.commit().await } else { tx.cancel().await } })
            .await
            .unwrap()
            .unwrap_err();
        assert!(begun.elapsed() < Duration::from_millis(4500), "{:?}", begun.elapsed());
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
        assert_eq!(clone.query("RETURN 1").await.unwrap_err().kind(), ErrorKind::TransactionClosed);
        let _ = slow.await.unwrap();
        assert_eq!(accounts(&session).await, []);
        assert_none_open(&session).await;
    }
}

#[async_test(not_send, blocking)]
async fn end_comes_with_the_connection() {
    let (sent, mut was_sent) = mpsc::unbounded_channel();
    let peer = Peer::start(move |mut peer| {
        let sent = sent.clone();
        async move {
            while let Some((id, method)) = peer.request().await {
                match method.as_str() {
                    "begin" => {
                        peer.reply(id, ciborium::Value::Tag(37, Box::new(ciborium::Value::Bytes(vec![7; 16])))).await;
                    }
                    "query" => sent.send(()).unwrap(),
                    _ => peer.reply(id, ciborium::Value::Null).await,
                }
            }
        }
    })
    .await;
    for commit in [true, false] {
        let db = Surreal::connect(peer.url()).await.unwrap();
        let tx = db.begin_transaction().await.unwrap();
        let mut kept = Box::pin(tx.query("RETURN 1").into_future());
        assert!(poll_times(1, &mut kept).await.is_none());
        was_sent.recv().await.unwrap();
        let end = tokio::spawn(async move { if commit { tx.commit().await } else { tx.cancel().await } });
        db.close().await.unwrap();
        let error = timeout(HANGS, end).await.unwrap().unwrap().unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent, "{error:?}");
    }
}
