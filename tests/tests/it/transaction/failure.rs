//! Failures of a transaction, and calls that do not fail it.

use std::error::Error as _;
use std::time::Duration;

use surreal_session::Error;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, poll_times};

use super::{Account, accounts, new, two};

/// Checks that `tx` has failed: it refuses further queries, and its commit returns the first failure.
async fn assert_failed(tx: Transaction, session: &Session) -> Error {
    let next = tx.query("CREATE account:next SET balance = 0").await.unwrap_err();
    assert_eq!((next.kind(), next.delivery()), (ErrorKind::TransactionFailed, Delivery::NotSent), "{next:?}");
    let failed = tx.commit().await.unwrap_err();
    assert_eq!((failed.kind(), failed.delivery()), (ErrorKind::TransactionFailed, Delivery::NotSent), "{failed:?}");
    assert_eq!((failed.to_string(), failed.statement()), (next.to_string(), next.statement()));
    assert_eq!(accounts(session).await, [], "something was written");
    failed.source().expect("a first failure").downcast_ref::<Error>().expect("an error of this crate").clone()
}

#[async_test(blocking)]
async fn unique_violation_then_commit_writes_nothing() {
    let (_db, session, other) = two().await;
    session.execute("DEFINE INDEX balance ON account FIELDS balance UNIQUE").await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Account>().id("a").content(new(1)).await.unwrap();
    let refused = tx.create::<Account>().id("b").content(new(1)).await.unwrap_err();
    assert!(refused.is_unique_violation(), "{refused:?}");
    let failed = tx.commit().await.unwrap_err();
    assert_eq!((failed.kind(), failed.statement()), (ErrorKind::TransactionFailed, Some(0)), "{failed:?}");
    assert!(failed.is_unique_violation() && !failed.is_retryable(), "{failed:?}");
    assert_eq!(failed.source().unwrap().to_string(), refused.to_string());
    let message = failed.to_string();
    assert!(message.starts_with("transaction rolled back: `CREATE $_0 CONTENT"), "{message}");
    assert!(message.ends_with("` failed earlier") && !message.contains("Database index"), "{message}");
    assert_eq!(accounts(&other).await, []);
}

#[async_test(blocking)]
async fn failed_statement_is_final_even_if_its_result_is_ignored() {
    let (_db, session, _other) = two().await;
    for text in [
        "CREATE account:a SET balance = 1; THROW 'no'",
        "CREATE account:a SET balance = 1; SELECT * FROM nowhere; CREATE account:b SET balance = 1",
        "CREATE account:a SET balance = 1; BEGIN",
        "CREATE account:a SET balance = 1; COMMIT",
        "CREATE account:a SET balance = 1; CANCEL",
        "BEGIN; CREATE account:a SET balance = 1; COMMIT",
    ] {
        let tx = session.begin_transaction().await.unwrap();
        tx.create::<Account>().content(new(2)).await.unwrap();
        drop(tx.query(text).await.unwrap());
        let first = assert_failed(tx, &session).await;
        assert_eq!(first.statement(), Some(usize::from(!text.starts_with("BEGIN"))), "{text}: {first:?}");
    }
}

#[async_test(blocking)]
async fn query_that_does_not_parse_is_final() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Account>().content(new(1)).await.unwrap();
    assert_eq!(tx.query("SELEC 1").await.unwrap_err().kind(), ErrorKind::Validation);
    assert_eq!(assert_failed(tx, &session).await.kind(), ErrorKind::Validation);
}

#[async_test(blocking)]
async fn first_failure_is_reported() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    drop(tx.query("THROW 'first'; THROW 'second'").await.unwrap());
    let again = tx.query("THROW 'third'").await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::TransactionFailed);
    let first = assert_failed(tx, &session).await;
    assert_eq!(first.to_string(), "statement 0 failed: An error occurred: first");
}

#[async_test(blocking)]
async fn timeout_is_final() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let slow = tx.query("CREATE account:a SET balance = 1; SLEEP 1s").deadline(Duration::from_millis(50));
    let error = slow.await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::RolledBack), "{error:?}");
    let first = assert_failed(tx, &session).await;
    assert_eq!((first.kind(), first.delivery()), (ErrorKind::Timeout, Delivery::RolledBack), "{first:?}");
}

