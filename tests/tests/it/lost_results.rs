//! Results that the server cannot send: the error of each call reports that it ran.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{Error, ErrorKind};
use surreal_session_tests::{async_test, place};

/// A place with two records, of which the second holds a regex.
async fn place_with_a_regex() -> (Surreal, Session) {
    let (db, session) = place().await;
    let text = "CREATE t:1 SET n = 0 RETURN NONE; CREATE t:2 SET n = 0, r = /a/ RETURN NONE";
    session.execute(text).await.unwrap();
    (db, session)
}

#[track_caller]
fn assert_ran<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert_lost(result, Delivery::Unknown);
}

#[track_caller]
fn assert_lost<T: std::fmt::Debug>(result: Result<T, Error>, delivery: Delivery) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Serialization, delivery), "{error:?}");
    assert!(!error.is_retryable());
    let text = error.to_string();
    assert!(text.contains("the server ran `") && text.contains("` but cannot send its result"), "{text}");
}

async fn numbers(session: &Session) -> Vec<i64> {
    session.query("SELECT VALUE n FROM t ORDER BY n").await.unwrap().take(0).unwrap()
}

async fn lives(session: &Session) -> usize {
    session.query("RETURN object::len((INFO FOR TABLE t).lives)").await.unwrap().take(0).unwrap()
}

#[derive(Serialize)]
struct N {
    n: i64,
}

#[async_test]
async fn text_whose_result_is_lost_ran() {
    let (_db, session) = place_with_a_regex().await;
    assert_ran(session.query("UPDATE t:1 SET n = 1; RETURN /a/").await);
    assert_eq!(numbers(&session).await, [0, 1]);
    assert_ran(session.query("BEGIN; UPDATE t:1 SET n = 2; RETURN [{ r: /a/ }]; COMMIT").await);
    assert_eq!(numbers(&session).await, [0, 2]);
    session.execute("DEFINE FUNCTION fn::f() { UPDATE t:1 SET n = 3; RETURN /a/ }").await.unwrap();
    assert_ran(session.run::<Value>("fn::f").await);
    assert_eq!(numbers(&session).await, [0, 3]);
}

#[async_test]
async fn text_that_does_not_parse_did_not_run() {
    let (_db, session) = place_with_a_regex().await;
    for text in ["UPDATE t:1 SET n = 1; SELEC 1", "UPDATE t:1 SET n = 1; RETURN /a", "RETURN /(/; UPDATE t SET n = 1"] {
        let error = session.query(text).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Validation, Delivery::Answered), "{error:?}");
    }
    assert_eq!(numbers(&session).await, [0, 0]);
}

#[async_test]
async fn write_whose_result_is_lost_was_carried_out() {
    let (_db, session) = place_with_a_regex().await;
    let two = || RecordId::new("t", 2);
    assert_ran(session.untyped().update(two()).merge(N { n: 1 }).await);
    assert_eq!(numbers(&session).await, [0, 1]);
    assert_ran(session.untyped().update(Table::new("t")).merge(N { n: 2 }).await);
    assert_eq!(numbers(&session).await, [2, 2]);
    assert_ran(session.untyped().upsert(two()).merge(N { n: 3 }).await);
    assert_eq!(numbers(&session).await, [2, 3]);
    assert_ran(session.untyped().select(Table::new("t")).await);
    assert_ran(session.untyped().delete(two()).await);
    assert_eq!(numbers(&session).await, [2]);
}

#[async_test]
async fn batch_whose_results_are_lost_was_carried_out() {
    let (_db, session) = place_with_a_regex().await;
    let update = |key: i64, n: i64| session.untyped().update(RecordId::new("t", key)).merge(N { n });
    assert_ran(session.batch((update(1, 1), update(2, 1))).await);
    assert_eq!(numbers(&session).await, [1, 1]);
    assert_ran(session.batch((update(1, 2), update(2, 2))).settle().await);
    assert_eq!(numbers(&session).await, [2, 2]);
    assert_ran(session.batch((update(1, 3), update(2, 3))).atomic().await);
    assert_eq!(numbers(&session).await, [3, 3]);
}

#[async_test]
async fn transaction_with_a_lost_result_is_not_kept() {
    let (_db, session) = place_with_a_regex().await;
    let tx = session.begin_transaction().await.unwrap();
    assert_lost(tx.query("UPDATE t:1 SET n = 1; RETURN /a/").await, Delivery::RolledBack);
    let failed = tx.query("RETURN 1").await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::TransactionFailed, "{failed:?}");
    assert_eq!(tx.commit().await.unwrap_err().kind(), ErrorKind::TransactionFailed);
    assert_eq!(numbers(&session).await, [0, 0]);

    let runs = AtomicUsize::new(0);
    let runs = &runs;
    let run = session.transaction().run(async move |tx| {
        runs.fetch_add(1, Ordering::Relaxed);
        let _ = tx.query("UPDATE t:1 SET n = 1; RETURN /a/").await;
        Ok::<_, Error>(())
    });
    assert_eq!(run.await.unwrap_err().kind(), ErrorKind::TransactionFailed);
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    assert_eq!(numbers(&session).await, [0, 0]);
}

#[async_test]
async fn typed_call_whose_result_is_lost_was_carried_out() {
    #[derive(Debug, Serialize, Deserialize, Record)]
    struct T {
        id: Id<T, i64>,
        n: i64,
    }
    let (_db, session) = place_with_a_regex().await;
    assert_ran(session.select::<T>().await);
    assert_ran(session.update::<T>().all().set(|t| t.n.set(1)).await);
    assert_eq!(numbers(&session).await, [1, 1]);
    assert_ran(session.update::<T>().id(2).merge(TPatch { n: set(2) }).await);
    assert_eq!(numbers(&session).await, [1, 2]);
    session.update::<T>().id(2).set(|t| t.n.set(3)).return_none().await.unwrap();
    assert_eq!(numbers(&session).await, [1, 3]);
    assert_ran(session.delete::<T>().id(2).await);
    assert_eq!(numbers(&session).await, [1]);
}

#[async_test]
async fn live_snapshot_whose_records_are_lost_fails() {
    #[derive(Debug, Serialize, Deserialize, Record)]
    struct T {
        id: Id<T, i64>,
        n: i64,
    }
    let (_db, session) = place_with_a_regex().await;
    let error = session.live::<T>().snapshot().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Serialization, "{error:?}");
    // The live query is gone.
    for _ in 0..1_000 {
        if lives(&session).await == 0 {
            return;
        }
    }
    panic!("the live query stays");
}
