//! Transactions that a closure runs, repeated after a conflict.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ciborium::cbor;
use surreal_session::Error;
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, async_test, poll_times};

use super::{Account, accounts, assert_none_open, new, two};

/// A program's own error, which hides its source.
#[derive(Debug, PartialEq)]
enum Refused {
    Poor,
    Database(ErrorKind),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Database(error.kind())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Short pauses: the tests do not depend on time.
const PAUSES: std::ops::Range<Duration> = Duration::ZERO..Duration::from_millis(2);

#[async_test(blocking)]
async fn closure_commits_on_ok_and_returns_the_value() {
    let (_db, session, other) = two().await;
    let ada = session
        .transaction()
        .run(async |tx| {
            let ada = tx.create::<Account>().id("ada").content(new(1)).await?;
            assert_eq!(accounts(&other).await, []);
            Ok(ada)
        })
        .await
        .unwrap();
    assert_eq!(ada.balance, 1);
    assert_eq!(accounts(&other).await, [("ada".to_owned(), 1)]);
}

#[async_test(not_send, blocking)]
async fn closure_cancels_on_an_error_of_any_type() {
    let (_db, session, other) = two().await;
    let runs = Cell::new(0);
    let result = session
        .transaction()
        .try_run(async |tx| {
            runs.set(runs.get() + 1);
            tx.create::<Account>().content(new(1)).await?;
            Err::<(), _>(Refused::Poor)
        })
        .await;
    assert_eq!((result, runs.get()), (Err(Refused::Poor), 1));
    assert_none_open(&session).await;
    assert_eq!(accounts(&other).await, []);
}

#[async_test(blocking)]
async fn closure_that_hides_a_failure_does_not_commit() {
    let (_db, session, other) = two().await;
    let error = session
        .transaction()
        .run(async |tx| {
            tx.create::<Account>().content(new(1)).await?;
            let _ = tx.query("THROW 'no'").await;
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionFailed, "{error:?}");
    assert_eq!(accounts(&other).await, []);
}

/// Runs a closure that another session makes conflict the first `conflicts` times.
async fn contended(session: &Session, other: &Session, conflicts: usize, retries: u32) -> (Result<i64, Error>, usize) {
    session.execute("UPSERT account:a SET balance = 0").await.unwrap();
    let runs = AtomicUsize::new(0);
    let result = session
        .transaction()
        .retries(retries)
        .backoff(PAUSES)
        .run(async |tx| {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            let balance: i64 = tx.query("RETURN account:a.balance").await?.take(0)?;
            if run < conflicts {
                other.execute("UPDATE account:a SET balance += 100").await?;
            }
            tx.execute("UPDATE account:a SET balance = $b").bind("b", balance + 1).await?;
            Ok(balance + 1)
        })
        .await;
    (result, runs.into_inner())
}

#[async_test(not_send, blocking)]
async fn closure_is_run_again_from_the_start_after_a_conflict() {
    let (_db, session, other) = two().await;
    let (result, runs) = contended(&session, &other, 3, 5).await;
    assert_eq!((result.unwrap(), runs), (301, 4));
    assert_eq!(accounts(&other).await, [("a".to_owned(), 301)]);
    assert_none_open(&session).await;
}

#[async_test(blocking)]
async fn closure_is_not_run_more_often_than_its_retries() {
    let (_db, session, other) = two().await;
    for retries in [0, 2] {
        let (result, runs) = contended(&session, &other, usize::MAX, retries).await;
        let error = result.unwrap_err();
        assert!(error.is_conflict(), "{error:?}");
        assert_eq!(runs, usize::try_from(retries).unwrap() + 1);
        assert_eq!(error.to_string().starts_with("conflict in each of 3 runs: "), retries == 2, "{error}");
    }
}

#[async_test(not_send, blocking)]
async fn closure_is_not_run_again_after_other_errors() {
    let (_db, session, _other) = two().await;
    session
        .execute("DEFINE INDEX balance ON account FIELDS balance UNIQUE; CREATE account:a SET balance = 1")
        .await
        .unwrap();
    let runs = Cell::new(0);
    let result = session
        .transaction()
        .try_run(async |tx| {
            runs.set(runs.get() + 1);
            tx.create::<Account>().content(new(1)).await?;
            Ok::<_, Refused>(())
        })
        .await;
    assert_eq!((result, runs.get()), (Err(Refused::Database(ErrorKind::Violation)), 1));
}

/// A peer whose first `conflicts` queries fail with a conflict, as those of a distributed storage may.
async fn conflicting_peer(conflicts: usize) -> Peer {
    let left = std::sync::Arc::new(AtomicUsize::new(conflicts));
    Peer::start(move |mut client| {
        let left = std::sync::Arc::clone(&left);
        async move {
            while let Some((id, method)) = client.request().await {
                let result = match method.as_str() {
                    "begin" => ciborium::Value::Tag(37, Box::new(vec![7_u8; 16].into())),
                    "query"
                        if left
                            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                            .is_ok() =>
                    {
                        let details = cbor!({"kind" => "TransactionConflict"}).unwrap();
                        cbor!([{"status" => "ERR", "result" => "busy", "kind" => "Query", "details" => details}])
                            .unwrap()
                    }
                    "query" => cbor!([{"status" => "OK", "result" => 1}]).unwrap(),
                    _ => ciborium::Value::Null,
                };
                client.reply(id, result).await;
            }
        }
    })
    .await
}

#[async_test(not_send, blocking)]
async fn conflict_is_found_although_the_closure_returns_its_own_error_or_ok() {
    let peer = conflicting_peer(2).await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let runs = Cell::new(0);
    let result = db
        .transaction()
        .backoff(PAUSES)
        .try_run(async |tx| {
            runs.set(runs.get() + 1);
            match tx.query("RETURN 1").await?.check() {
                Ok(response) => Ok(response.take::<i64>(0)?),
                // The second time, the closure hides the failure.
                Err(_) if runs.get() == 2 => Ok(0),
                Err(_) => Err(Refused::Poor),
            }
        })
        .await;
    assert_eq!((result, runs.get()), (Ok(1), 3));
}

#[async_test(not_send, blocking)]
async fn last_conflict_of_a_statement_is_the_closures_own_error() {
    let peer = conflicting_peer(usize::MAX).await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let runs = Cell::new(0);
    let run = db.transaction().retries(2).backoff(PAUSES).try_run(async |tx| {
        runs.set(runs.get() + 1);
        tx.execute("RETURN 1").await?;
        Ok::<_, Refused>(())
    });
    assert_eq!((run.await, runs.get()), (Err(Refused::Database(ErrorKind::Conflict)), 3));
}

/// Both kinds of closures, borrowing locals of a future that is spawned.
#[async_test(blocking)]
async fn closures_borrow_locals_of_spawned_futures() {
    let (_db, session, other) = two().await;
    let spawned = session.clone();
    let total = tokio::spawn(async move {
        let (keys, mut runs) = (vec!["a".to_owned(), "b".to_owned()], 0);
        let sum: i64 = spawned
            .transaction()
            .retries(5)
            .run(async |tx| {
                let mut sum = 0;
                for key in &keys {
                    sum += tx.create::<Account>().id(key).content(new(1)).await?.balance;
                }
                Ok(sum)
            })
            .await?;
        let amounts = &keys;
        let more: i64 = spawned
            .transaction()
            .try_run(|tx| {
                runs += 1;
                async move {
                    let rows = i64::try_from(amounts.len()).expect("few");
                    tx.execute("UPDATE account SET balance += $n").bind("n", rows).await?;
                    Ok::<_, Box<dyn std::error::Error + Send + Sync>>(rows)
                }
            })
            .await?;
        assert_eq!(runs, 1);
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(sum + more)
    });
    assert_eq!(total.await.unwrap().unwrap(), 4);
    assert_eq!(accounts(&other).await, [("a".to_owned(), 3), ("b".to_owned(), 3)]);
}

#[async_test(blocking)]
async fn handle_that_escapes_its_closure_cannot_outlive_the_commit() {
    let (_db, session, other) = two().await;
    let mut escaped = None;
    session
        .transaction()
        .run(|tx| {
            escaped = Some(tx.clone());
            async move { tx.create::<Account>().id("a").content(new(1)).await.map(drop) }
        })
        .await
        .unwrap();
    let escaped = escaped.unwrap();
    let error = escaped.create::<Account>().id("b").content(new(1)).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::TransactionClosed, Delivery::NotSent), "{error:?}");
    drop(escaped);
    assert_eq!(accounts(&other).await, [("a".to_owned(), 1)]);
}