#[async_test(blocking)]
async fn dropped_statement_is_final() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let slow = tx.query("CREATE account:a SET balance = 1; SLEEP 100ms").into_future();
    assert!(poll_times(1, slow).await.is_none());
    let first = assert_failed(tx, &session).await;
    assert_eq!(first.delivery(), Delivery::RolledBack, "{first:?}");
    assert!(first.to_string().contains("dropped"), "{first}");
}

#[async_test(blocking)]
async fn result_of_a_write_that_does_not_fit_is_final() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    // The record exists, but does not fit the program's type.
    let misfit = tx.query("CREATE ONLY account:a SET balance = 'much'").await.unwrap().take::<Account>(0).unwrap_err();
    assert_eq!(misfit.kind(), ErrorKind::Decode);
    let first = assert_failed(tx, &session).await;
    assert_eq!(first.to_string(), misfit.to_string());
}

#[async_test(blocking)]
async fn result_of_a_read_may_be_taken_again_as_another_type() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let response = tx.query("SELECT VALUE 'text' FROM 1").await.unwrap();
    assert_eq!(response.take::<i64>(0).unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(response.take::<String>(0).unwrap(), "text");
    assert_eq!(response.take::<String>(1).unwrap_err().kind(), ErrorKind::InvalidArgument);
    tx.commit().await.unwrap();
}

#[async_test(blocking)]
async fn result_may_be_taken_wrongly_after_the_commit() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    let response = tx.query("CREATE account:a SET balance = 1").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(response.take::<String>(0).unwrap_err().kind(), ErrorKind::Decode);
    assert_eq!(accounts(&session).await.len(), 1);
}

#[async_test(blocking)]
async fn unsent_queries_do_not_fail_the_transaction() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    for error in [
        tx.query("CREATE account SET balance = $b").bind("b", u64::MAX).await.unwrap_err(),
        tx.query("CREATE account SET balance = $b").bind("b b", 1).await.unwrap_err(),
        tx.run::<i64>("no name").await.unwrap_err(),
    ] {
        assert_eq!(error.delivery(), Delivery::NotSent, "{error:?}");
    }
    tx.create::<Account>().content(new(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(accounts(&session).await.len(), 1);
}

#[async_test(not_send, blocking)]
async fn failed_transaction_is_cancelled_by_its_commit() {
    let (_db, session, other) = two().await;
    session.create::<Account>().id("a").content(new(1)).await.unwrap();
    let mut failed = Vec::new();
    for _ in 0..64 {
        let tx = session.begin_transaction().await.unwrap();
        drop(tx.query("UPDATE account:a SET balance = 2; THROW 'no'").await.unwrap());
        failed.push(tx.clone());
        assert_eq!(tx.commit().await.unwrap_err().kind(), ErrorKind::TransactionFailed);
    }
    // Handles exist, but no transaction is open.
    super::assert_none_open(&session).await;
    assert_eq!(accounts(&other).await, [("a".to_owned(), 1)]);
    for tx in failed {
        assert_eq!(tx.query("RETURN 1").await.unwrap_err().kind(), ErrorKind::TransactionClosed);
    }
}

#[async_test(blocking)]
async fn long_statements_are_shortened_in_messages() {
    let (_db, session, _other) = two().await;
    let tx = session.begin_transaction().await.unwrap();
    drop(tx.query(Surql::dynamic(format!("THROW '{}'", "ä".repeat(5_000)))).await.unwrap());
    let message = tx.commit().await.unwrap_err().to_string();
    assert!(message.chars().count() < 300 && message.contains("äää…`"), "{message}");
}

#[async_test(blocking)]
async fn result_of_a_use_that_does_not_fit_is_final() {
    let (_db, session, _other) = two().await;
    let fresh = surreal_session_tests::unique("fresh");
    let tx = session.begin_transaction().await.unwrap();
    let response = tx.query(Surql::dynamic(format!("USE NS {fresh} DB d; SELECT 1 FROM 1"))).await.unwrap();
    response.take::<Account>(1).unwrap_err();
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionFailed, "{error:?}");
    let root: Value = session.query("INFO FOR ROOT").await.unwrap().take(0).unwrap();
    assert!(!format!("{root:?}").contains(&fresh), "{root:?}");
}
