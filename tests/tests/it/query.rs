//! SurrealQL text with bound values, and the results of its statements.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, is_version_in, place};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i64,
    y: Option<i64>,
}

#[async_test]
async fn each_statement_has_its_own_result() {
    let (_db, session) = place().await;
    let response = session.query("RETURN 1; RETURN 'two'; LET $x = 3; RETURN [$x, 4]").await.unwrap();
    assert_eq!(response.len(), 4);
    assert_eq!(response.take::<i64>(0).unwrap(), 1);
    assert_eq!(response.take::<&str>(1).unwrap(), "two");
    assert_eq!(response.take::<Value>(2).unwrap(), Value::None);
    assert_eq!(response.take::<Vec<i64>>(3).unwrap(), [3, 4]);
    assert_eq!(response.take::<(i64, i64)>(3).unwrap(), (3, 4));
    assert!(response.time(0).is_some());
    let error = response.take::<i64>(4).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.to_string(), "there is no statement 4: the query has 4");
}

#[async_test]
async fn result_shape_follows_the_type_that_takes_it() {
    let (_db, session) = place().await;
    session.execute("CREATE point:1 SET x = 1, y = 2; CREATE point:2 SET x = 3").await.unwrap();
    let response = session
        .query(
            "SELECT x, y FROM point; SELECT x, y FROM point:1; SELECT x, y FROM point:9; SELECT VALUE x FROM point:2",
        )
        .await
        .unwrap();
    let all: Vec<Point> = response.take(0).unwrap();
    assert_eq!(all, [Point { x: 1, y: Some(2) }, Point { x: 3, y: None }]);
    assert_eq!(response.take::<Point>(1).unwrap(), all[0]);
    assert_eq!(response.take::<Option<Point>>(1).unwrap().as_ref(), Some(&all[0]));
    assert_eq!(response.take::<Option<Point>>(2).unwrap(), None);
    assert_eq!(response.take::<Vec<Point>>(2).unwrap(), []);
    assert_eq!(response.take::<i64>(3).unwrap(), 3);
    for (index, reason) in [(0, "2"), (2, "none")] {
        let error = response.take::<Point>(index).unwrap_err();
        assert_eq!((error.kind(), error.statement()), (ErrorKind::Decode, Some(index)), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[async_test]
async fn anything_serializable_can_be_bound() {
    let (_db, session) = place().await;
    let text = String::from("borrowed");
    let map = BTreeMap::from([("k", &text)]);
    let response = session
        .query("RETURN [$a, $b, $c, $d, $none_1]")
        .bind("a", 18)
        .bind("b", text.as_str())
        .bind("c", &map)
        .bind("d", Point { x: 1, y: None })
        .bind("none_1", None::<i64>)
        .await
        .unwrap();
    let back: (u8, String, BTreeMap<String, String>, Point, Value) = response.take(0).unwrap();
    let point = Point { x: 1, y: None };
    let expected = BTreeMap::from([("k".to_owned(), text.clone())]);
    assert_eq!(back, (18, text.clone(), expected, point, Value::None));
}

#[async_test]
async fn bound_text_is_never_run_as_code() {
    let (_db, session) = place().await;
    session.execute("CREATE victim:1").await.unwrap();
    let hostile = "'; DELETE victim; RETURN '";
    let back: String = session.query("RETURN $v").bind("v", hostile).await.unwrap().take(0).unwrap();
    assert_eq!(back, hostile);
    let left: Vec<Value> = session.query("SELECT * FROM victim").await.unwrap().take(0).unwrap();
    assert_eq!(left.len(), 1);
}

#[async_test]
async fn bad_bindings_are_refused_before_sending() {
    let (_db, session) = place().await;
    for (error, kind, names) in [
        (session.query("RETURN 1").bind("auth", 1).await.unwrap_err(), ErrorKind::InvalidArgument, "`$auth`"),
        (session.query("RETURN 1").bind("$a", 1).await.unwrap_err(), ErrorKind::InvalidArgument, "`$a`"),
        (session.query("RETURN 1").bind("", 1).await.unwrap_err(), ErrorKind::InvalidArgument, "``"),
        (session.query("RETURN 1").bind("a", 1).bind("a", 2).await.unwrap_err(), ErrorKind::InvalidArgument, "twice"),
        (session.query("RETURN 1").bind("a", u64::MAX).await.unwrap_err(), ErrorKind::Encode, "18446744073709551615"),
        (
            session.query("RETURN 1").bind("a", BTreeMap::from([(vec![1], 2)])).await.unwrap_err(),
            ErrorKind::Encode,
            "`$a`",
        ),
    ] {
        assert_eq!((error.kind(), error.delivery()), (kind, Delivery::NotSent), "{error:?}");
        assert!(error.to_string().contains(names), "{error}");
    }
}

#[async_test]
async fn parameter_names_that_the_server_hides_are_refused() {
    let (db, session) = place().await;
    for (name, meaning) in [
        ("this", "the record at hand"),
        ("parent", "the outer statement"),
        ("value", "the value of a field"),
        ("input", "the data that came in"),
        ("before", "before the change"),
        ("after", "after the change"),
        ("event", "the kind of the change"),
        ("auth", "set by the server"),
        ("token", "set by the server"),
        ("access", "set by the server"),
        ("session", "set by the server"),
    ] {
        for error in [
            session.query("RETURN 1").bind(name, 1).await.unwrap_err(),
            session.set(name, 1).await.unwrap_err(),
            db.set(name, 1).await.unwrap_err(),
            db.new_session().set(name, 1).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
            assert_eq!(error.delivery(), Delivery::NotSent, "{error:?}");
            assert!(error.to_string().starts_with(&format!("`${name}` ")), "{error}");
            assert!(error.to_string().contains(meaning), "{error}");
        }
    }
}

#[async_test]
async fn binding_hides_the_sessions_variable() {
    let (_db, session) = place().await;
    session.set("v", "session").await.unwrap();
    let seen: String = session.query("RETURN $v").bind("v", "query").await.unwrap().take(0).unwrap();
    assert_eq!(seen, "query");
    let seen: String = session.query("RETURN $v").await.unwrap().take(0).unwrap();
    assert_eq!(seen, "session");
}

#[async_test]
async fn failed_statement_leaves_the_others_alone() {
    let (_db, session) = place().await;
    let response = session.query("RETURN 1; THROW 'no'; RETURN 3").await.unwrap();
    assert_eq!((response.take::<i64>(0).unwrap(), response.take::<i64>(2).unwrap()), (1, 3));
    let error = response.take::<i64>(1).unwrap_err();
    assert_eq!((error.kind(), error.statement()), (ErrorKind::Thrown, Some(1)), "{error:?}");
    assert_eq!(error.to_string(), "statement 1 failed: An error occurred: no");
    assert_eq!(response.check().unwrap_err().statement(), Some(1));
}

#[async_test]
async fn failed_block_reports_its_cause_not_the_repeated_error() {
    let (_db, session) = place().await;
    let response = session.query("BEGIN; CREATE a:1; THROW 'the cause'; CREATE a:2; COMMIT").await.unwrap();
    for index in [1, 2, 3, 4] {
        let error = response.take::<Value>(index).unwrap_err();
        assert_eq!((error.kind(), error.statement()), (ErrorKind::Thrown, Some(2)), "{index}: {error:?}");
    }
    let error = response.check().unwrap_err();
    assert!(error.to_string().contains("the cause"), "{error}");
}

#[async_test]
async fn cause_is_searched_in_the_failed_block_only() {
    let (_db, session) = place().await;
    let first = "THROW 'alone'; BEGIN; CREATE a:1; THROW 'first'; COMMIT;";
    let second = "BEGIN; CREATE a:2; CREATE a:3; THROW 'second'; RETURN 1; COMMIT; THROW 'last'";
    let response = session.query(Surql::dynamic(format!("{first} {second}"))).await.unwrap();
    let causes = (0..response.len()).map(|index| match response.take::<Value>(index) {
        Ok(_) => None,
        Err(error) => Some((error.statement().unwrap(), error.thrown().unwrap().to_owned())),
    });
    let said = |index, text: &str| Some((index, text.to_owned()));
    let first = [said(0, "alone"), None, said(3, "first"), said(3, "first"), said(3, "first")];
    let second = [None, said(8, "second"), said(8, "second"), said(8, "second"), said(8, "second"), said(8, "second")];
    let last = [said(11, "last")];
    assert_eq!(causes.collect::<Vec<_>>(), [&first[..], &second, &last].concat());
    assert_eq!(response.check().unwrap_err().statement(), Some(0));
}

#[async_test]
async fn failed_block_without_a_cause_reports_its_own_error() {
    let (_db, session) = place().await;
    let cancelled = session.query("BEGIN; CREATE a:1; CANCEL").await.unwrap().check().unwrap_err();
    assert_eq!(cancelled.kind(), ErrorKind::Query, "{cancelled:?}");
    let unfinished = session.query("BEGIN; CREATE a:1").await.unwrap().check().unwrap_err();
    assert!(unfinished.to_string().contains("Missing COMMIT"), "{unfinished:?}");
}

#[async_test]
async fn block_that_conflicts_at_its_commit_can_be_repeated() {
    let (_db, session) = place().await;
    let slow = session.query("BEGIN; UPSERT a:1 SET n += 1; SLEEP 300ms; COMMIT").into_future();
    let mut slow = tokio::spawn(slow);
    let response = loop {
        tokio::select! {
            response = &mut slow => break response.unwrap().unwrap(),
            other = session.query("UPSERT a:1 SET n += 1") => drop(other.unwrap().check().unwrap()),
        }
    };
    for error in [response.take::<Value>(1).unwrap_err(), response.check().unwrap_err()] {
        assert!(error.is_conflict() && error.is_retryable(), "{error:?}");
        // Before 3.1 the server has no result for the COMMIT.
        assert_eq!(error.statement(), Some(if is_version_in("3.1"..).await { 3 } else { 2 }), "{error:?}");
    }
}

#[async_test]
async fn take_all_returns_all_results_as_a_tuple() {
    let (_db, session) = place().await;
    session.execute("CREATE point:1 SET x = 1, y = 2; CREATE point:2 SET x = 3").await.unwrap();
    let text = "SELECT x, y FROM point; LET $n = 2; SELECT x, y FROM point:9; RETURN 'borrowed'; RETURN $n";
    let response = session.query(text).await.unwrap();
    let (points, (), none, text, count): (Vec<Point>, (), Option<Point>, &str, usize) = response.take_all().unwrap();
    assert_eq!((points.len(), none, text, count), (2, None, "borrowed", 2));
    let (one,): (i64,) = session.query("RETURN 1").await.unwrap().take_all().unwrap();
    assert_eq!(one, 1);

    let error = response.take_all::<(Value, Value)>().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::Answered), "{error:?}");
    assert_eq!(error.to_string(), "a tuple of 2 cannot take the results of 5 statements");
    let error = response.take_all::<(Value, Value, Value, i64, Value)>().unwrap_err();
    assert_eq!((error.kind(), error.statement()), (ErrorKind::Decode, Some(3)), "{error:?}");
    let failed = session.query("RETURN 'x'; THROW 'no'").await.unwrap();
    let error = failed.take_all::<(i64, i64)>().unwrap_err();
    assert_eq!((error.thrown(), error.statement()), (Some("no"), Some(1)), "{error:?}");
}

#[async_test]
async fn text_that_does_not_parse_runs_nothing() {
    let (_db, session) = place().await;
    let error = session.query("CREATE a:1; SELEC * FROM a").await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Validation, Delivery::Answered), "{error:?}");
    let error = session.query("SELECT * FROM a").await.unwrap().check().unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}

