//! Calls that are repeated by the client: single writes after a conflict, and transactions.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ciborium::cbor;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{Error, Result};
use surreal_session_tests::{Loss, Peer, Proxy, async_test, eventually, login, place};
use tokio::time::timeout;

/// Longer than any call here may take: a call that still waits after it hangs.
const HANGS: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Counter {
    id: Id<Counter>,
    n: i64,
}

async fn counter() -> (Surreal, Session) {
    let (db, session) = place().await;
    session.create::<Counter>().id("c").content(NewCounter { n: 0 }).await.unwrap();
    (db, session)
}

async fn value(session: &Session) -> usize {
    let counter = session.select::<Counter>().id("c").one().await.unwrap();
    usize::try_from(counter.n).unwrap()
}

fn kinds<T>(results: &[Result<T>]) -> Vec<ErrorKind> {
    results.iter().filter_map(|result| result.as_ref().err()).map(Error::kind).collect()
}

#[async_test(not_send)]
async fn contended_writes_succeed_if_they_are_repeated() {
    let (_db, session) = counter().await;
    // The event makes each write slow enough to meet others.
    session.execute("DEFINE EVENT slow ON counter THEN { SLEEP 20ms }").await.unwrap();
    let add = |retries| {
        let session = session.clone();
        let add = session.update::<Counter>().id("c").set(|counter| counter.n.add(1)).retries(retries);
        tokio::spawn(add.into_future())
    };
    let results = join_all((0..16).map(|_| add(1_000))).await.into_iter().map(std::result::Result::unwrap);
    let results: Vec<_> = results.collect();
    assert_eq!(kinds(&results), []);
    assert_eq!(value(&session).await, 16);
    let results = join_all((0..16).map(|_| add(0))).await.into_iter().map(std::result::Result::unwrap);
    let results: Vec<_> = results.collect();
    let failed = kinds(&results);
    assert!(!failed.is_empty() && failed.iter().all(|kind| *kind == ErrorKind::Conflict), "{failed:?}");
    assert_eq!(value(&session).await, 32 - failed.len());
}

fn ok(result: ciborium::Value) -> ciborium::Value {
    cbor!({"status" => "OK", "result" => result}).unwrap()
}

fn conflict() -> ciborium::Value {
    let details = cbor!({"kind" => "TransactionConflict"}).unwrap();
    cbor!({"status" => "ERR", "result" => "busy", "kind" => "Query", "details" => details}).unwrap()
}

/// A connection to a peer that answers queries with these results in turn, and then with conflicts. Counts the queries.
async fn answers(results: Vec<Vec<ciborium::Value>>) -> (Surreal, Arc<AtomicUsize>) {
    answers_with_default(results, 0).await
}

/// The same for a connection that repeats writes.
async fn answers_with_default(results: Vec<Vec<ciborium::Value>>, default: u32) -> (Surreal, Arc<AtomicUsize>) {
    let queries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&queries);
    let peer = Peer::start(move |mut client| {
        let (results, queries) = (results.clone(), Arc::clone(&counted));
        async move {
            while let Some((id, method)) = client.request().await {
                let result = match method.as_str() {
                    "begin" => ciborium::Value::Tag(37, Box::new(vec![7_u8; 16].into())),
                    "query" => {
                        let index = queries.fetch_add(1, Ordering::Relaxed);
                        results.get(index).cloned().unwrap_or_else(|| vec![conflict()]).into()
                    }
                    _ => ciborium::Value::Null,
                };
                client.reply(id, result).await;
            }
        }
    })
    .await;
    (Surreal::connect(peer.url()).conflict_retries(default).await.unwrap(), queries)
}

fn target() -> RecordId {
    RecordId::new("counter", "c")
}

