//! Batches: several builders in one request, plain, atomic, or with a result for each.

use std::error::Error as _;
use std::time::Duration;

use ciborium::cbor;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, async_test, place, poll_times};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
}

fn new(name: &str) -> NewUser {
    NewUser { name: name.into() }
}

/// A session with users whose names are unique.
async fn users() -> Session {
    let (_db, session) = place().await;
    let schema = "
        DEFINE TABLE user;
        DEFINE INDEX name ON user FIELDS name UNIQUE;
        DEFINE FUNCTION fn::double($n: int) { IF $n = 0 { THROW 'zero' }; RETURN $n * 2 };
    ";
    session.execute(schema).await.unwrap();
    session
}

async fn names(db: &impl Queryable) -> Vec<String> {
    db.select::<User>().await.unwrap().into_iter().map(|user| user.name).collect()
}

fn ada() -> RecordId {
    RecordId::new("user", "ada")
}

#[async_test]
async fn batch_of_a_tuple_returns_a_tuple_of_results() {
    let session = users().await;
    let (ada, double, all, one, none, row) = session
        .batch((
            session.create::<User>().id("ada").content(new("Ada")),
            session.run::<i64>("fn::double").args((21,)),
            session.select::<User>(),
            session.select::<User>().id("ada"),
            session.select::<User>().id("bob"),
            session.untyped().update(ada()).merge(new("Ada L.")).decode::<User>(),
        ))
        .await
        .unwrap();
    assert_eq!((ada.name.as_str(), double, all.len(), none), ("Ada", 42, 1, None));
    assert_eq!((one, row.name.as_str()), (Some(ada), "Ada L."));
    let (single,) = session.batch((session.run::<i64>("fn::double").args((1,)),)).await.unwrap();
    assert_eq!(single, 2);
}

#[async_test]
async fn batch_of_a_vec_returns_a_vec_and_an_empty_one_sends_nothing() {
    let session = users().await;
    let batch: Vec<_> = (0..50).map(|n| session.create::<User>().content(new(&format!("user {n}")))).collect();
    let created = session.batch(batch).atomic().await.unwrap();
    assert!(created.iter().enumerate().all(|(n, user)| user.name == format!("user {n}")), "{created:?}");
    assert_eq!(names(&session).await.len(), 50);
    let nothing: Vec<surreal_session::query::Run<i64>> = Vec::new();
    session.close_session().await.unwrap();
    let (_db, closed) = place().await;
    closed.clone().close_session().await.unwrap();
    assert_eq!(closed.batch(nothing).await.unwrap(), Vec::<i64>::new());
}

#[async_test]
async fn twelve_statements_fit_into_a_tuple() {
    let session = users().await;
    let double = |n: i64| session.run::<i64>("fn::double").args((n,));
    let batch = (
        double(1),
        double(2),
        double(3),
        double(4),
        double(5),
        double(6),
        double(7),
        double(8),
        double(9),
        double(10),
        double(11),
        double(12),
    );
    assert_eq!(session.batch(batch).atomic().await.unwrap(), (2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24));
}

#[async_test]
async fn atomic_batch_is_all_or_nothing_and_names_the_failed_statement() {
    let session = users().await;
    let create = |name: &str| session.create::<User>().content(new(name));
    let error = session.batch((create("Ada"), create("Bob"), create("Ada"), create("Cy"))).atomic().await.unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
    assert_eq!((error.statement(), error.delivery()), (Some(2), Delivery::Answered), "{error:?}");
    let message = error.to_string();
    assert!(message.starts_with("`CREATE $_0 CONTENT $_1"), "{message}");
    assert!(message.contains("`: statement 2 failed: Database index `name` already contains 'Ada'"), "{message}");
    assert_eq!(names(&session).await, <[String; 0]>::default());
    let thrown =
        session.batch((create("Ada"), session.run::<i64>("fn::double").args((0,)))).atomic().await.unwrap_err();
    assert_eq!((thrown.kind(), thrown.statement()), (ErrorKind::Thrown, Some(1)), "{thrown:?}");
    assert_eq!(names(&session).await, <[String; 0]>::default());
    session.batch((create("Ada"), create("Bob"))).atomic().await.unwrap();
    assert_eq!(names(&session).await.len(), 2);
}