#[async_test]
async fn decode_error_names_record_and_path() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only decoded")]
    struct User {
        address: Address,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only decoded")]
    struct Address {
        zip: String,
    }
    let (_db, session) = place().await;
    session.execute("CREATE user:a SET address.zip = 'x'; CREATE user:`b c` SET address.zip = 7").await.unwrap();
    let response = session.query("SELECT * FROM user; SELECT * FROM ONLY user:`b c`").await.unwrap();
    for error in [response.take::<Vec<User>>(0).unwrap_err(), response.take::<User>(1).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Decode);
        let text = error.to_string();
        assert!(text.starts_with("cannot decode user:`b c`.address.zip: "), "{text}");
    }
    // A result that does not fit one type can still be taken as another, and so can all others.
    assert_eq!(response.take::<Vec<Value>>(0).unwrap().len(), 2);
    let (all, one): (Vec<Value>, Value) = response.take_all().unwrap();
    assert_eq!(all[1], one);
    let response = response.check().unwrap();
    assert!(response.time(1).is_some());
}

#[async_test]
async fn to_surql_shows_names_and_no_values() {
    let (_db, session) = place().await;
    let query = session.query("RETURN [$a, $b]").bind("a", "secret").bind("b", 2);
    assert_eq!(query.to_surql(), "RETURN [$a, $b] -- $a, $b");
    assert!(!format!("{query:?}").contains("secret"));
    assert_eq!(query.await.unwrap().take::<(String, i64)>(0).unwrap(), ("secret".to_owned(), 2));
}

