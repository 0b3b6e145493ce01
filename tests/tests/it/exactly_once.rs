//! Transactions that are applied exactly once, although the replies to their commits are lost or late.

mod claims;
mod markers;

use std::cell::Cell;
use std::error::Error as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{CommitMarker, Error, Result};
use surreal_session_tests::{Loss, Proxy, async_test, eventually, login, place};
use tokio::time::{sleep, timeout};

/// Longer than any call here may take: a call that still waits after it hangs.
const HANGS: Duration = Duration::from_secs(20);

/// The method of a commit as its frame has it: a CBOR text of six bytes.
const COMMIT: &str = "fcommit";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account>,
    balance: i64,
}

/// A session in a new database with an account and the table of markers.
async fn bank() -> (Surreal, Session) {
    let (db, session) = place().await;
    CommitMarker::define(&session).await.unwrap();
    session.create::<Account>().id("ada").content(NewAccount { balance: 100 }).await.unwrap();
    (db, session)
}

/// A session behind a proxy, in the database of `beside`.
async fn behind_proxy(beside: &Session) -> (Proxy, Session) {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(beside.namespace().unwrap()).use_db("test").await.unwrap();
    (proxy, session)
}

async fn add_one(tx: &Transaction) -> Result<i64> {
    let account = tx.update::<Account>().id("ada").set(|account| account.balance.add(1)).await?;
    Ok(account.balance)
}

async fn balance(session: &Session) -> i64 {
    session.select::<Account>().id("ada").one().await.unwrap().balance
}

/// The states of the markers that exist.
async fn markers(session: &Session) -> Vec<String> {
    session.query("SELECT VALUE state FROM commit_marker").await.unwrap().take(0).unwrap()
}

async fn no_markers(session: &Session) {
    eventually("the marker is deleted", async || markers(session).await.is_empty()).await;
}

#[async_test(not_send)]
async fn transaction_without_trouble_runs_once_and_leaves_no_marker() {
    let (_db, session) = bank().await;
    let runs = Cell::new(0);
    let run = session.transaction().exactly_once().run(async |tx| {
        runs.set(runs.get() + 1);
        assert_eq!(markers(&session).await, Vec::<String>::new(), "it is not committed");
        add_one(&tx).await
    });
    assert_eq!((run.await.unwrap(), runs.get(), balance(&session).await), (101, 1, 101));
    no_markers(&session).await;
}

#[async_test(not_send)]
async fn closure_that_fails_leaves_nothing() {
    let (_db, session) = bank().await;
    let run = session.transaction().exactly_once().run(async |tx| {
        add_one(&tx).await?;
        tx.execute("THROW 'no'").await
    });
    assert_eq!(run.await.unwrap_err().thrown(), Some("no"));
    assert_eq!(balance(&session).await, 100);
    assert_eq!(markers(&session).await, Vec::<String>::new());
}

#[async_test(not_send)]
async fn closure_runs_again_after_a_conflict() {
    let (_db, session) = bank().await;
    let runs = Cell::new(0);
    let run = session.transaction().exactly_once().run(async |tx| {
        runs.set(runs.get() + 1);
        add_one(&tx).await?;
        if runs.get() == 1 {
            session.execute("UPDATE account:ada SET balance = 0").await?;
        }
        Ok(())
    });
    run.await.unwrap();
    assert_eq!((runs.get(), balance(&session).await), (2, 1));
    no_markers(&session).await;
}

/// Runs a transaction whose first commit is lost in this way. Returns the outcome and the number of runs.
async fn lose_commit(proxy: &Proxy, session: &Session, loss: Loss) -> (Result<i64>, usize) {
    let runs = Cell::new(0);
    proxy.lose_next(COMMIT, loss);
    let run = session.transaction().exactly_once().run(async |tx| {
        runs.set(runs.get() + 1);
        add_one(&tx).await
    });
    let outcome = timeout(HANGS, run).await.expect("hangs");
    (outcome, runs.get())
}