#[async_test(blocking)]
async fn closure_cannot_end_its_transaction_itself() {
    let (_db, session, other) = two().await;
    session
        .transaction()
        .run(async |tx| {
            tx.create::<Account>().id("a").content(new(1)).await?;
            for error in [tx.clone().commit().await.unwrap_err(), tx.clone().cancel().await.unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(accounts(&other).await, [("a".to_owned(), 1)]);
}

#[async_test(not_send, blocking)]
async fn dropped_run_leaves_all_or_nothing_and_nothing_open() {
    let (_db, session, other) = two().await;
    for polls in 0..100 {
        let run = session.transaction().run(async |tx| {
            tx.create::<Account>().content(new(polls)).await?;
            tx.create::<Account>().content(new(polls)).await?;
            Ok(())
        });
        let done = poll_times(usize::try_from(polls).unwrap(), run).await;
        let left = accounts(&other).await.iter().filter(|(_, balance)| *balance == polls).count();
        assert!(left == 2 || (left == 0 && done.is_none()), "{left} after {polls} polls");
        if let Some(result) = done {
            result.unwrap();
            return assert_none_open(&session).await;
        }
    }
    panic!("never ready");
}

#[async_test(not_send, blocking)]
async fn closure_that_panics_leaves_nothing_open() {
    let (_db, session, other) = two().await;
    let spawned = session.clone();
    let run = tokio::spawn(async move {
        let panicking = async |tx: Transaction| {
            tx.create::<Account>().content(new(1)).await?;
            assert_eq!(tx.id().to_string(), "", "on purpose");
            Ok(())
        };
        spawned.transaction().run(panicking).await
    });
    assert!(run.await.unwrap_err().is_panic());
    assert_none_open(&session).await;
    assert_eq!(accounts(&other).await, []);
}

#[async_test(blocking)]
async fn closure_gets_the_error_of_a_closed_session() {
    let (_db, session, _other) = two().await;
    let clone = session.clone();
    session.close_session().await.unwrap();
    let result = clone.transaction().try_run(async |_| Ok::<_, Refused>(())).await;
    assert_eq!(result, Err(Refused::Database(ErrorKind::SessionClosed)));
}