#[async_test]
async fn empty_text_has_no_statements() {
    let (_db, session) = place().await;
    let response = session.query("").await.unwrap();
    assert!(response.is_empty());
    assert_eq!(response.take::<Value>(0).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[async_test]
async fn ten_thousand_rows_come_back_in_order() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Row {
        id: RecordId,
        i: usize,
    }
    let (_db, session) = place().await;
    // The server computes the rows: its `dev` build needs most of a minute to store as many.
    let rows = session.query("RETURN array::range(0, 10000).map(|$i| { id: type::record('n', $i), i: $i })");
    let rows: Vec<Row> = rows.deadline(Duration::from_mins(2)).await.unwrap().take(0).unwrap();
    let expected: Vec<_> = (0..10_000).map(|i| Row { id: RecordId::new("n", i), i: i.try_into().unwrap() }).collect();
    assert_eq!(rows, expected);
}

#[async_test]
async fn execute_fails_if_a_statement_failed() {
    let (_db, session) = place().await;
    session.execute("CREATE a:1 SET n = $n").bind("n", 7).await.unwrap();
    let execute = session.execute("CREATE a:2; CREATE a:1; CREATE a:3 SET n = $n").bind("n", 7);
    assert_eq!(execute.to_surql(), "CREATE a:2; CREATE a:1; CREATE a:3 SET n = $n -- $n");
    let error = execute.await.unwrap_err();
    assert!(error.is_already_exists(), "{error:?}");
    assert_eq!(error.statement(), Some(1), "{error:?}");
    let ids: Vec<i64> = session.query("SELECT VALUE record::id(id) FROM a").await.unwrap().take(0).unwrap();
    assert_eq!(ids, [1, 2, 3]);
    let error = session.execute("SLEEP 20s").deadline(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.to_string(), "no reply to `query` within 50ms");
}

/// A handle of a program.
struct Tenant(Session);

impl Deref for Tenant {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

#[async_test]
async fn everything_that_derefs_to_a_session_or_a_transaction_is_queryable() {
    async fn one(db: &impl Queryable) -> i64 {
        db.query("RETURN 1").await.unwrap().take(0).unwrap()
    }

    let (db, session) = place().await;
    let tx = session.begin_transaction().await.unwrap();
    let shared = Arc::new(session.fork().await.unwrap());
    let (boxed, tenant): (Box<dyn Queryable + Send + Sync>, _) =
        (Box::new(session.fork().await.unwrap()), Tenant(session));
    let all = [one(&db).await, one(&tenant.0).await, one(&shared).await, one(&&shared).await, one(&boxed).await];
    assert_eq!(all, [1; 5]);
    let all = [one(&tenant).await, one(&Arc::new(tenant)).await, one(&tx).await, one(&&tx).await];
    assert_eq!(all, [1; 4]);
    let (shared, tx) = (shared.query("RETURN 1").await.unwrap(), Box::new(tx).query("RETURN 1").await.unwrap());
    assert_eq!((shared.len(), tx.len()), (1, 1));
}