#[async_test]
async fn write_is_repeated_as_often_as_it_says() {
    for (retries, sent) in [(None, 1), (Some(0), 1), (Some(3), 4)] {
        let (db, queries) = answers(Vec::new()).await;
        let write = db.untyped().update(target()).merge(1).apply_if_set(retries);
        let error = write.await.unwrap_err();
        assert!(error.is_conflict() && error.is_retryable() && error.is_safe_to_repeat(), "{error:?}");
        assert_eq!(queries.load(Ordering::Relaxed), sent, "{retries:?}");
    }
}

#[async_test]
async fn connection_sets_how_often_its_writes_are_repeated() {
    let (db, queries) = answers_with_default(Vec::new(), 2).await;
    let sent = || queries.swap(0, Ordering::Relaxed);
    assert!(db.untyped().update(target()).merge(1).await.unwrap_err().is_conflict());
    assert_eq!(sent(), 3);
    assert!(db.untyped().insert(Table::new("counter"), [1]).await.unwrap_err().is_conflict());
    assert_eq!(sent(), 3);
    assert!(db.untyped().update(target()).merge(1).retries(0).await.unwrap_err().is_conflict());
    assert_eq!(sent(), 1);
    assert!(db.execute("UPDATE counter:c MERGE 1").await.unwrap_err().is_conflict());
    assert_eq!(sent(), 1);
    assert!(db.untyped().select(target()).await.unwrap_err().is_conflict());
    assert_eq!(sent(), 1);
    let writes = (db.untyped().update(target()).merge(1),);
    assert!(db.batch(writes).await.unwrap_err().is_conflict());
    assert_eq!(sent(), 1);
}

trait ApplyIfSet: Sized {
    fn apply_if_set(self, retries: Option<u32>) -> Self;
}

impl ApplyIfSet for surreal_session::query::write::Write<Value> {
    fn apply_if_set(self, retries: Option<u32>) -> Self {
        match retries {
            Some(retries) => self.retries(retries),
            None => self,
        }
    }
}

#[async_test]
async fn every_write_can_be_repeated() {
    let row = || cbor!([{"id" => "counter:c", "n" => 1}]).unwrap();
    let conflicts = || vec![vec![conflict()], vec![conflict()], vec![ok(row())]];
    for number in 0..7 {
        let (db, queries) = answers(conflicts()).await;
        let (verbs, table) = (db.untyped(), Table::new("counter"));
        match number {
            0 => drop(verbs.create(target()).retries(2).await.unwrap()),
            1 => drop(verbs.update(table).merge(1).retries(2).await.unwrap()),
            2 => drop(verbs.upsert(target()).merge(1).optional().retries(2).await.unwrap()),
            3 => drop(verbs.delete(target()).retries(2).await.unwrap()),
            4 => drop(verbs.insert(table, [1]).retries(2).await.unwrap()),
            5 => drop(verbs.relate(target(), table, target()).retries(2).await.unwrap()),
            _ => verbs.update(target()).retries(2).merge(1).return_none().await.unwrap(),
        }
        assert_eq!(queries.load(Ordering::Relaxed), 3, "{number}");
    }
}

#[async_test]
async fn write_is_not_repeated_after_its_deadline() {
    let (db, queries) = answers(Vec::new()).await;
    let started = Instant::now();
    let write = db.untyped().update(target()).merge(1).retries(u32::MAX).deadline(Duration::from_secs(1));
    let error = timeout(HANGS, write.into_future()).await.expect("hangs").unwrap_err();
    // The deadline may end while an attempt waits for its reply.
    assert!(error.is_conflict() || error.kind() == ErrorKind::Timeout, "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(5) && queries.load(Ordering::Relaxed) > 1);
}

#[async_test]
async fn write_in_a_transaction_is_not_repeated() {
    let (db, queries) = answers(Vec::new()).await;
    let tx = db.begin_transaction().await.unwrap();
    assert!(tx.untyped().update(target()).merge(1).retries(5).await.unwrap_err().is_conflict());
    assert!(tx.commit().await.unwrap_err().is_conflict());
    assert_eq!(queries.load(Ordering::Relaxed), 1);
}

#[async_test]
async fn only_the_request_of_an_insert_that_conflicted_is_repeated() {
    let rows = |count: usize| vec![ok(vec![ciborium::Value::from(1); count].into())];
    let (db, queries) = answers(vec![rows(2), vec![conflict()], rows(2), vec![conflict()], rows(1)]).await;
    let insert = db.untyped().insert(Table::new("counter"), 0..5).chunk(2).retries(1);
    assert_eq!(insert.await.unwrap().len(), 5);
    assert_eq!(queries.load(Ordering::Relaxed), 5);

    let (db, queries) = answers(vec![rows(2)]).await;
    let error = db.untyped().insert(Table::new("counter"), 0..5).chunk(2).retries(2).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::PartlyApplied, false), "{error:?}");
    assert_eq!(queries.load(Ordering::Relaxed), 4);
}