#[async_test(not_send)]
async fn commit_whose_reply_is_lost_is_not_repeated() {
    let (_db, beside) = bank().await;
    let (proxy, session) = behind_proxy(&beside).await;
    let (outcome, runs) = lose_commit(&proxy, &session, Loss::Reply).await;
    assert_eq!((outcome.unwrap(), runs, balance(&beside).await), (101, 1, 101));
    no_markers(&beside).await;
}

#[async_test(not_send)]
async fn commit_that_does_not_reach_the_server_is_repeated() {
    let (_db, beside) = bank().await;
    let (proxy, session) = behind_proxy(&beside).await;
    let (outcome, runs) = lose_commit(&proxy, &session, Loss::Request).await;
    assert_eq!((outcome.unwrap(), runs, balance(&beside).await), (101, 2, 101));
    no_markers(&beside).await;
}

#[async_test(not_send)]
async fn commit_that_arrives_after_the_claim_is_not_applied() {
    let (_db, beside) = bank().await;
    let (proxy, session) = behind_proxy(&beside).await;
    for expected in 101..104 {
        let late = Duration::from_millis(600);
        let (outcome, runs) = lose_commit(&proxy, &session, Loss::Late(late)).await;
        assert_eq!((outcome.unwrap(), runs), (expected, 2));
        // The old commit arrives meanwhile.
        sleep(late * 2).await;
        assert_eq!(balance(&beside).await, expected);
    }
    no_markers(&beside).await;
}

#[async_test(not_send)]
async fn commit_that_arrives_at_the_time_of_the_claim_is_applied_once() {
    let (_db, beside) = bank().await;
    let (proxy, session) = behind_proxy(&beside).await;
    let mut again = 0;
    for round in 0..12 {
        let before = balance(&beside).await;
        let late = Duration::from_millis(round * 15);
        let (outcome, runs) = lose_commit(&proxy, &session, Loss::Late(late)).await;
        sleep(Duration::from_millis(200)).await;
        assert_eq!((outcome.unwrap(), balance(&beside).await), (before + 1, before + 1), "{late:?}, {runs} runs");
        again += runs - 1;
    }
    println!("{again} of 12 ran again");
}

#[async_test(not_send)]
async fn commit_that_cannot_be_settled_in_time_is_settled_later() {
    for (loss, is_applied) in [(Loss::Reply, true), (Loss::Request, false), (Loss::Late(Duration::from_secs(1)), false)]
    {
        let (_db, beside) = bank().await;
        let (proxy, session) = behind_proxy(&beside).await;
        proxy.lose_next(COMMIT, loss);
        let transaction = session.transaction().deadline(Duration::from_millis(700)).exactly_once();
        let run = transaction.run(async |tx| {
            add_one(&tx).await?;
            // From now on, only the open connection works.
            proxy.answer(503, None);
            Ok(())
        });
        let error = timeout(HANGS, run).await.expect("hangs").unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::CommitUnknown, Delivery::Unknown), "{error:?}");
        assert!(!error.is_retryable() && !error.is_safe_to_repeat(), "{error:?}");
        let marker = stored_and_read(error.commit_marker().unwrap());
        assert!(error.to_string().contains(&marker.to_string()), "{error}");
        // The answer is final.
        for _ in 0..2 {
            assert_eq!(beside.was_applied(&marker).await.unwrap(), is_applied, "{loss:?}");
        }
        sleep(Duration::from_millis(1_100)).await;
        assert_eq!(balance(&beside).await, 100 + i64::from(is_applied), "{loss:?}");
        assert_eq!(beside.was_applied(&marker).await.unwrap(), is_applied, "{loss:?}");
    }
}

/// The marker as a program reads it back that has stored it as JSON.
fn stored_and_read(marker: &CommitMarker) -> CommitMarker {
    let read = serde_json::from_str(&serde_json::to_string(marker).unwrap()).unwrap();
    assert_eq!(*marker, read);
    read
}

fn cause(error: &Error) -> &Error {
    error.source().unwrap().downcast_ref().unwrap()
}