#[async_test]
async fn atomic_batch_undoes_everything_if_a_record_is_missing() {
    let session = users().await;
    let update = || session.untyped().update(ada()).merge(new("Ada L."));
    let missing = update().await.unwrap_err();
    let batch = (session.create::<User>().id("bob").content(new("Bob")), update(), session.select::<User>());
    let error = session.batch(batch).atomic().await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(error.statement(), Some(1));
    assert!(error.to_string().ends_with(&missing.to_string()), "{error}");
    assert_eq!(names(&session).await, <[String; 0]>::default());
    let typed = session.update::<User>().id("ada").set(|user| user.name.set("Ada L."));
    let error = session.batch((session.create::<User>().content(new("Bob")), typed)).atomic().await.unwrap_err();
    assert!(error.is_not_found() && error.statement() == Some(1), "{error:?}");
    assert_eq!(names(&session).await, <[String; 0]>::default());
    // An optional record is missing, and nothing fails.
    let optional = session.untyped().update(ada()).merge(new("Ada L.")).optional();
    let (bob, none) =
        session.batch((session.create::<User>().id("bob").content(new("Bob")), optional)).atomic().await.unwrap();
    assert_eq!((bob.name.as_str(), none), ("Bob", None));
    // An optional record that exists is written.
    let (_, returned) = session
        .batch((session.create::<User>().id("ada").content(new("Ada")), update().return_none()))
        .atomic()
        .await
        .unwrap();
    assert_eq!(returned, ());
    assert_eq!(names(&session).await, ["Ada L.", "Bob"]);
}

#[async_test]
async fn atomic_batch_with_an_unreadable_result_reports_the_commit() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only decoded")]
    struct Wrong {
        age: i64,
    }
    let session = users().await;
    let create = session.untyped().create(ada()).content(new("Ada")).decode::<Wrong>();
    let error = session.batch((create,)).atomic().await.unwrap_err();
    assert_eq!((error.kind(), error.statement()), (ErrorKind::Decode, Some(0)), "{error:?}");
    assert!(
        error.to_string().starts_with("all of the batch was carried out, but a result cannot be read: "),
        "{error}"
    );
    assert_eq!(names(&session).await, ["Ada"]);
}

#[async_test]
async fn atomic_batches_conflict_instead_of_losing_writes() {
    let session = users().await;
    session
        .execute("CREATE count:1 SET n = 0; DEFINE FUNCTION fn::add() { UPDATE count:1 SET n += 1; SLEEP 20ms }")
        .await
        .unwrap();
    let add = || session.run::<IgnoredAny>("fn::add");
    let batches = (0..8).map(|_| session.batch((add(), add())).atomic().into_future());
    let results = futures_util::future::join_all(batches).await;
    let (done, failed): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    for error in failed.iter().map(|result| result.as_ref().unwrap_err()) {
        assert!(error.is_conflict() && error.is_retryable(), "{error:?}");
    }
    assert!(!failed.is_empty(), "all of them ran one after the other");
    let count: usize = session.query("RETURN count:1.n").await.unwrap().take(0).unwrap();
    assert_eq!(count, done.len() * 2);
}

#[async_test]
async fn conflict_at_the_commit_belongs_to_no_statement() {
    let failed = |message: &str, details: &str| {
        let details = cbor!({"kind" => details}).unwrap();
        cbor!({"status" => "ERR", "result" => message, "kind" => "Query", "details" => details}).unwrap()
    };
    let echo = failed("not executed", "NotExecuted");
    let lost = failed("The transaction's commit outcome is unknown, so whether", "None");
    for (results, kind, delivery, message) in [
        (
            [echo.clone(), echo.clone(), failed("Cannot COMMIT: busy", "TransactionConflict")],
            ErrorKind::Conflict,
            Delivery::Answered,
            "the batch was not committed: Cannot COMMIT: busy",
        ),
        (
            [echo.clone(), echo.clone(), failed("Cannot COMMIT: full", "NotExecuted")],
            ErrorKind::Query,
            Delivery::Answered,
            "the batch was not committed: Cannot COMMIT: full",
        ),
        (
            [lost.clone(), lost.clone(), lost],
            ErrorKind::CommitUnknown,
            Delivery::Unknown,
            "the batch may or may not have been committed: The transaction's commit outcome is unknown, so whether",
        ),
    ] {
        let peer = Peer::start(move |mut client| {
            let results = results.clone();
            async move {
                while let Some((id, _)) = client.request().await {
                    client.reply(id, ciborium::Value::Array(results.to_vec())).await;
                }
            }
        })
        .await;
        let db = Surreal::connect(peer.url()).await.unwrap();
        let error = db.batch((db.run::<i64>("count"),)).atomic().await.unwrap_err();
        assert_eq!((error.kind(), error.delivery(), error.statement()), (kind, delivery, None), "{error:?}");
        assert_eq!((error.to_string().as_str(), error.is_retryable()), (message, kind == ErrorKind::Conflict));
    }
}

