//! The queries of one transaction run one after another.

use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::{async_test, poll_times};
use tokio::time::timeout;

use super::{HANGS, accounts, two};

#[async_test(blocking)]
async fn queries_run_one_at_a_time_in_the_order_of_their_first_poll() {
    let (_db, session, _other) = two().await;
    session.execute("CREATE account:log SET balance = 0, seen = []").await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    let mut calls: Vec<_> = (0..30_i64)
        .map(|number| {
            // Concurrently, the quick ones would end first.
            let pause = match number {
                0 => "SLEEP 50ms; ",
                _ if number % 2 == 0 => "SLEEP 3ms; ",
                _ => "",
            };
            let text = "UPDATE account:log SET seen = array::push($seen, $n)";
            let text = format!("LET $seen = account:log.seen; {pause}{text}");
            Some(Box::pin(tx.query(Surql::dynamic(&text)).bind("n", number).into_future()))
        })
        .collect();
    let order: Vec<i64> = (0..30).map(|index| index * 7 % 30).collect();
    let mut polled = Vec::new();
    for number in &order {
        let mut call = calls[usize::try_from(*number).unwrap()].take().unwrap();
        assert!(poll_times(1, &mut call).await.is_none());
        polled.push(call);
    }
    // Further polls in another order do not change the order.
    polled.reverse();
    for result in futures_util::future::join_all(polled).await {
        drop(result.unwrap().check().unwrap());
    }
    let seen: Vec<i64> = tx.query("RETURN account:log.seen").await.unwrap().take(0).unwrap();
    assert_eq!(seen, order);
    tx.commit().await.unwrap();
}

#[async_test(blocking)]
async fn transaction_may_be_used_from_many_tasks() {
    let (_db, session, _other) = two().await;
    session.execute("CREATE account:a SET balance = 0").await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let tx = tx.clone();
            tokio::spawn(async move { tx.query("UPDATE account:a SET balance += 1").await.unwrap().check().unwrap() })
        })
        .collect();
    for task in tasks {
        drop(task.await.unwrap());
    }
    tx.commit().await.unwrap();
    assert_eq!(accounts(&session).await, [("a".to_owned(), 50)]);
}

#[async_test(blocking)]
async fn commit_waits_for_queries_before_it_and_refuses_those_after() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let mut before: Vec<_> =
        (0..3).map(|_| Box::pin(tx.query("SLEEP 50ms; CREATE account SET balance = 1").into_future())).collect();
    for query in &mut before {
        assert!(poll_times(1, query).await.is_none());
    }
    let clone = tx.clone();
    let mut commit = Box::pin(tx.commit());
    assert!(poll_times(1, &mut commit).await.is_none());
    let refused = clone.query("CREATE account SET balance = 2").await.unwrap_err();
    assert_eq!((refused.kind(), refused.delivery()), (ErrorKind::TransactionClosed, Delivery::NotSent), "{refused:?}");
    let (results, committed) = tokio::join!(futures_util::future::join_all(before), commit);
    for result in results {
        drop(result.unwrap().check().unwrap());
    }
    committed.unwrap();
    assert_eq!(accounts(&session).await.len(), 3);
}

#[async_test(blocking)]
async fn query_that_waits_for_its_turn_may_be_dropped() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let mut first = Box::pin(tx.query("SLEEP 20ms; CREATE account:a SET balance = 1").into_future());
    assert!(poll_times(1, &mut first).await.is_none());
    assert!(poll_times(1, tx.query("CREATE account:b SET balance = 1").into_future()).await.is_none());
    drop(first.await.unwrap().check().unwrap());
    tx.commit().await.unwrap();
    assert_eq!(accounts(&session).await, [("a".to_owned(), 1)]);
}

#[async_test(blocking)]
async fn query_without_a_turn_ends_at_its_deadline_unsent() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let mut first = Box::pin(tx.query("SLEEP 300ms; CREATE account:a SET balance = 1").into_future());
    assert!(poll_times(1, &mut first).await.is_none());
    let waiting = tx.query("CREATE account:b SET balance = 1").deadline(Duration::from_millis(20));
    let (first, error) = tokio::join!(first, timeout(HANGS, waiting.into_future()));
    drop(first.unwrap().check().unwrap());
    let error = error.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
    assert_eq!(error.to_string(), "`query` timed out after 20ms waiting for earlier queries of the transaction");
    tx.commit().await.unwrap();
    assert_eq!(accounts(&session).await, [("a".to_owned(), 1)]);
}

#[async_test(blocking)]
async fn query_behind_one_that_fails_is_not_sent() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let mut failing = Box::pin(tx.query("SLEEP 50ms; THROW 'no'").into_future());
    assert!(poll_times(1, &mut failing).await.is_none());
    let (failing, behind) = tokio::join!(failing, tx.query("CREATE account:b SET balance = 1").into_future());
    drop(failing.unwrap());
    let behind = behind.unwrap_err();
    assert_eq!((behind.kind(), behind.delivery()), (ErrorKind::TransactionFailed, Delivery::NotSent), "{behind:?}");
}