#[async_test]
async fn conflict_in_a_text_is_retryable_only_if_nothing_else_is_applied() {
    let none = || ok(ciborium::Value::Tag(6, Box::new(ciborium::Value::Null)));
    let echo = || {
        let details = cbor!({"kind" => "NotExecuted"}).unwrap();
        cbor!({"status" => "ERR", "result" => "not executed", "kind" => "Query", "details" => details}).unwrap()
    };
    for (results, expected) in [
        (vec![conflict()], true),
        (vec![conflict(), conflict()], true),
        (vec![none(), conflict()], false),
        (vec![conflict(), none()], false),
        // A transaction block: BEGIN has a result.
        (vec![none(), echo(), conflict()], true),
        (vec![none(), conflict(), echo()], true),
        (vec![none(), none(), echo(), conflict()], false),
        (vec![none(), echo(), conflict(), none()], false),
    ] {
        let (db, _) = answers(vec![results.clone()]).await;
        let error = db.execute("BEGIN; UPDATE a; COMMIT").await.unwrap_err();
        assert!(error.is_conflict(), "{error:?}");
        assert_eq!((error.is_retryable(), error.is_safe_to_repeat()), (expected, expected), "{results:?}");
    }
}

#[async_test(not_send)]
async fn transaction_runs_again_for_as_long_as_it_says() {
    let (db, queries) = answers(Vec::new()).await;
    let started = Instant::now();
    let transaction = db.transaction().backoff(Duration::ZERO..Duration::from_millis(20));
    let run = transaction.retry_for(Duration::from_millis(300)).run(async |tx| tx.execute("RETURN 1").await);
    let error = timeout(HANGS, run).await.expect("hangs").unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    let runs = queries.load(Ordering::Relaxed);
    assert!(runs > 5 && started.elapsed() > Duration::from_millis(200), "{runs} runs in {:?}", started.elapsed());
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

/// Methods in frames: CBOR texts of five and of six bytes.
const BEGIN: &str = "ebegin";
const COMMIT: &str = "fcommit";
const STATEMENT: &str = "UPDATE counter:c";

async fn add_one(tx: &Transaction) -> Result<()> {
    tx.execute("UPDATE counter:c SET n += 1").await
}

#[async_test(not_send)]
async fn transaction_runs_again_if_its_link_is_lost_before_the_commit() {
    let (_db, beside) = counter().await;
    let (proxy, session) = behind_proxy(&beside).await;
    let mut expected = 0;
    for (text, loss, expected_runs) in [
        (BEGIN, Loss::Request, 1),
        (BEGIN, Loss::Reply, 1),
        (BEGIN, Loss::Late(Duration::from_millis(100)), 1),
        (STATEMENT, Loss::Request, 2),
        (STATEMENT, Loss::Reply, 2),
        (STATEMENT, Loss::Late(Duration::from_millis(100)), 2),
    ] {
        proxy.lose_next(text, loss);
        let runs = Cell::new(0);
        let run = session.transaction().run(async |tx| {
            runs.set(runs.get() + 1);
            add_one(&tx).await
        });
        timeout(HANGS, run).await.expect("hangs").unwrap();
        expected += 1;
        assert_eq!((runs.get(), value(&beside).await), (expected_runs, expected), "{text} {loss:?}");
    }
    let runs = Cell::new(0);
    let run = session.transaction().run(async |tx| {
        runs.set(runs.get() + 1);
        add_one(&tx).await?;
        if runs.get() <= 2 {
            proxy.cut();
            eventually("the loss is noticed", async || tx.execute("RETURN 1").await.is_err()).await;
        }
        // The closure hides it.
        Ok(())
    });
    timeout(HANGS, run).await.expect("hangs").unwrap();
    assert_eq!((runs.get(), value(&beside).await), (3, expected + 1));
}

#[async_test(not_send)]
async fn lost_transaction_is_told_if_it_may_not_run_again() {
    let (_db, beside) = counter().await;
    let (proxy, session) = behind_proxy(&beside).await;
    for (text, loss) in [(BEGIN, Loss::Reply), (STATEMENT, Loss::Reply), (STATEMENT, Loss::Request)] {
        proxy.lose_next(text, loss);
        let run = session.transaction().retries(0).run(async |tx| add_one(&tx).await);
        let error = timeout(HANGS, run).await.expect("hangs").unwrap_err();
        let state = (error.kind(), error.delivery(), error.is_retryable(), error.is_safe_to_repeat());
        assert_eq!(state, (ErrorKind::TransactionLost, Delivery::RolledBack, true, true), "{text} {loss:?}: {error:?}");
    }
    let tx = session.begin_transaction().await.unwrap();
    add_one(&tx).await.unwrap();
    proxy.cut();
    eventually("the loss is noticed", async || tx.execute("RETURN 1").await.is_err()).await;
    let error = timeout(HANGS, tx.commit()).await.expect("hangs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionLost, "{error:?}");
    // The same handle works again.
    timeout(HANGS, session.transaction().run(async |tx| add_one(&tx).await)).await.expect("hangs").unwrap();
    assert_eq!(value(&beside).await, 1);
}

#[async_test(not_send)]
async fn lost_commit_is_not_repeated() {
    let (_db, beside) = counter().await;
    let (proxy, session) = behind_proxy(&beside).await;
    let mut expected = 0;
    for (loss, is_applied) in [(Loss::Request, false), (Loss::Reply, true)] {
        proxy.lose_next(COMMIT, loss);
        let runs = Cell::new(0);
        let run = session.transaction().run(async |tx| {
            runs.set(runs.get() + 1);
            add_one(&tx).await
        });
        let error = timeout(HANGS, run).await.expect("hangs").unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::CommitUnknown, Delivery::Unknown), "{error:?}");
        assert!(!error.is_retryable() && !error.is_safe_to_repeat() && error.commit_marker().is_none(), "{error:?}");
        expected += usize::from(is_applied);
        // The server goes on with the commit.
        eventually("the commit is applied", async || value(&beside).await == expected).await;
        assert_eq!(runs.get(), 1, "{loss:?}");
    }
}

/// The default number of retries, five, was too small for this: 31 of the 40 failed.
#[async_test(not_send)]
async fn contended_transactions_succeed() {
    let (_db, session) = counter().await;
    let runs = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let transactions = (0..40).map(|_| {
        let (session, runs) = (session.clone(), Arc::clone(&runs));
        tokio::spawn(async move {
            let run = session.transaction().run(async |tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                let counter = tx.select::<Counter>().id("c").one().await?;
                tx.update::<Counter>().id("c").set(|c| c.n.set(counter.n + 1)).await.map(drop)
            });
            run.await
        })
    });
    let results: Vec<_> = join_all(transactions).await.into_iter().map(std::result::Result::unwrap).collect();
    let failed = kinds(&results);
    println!("{} of 40 failed, {} runs in {:?}", failed.len(), runs.load(Ordering::Relaxed), started.elapsed());
    assert_eq!(value(&session).await, 40 - failed.len());
    assert!(failed.len() <= 10, "{failed:?}");
}