#[async_test]
async fn plain_batch_continues_after_a_failure_and_reports_the_others() {
    let session = users().await;
    let create = |name: &str| session.create::<User>().content(new(name));
    let error = session.batch((create("Ada"), create("Ada"), create("Bob"))).await.unwrap_err();
    assert_eq!((error.kind(), error.statement()), (ErrorKind::PartlyApplied, Some(1)), "{error:?}");
    assert!(!error.is_retryable());
    let cause: &Error = error.source().unwrap().downcast_ref().unwrap();
    assert!(cause.is_unique_violation() && cause.statement() == Some(1), "{cause:?}");
    assert_eq!(names(&session).await.len(), 2);
    // If nothing else was written, the error is that of the statement.
    let error = session.batch((session.select::<User>(), create("Ada"))).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
    assert_eq!(error.statement(), Some(1));
}

#[async_test]
async fn settled_batch_returns_a_result_for_each_statement() {
    let session = users().await;
    let create = |name: &str| session.create::<User>().content(new(name));
    let (first, second, third) = session.batch((create("Ada"), create("Ada"), create("Bob"))).settle().await.unwrap();
    assert_eq!((first.unwrap().name.as_str(), third.unwrap().name.as_str()), ("Ada", "Bob"));
    let error = second.unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
    assert_eq!(error.statement(), Some(1));
    let settled = session.batch(vec![create("Cy"), create("Cy")]).settle().await.unwrap();
    assert_eq!(settled.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
}

#[async_test]
async fn batch_in_a_transaction_is_part_of_it() {
    let session = users().await;
    let create = |db: &Transaction, name: &str| db.create::<User>().content(new(name));
    let tx = session.begin_transaction().await.unwrap();
    tx.batch((create(&tx, "Ada"), create(&tx, "Bob"))).await.unwrap();
    tx.batch((create(&tx, "Cy"), create(&tx, "Di"))).atomic().await.unwrap();
    assert_eq!(names(&session).await, <[String; 0]>::default());
    tx.commit().await.unwrap();
    assert_eq!(names(&session).await.len(), 4);

    for atomic in [true, false] {
        let tx = session.begin_transaction().await.unwrap();
        let batch = tx.batch((create(&tx, "Eve"), create(&tx, "Ada")));
        let error = match atomic {
            true => batch.atomic().await.unwrap_err(),
            false => batch.await.unwrap_err(),
        };
        assert!(error.is_unique_violation() && error.statement() == Some(1), "{error:?}");
        assert_eq!(tx.commit().await.unwrap_err().kind(), ErrorKind::TransactionFailed);
    }
    let tx = session.begin_transaction().await.unwrap();
    let missing = tx.untyped().update(ada()).merge(new("Ada L."));
    let error = tx.batch((create(&tx, "Eve"), missing)).atomic().await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(tx.commit().await.unwrap_err().kind(), ErrorKind::TransactionFailed);
    assert_eq!(names(&session).await.len(), 4);
}

#[async_test]
async fn builders_of_other_sessions_and_unencodable_values_are_refused_before_sending() {
    let session = users().await;
    let other = session.fork().await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    let double = |n: u64| session.run::<i64>("fn::double").args((n,));
    for (error, kind, names) in [
        (session.batch((double(1), other.select::<User>())).await.unwrap_err(), ErrorKind::InvalidArgument, "another"),
        (session.batch((double(1), tx.select::<User>())).await.unwrap_err(), ErrorKind::InvalidArgument, "another"),
        (tx.batch((tx.select::<User>(), double(1))).await.unwrap_err(), ErrorKind::InvalidArgument, "another"),
        (session.batch((double(1), double(u64::MAX))).await.unwrap_err(), ErrorKind::Encode, "argument 0"),
        (
            session.batch((double(1), session.run::<i64>("a b"))).atomic().await.unwrap_err(),
            ErrorKind::InvalidArgument,
            "`a b`",
        ),
    ] {
        assert_eq!(
            (error.kind(), error.delivery(), error.statement()),
            (kind, Delivery::NotSent, Some(1)),
            "{error:?}"
        );
        assert!(error.to_string().contains("statement 1 of the batch"), "{error}");
        assert!(error.to_string().contains(names), "{error}");
    }
    tx.commit().await.unwrap();
}

#[async_test]
async fn deadline_of_a_batch_is_its_own() {
    let session = users().await;
    let slow = session.run::<Value>("sleep").args((surreal_session::value::Duration::from(Duration::from_secs(20)),));
    let error = session.batch((slow,)).deadline(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::Unknown), "{error:?}");
}

#[async_test]
async fn dropped_atomic_batch_is_all_or_nothing() {
    let session = users().await;
    for polls in 0..100 {
        let create = |name: &str| session.create::<User>().content(new(&format!("{name} {polls}")));
        let batch = session.batch((create("a"), create("b"), create("c"))).atomic();
        let done = poll_times(polls, batch.into_future()).await;
        let written = names(&session).await.iter().filter(|name| name.ends_with(&format!(" {polls}"))).count();
        assert!(written == 3 || (written == 0 && done.is_none()), "{written} after {polls} polls");
        if done.is_some() {
            return;
        }
    }
    panic!("never ready");
}
