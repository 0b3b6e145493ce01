//! Every future of a transaction is polled 0, 1, 2, … times and dropped: none stays open, none is partial.

use std::time::Duration;

use surreal_session::Result;
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, async_test, eventually, login, poll_times, rest, unique};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Account, HANGS, accounts, assert_none_open, new, two};

/// A session on a connection that takes one call at a time, so that futures wait at more points.
async fn narrow() -> Session {
    let login = login().await;
    let db = Surreal::connect(login.url).max_calls(1).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("cancel")).use_db("test").await.unwrap();
    session
        .execute("DEFINE TABLE account; DEFINE FUNCTION fn::open() { CREATE account SET balance = 1 }")
        .await
        .unwrap();
    session
}

/// Drops the future of `make` in transactions after 0, 1, 2, … polls until it completes, and commits each of them.
async fn drop_at_every_await<T, F: Future<Output = Result<T>>>(session: &Session, make: impl Fn(&Transaction) -> F) {
    for polls in 0..100 {
        let tx = session.begin_transaction().await.unwrap();
        let done = poll_times(polls, make(&tx)).await;
        let committed = tx.commit().await;
        match (&done, &committed) {
            (Some(result), Ok(())) => assert!(result.is_ok()),
            // Nothing was sent.
            (None, Ok(())) => assert_eq!(polls, 0),
            (None, Err(error)) => assert_eq!(error.kind(), ErrorKind::TransactionFailed, "{error:?}"),
            (Some(_), Err(error)) => panic!("{error:?}"),
        }
        let written = accounts(session).await.len();
        assert!(written == 0 || done.is_some(), "{written} written after {polls} polls");
        if done.is_some() {
            session.execute("DELETE account").await.unwrap();
            return assert_none_open(session).await;
        }
    }
    panic!("never ready");
}

#[async_test(not_send, blocking)]
async fn dropped_verbs_fail_the_transaction() {
    let session = narrow().await;
    drop_at_every_await(&session, |tx| tx.query("CREATE account SET balance = 1").into_future()).await;
    drop_at_every_await(&session, |tx| tx.create::<Account>().content(new(1)).into_future()).await;
    drop_at_every_await(&session, |tx| tx.run::<Value>("fn::open").into_future()).await;
    drop_at_every_await(&session, |tx| tx.insert(vec![new(1), new(1)]).into_future()).await;
    drop_at_every_await(&session, |tx| tx.update::<Account>().all().set(|it| it.balance.add(1)).into_future()).await;
    drop_at_every_await(&session, |tx| tx.batch((tx.create::<Account>().content(new(1)),)).into_future()).await;
    drop_at_every_await(&session, |tx| tx.select::<Account>().into_future()).await;
    drop_at_every_await(&session, |tx| tx.select::<Account>().id("a").into_future()).await;
}

#[async_test(not_send, blocking)]
async fn dropped_begin_is_cancelled() {
    let session = narrow().await;
    // More often than the limit of open transactions.
    for polls in (0..4).cycle().take(100) {
        drop(poll_times(polls, session.begin_transaction()).await);
    }
    assert_none_open(&session).await;
}

#[async_test(not_send, blocking)]
async fn dropped_commit_and_cancel_end_the_transaction() {
    let session = narrow().await;
    for polls in (0..6).cycle().take(72) {
        let tx = session.begin_transaction().await.unwrap();
        tx.create::<Account>().content(new(1)).await.unwrap();
        let commit = polls >= 3;
        match commit {
            true => drop(poll_times(polls - 3, tx.commit()).await),
            false => drop(poll_times(polls, tx.cancel()).await),
        }
    }
    assert_none_open(&session).await;
    // Commits that were polled once or twice are carried out.
    eventually("commits are carried out", async || accounts(&session).await.len() == 24).await;
}

/// Begins a transaction on a peer that answers late, in the way that `give_up` says, and expects it to be cancelled.
async fn lose_a_begin(deadline: Duration, give_up: impl AsyncFnOnce(&Surreal)) {
    let (told, mut methods) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = oneshot::channel::<()>();
    let released = std::sync::Mutex::new(Some(released));
    let peer = Peer::start(move |mut client| {
        let (told, released) = (told.clone(), released.lock().unwrap().take());
        async move {
            let (begin, _) = client.request().await.unwrap();
            if let Some(released) = released {
                let _ = released.await;
            }
            client.reply(begin, ciborium::Value::Tag(37, Box::new(vec![7_u8; 16].into()))).await;
            while let Some((id, method)) = client.request().await {
                let _ = told.send(method);
                client.reply(id, ciborium::Value::Null).await;
            }
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).deadline(deadline).await.unwrap();
    give_up(&db).await;
    release.send(()).unwrap();
    while timeout(HANGS, methods.recv()).await.expect("hangs").unwrap() != "cancel" {}
}

#[async_test(blocking)]
async fn transaction_begun_for_a_dropped_caller_is_cancelled() {
    lose_a_begin(HANGS, async |db| {
        timeout(Duration::from_millis(50), db.begin_transaction()).await.unwrap_err();
    })
    .await;
}

#[async_test(blocking)]
async fn transaction_begun_after_the_deadline_is_cancelled() {
    lose_a_begin(Duration::from_millis(500), async |db| {
        assert_eq!(db.begin_transaction().await.unwrap_err().kind(), ErrorKind::Timeout);
    })
    .await;
}

#[async_test(not_send, blocking)]
async fn transactions_begun_while_the_session_is_closed_are_cancelled() {
    let (_db, session, other) = two().await;
    let mut begins = Vec::new();
    for _ in 0..20 {
        let mut begin = session.begin_transaction();
        // Rarely begun at once, by the driver on another thread.
        let early = poll_times(1, &mut begin).await;
        begins.push((early, begin));
    }
    session.close_session().await.unwrap();
    for (early, begin) in begins {
        match rest(early, begin).await {
            Ok(tx) => assert_eq!(tx.commit().await.unwrap_err().kind(), ErrorKind::SessionClosed),
            Err(error) => assert_eq!(error.kind(), ErrorKind::SessionClosed, "{error:?}"),
        }
    }
    assert_none_open(&other).await;
}
