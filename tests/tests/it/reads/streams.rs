//! Streams of rows: their moment, their errors, and what is left when they are dropped.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{Proxy, async_test, eventually, login, no_transaction_is_open, place, unique};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Row {
    id: Id<Row, i64>,
    number: i64,
    text: String,
}

fn row(number: i64) -> NewRow {
    NewRow { number, text: "text".to_owned() }
}

async fn with_rows(count: i64) -> (Surreal, Session) {
    let (db, session) = place().await;
    fill(&session, count).await;
    (db, session)
}

async fn fill(session: &Session, count: i64) {
    session.execute("DEFINE TABLE row").await.unwrap();
    let rows: Vec<_> = (0..count).map(|key| (key, row(key * 7 % 101))).collect();
    session.insert(rows).return_none().await.unwrap();
}

/// A session behind a proxy, and the proxy.
async fn behind_a_proxy(count: i64) -> (Proxy, Surreal, Session) {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("stream")).use_db("test").await.unwrap();
    fill(&session, count).await;
    (proxy, db, session)
}

fn keys(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| *row.id.key()).collect()
}

#[async_test]
async fn rows_come_in_order_whatever_the_size_of_a_page() {
    let (_db, session) = with_rows(250).await;
    let all: Vec<i64> = (0..250).collect();
    for chunk in [1, 7, 250, 1_000_000] {
        let rows: Vec<Row> = session.select::<Row>().stream().chunk(chunk).try_collect().await.unwrap();
        assert_eq!(keys(&rows), all);
    }
    let page = session.select::<Row>().filter(|r| r.number.lt(50)).start(3).limit(40);
    let rows: Vec<Row> = page.clone().stream().chunk(6).try_collect().await.unwrap();
    assert_eq!(rows, page.await.unwrap());
    let range: Vec<Row> = session.select::<Row>().range(10..=30).stream().chunk(4).try_collect().await.unwrap();
    assert_eq!(keys(&range), (10..=30).collect::<Vec<_>>());
    let error = session.select::<Row>().stream().chunk(0).try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    session.delete::<Row>().all().return_none().await.unwrap();
    assert_eq!(session.select::<Row>().stream().try_next().await.unwrap(), None);
    session.execute("REMOVE TABLE row").await.unwrap();
    let mut missing = session.select::<Row>().stream();
    assert!(missing.try_next().await.unwrap_err().is_not_found());
    assert!(missing.next().await.is_none());
}

#[async_test(not_send)]
async fn stream_shows_one_moment_and_leaves_no_transaction() {
    let (_db, session) = with_rows(100).await;
    let mut rows = session.select::<Row>().stream().chunk(10);
    let first = rows.try_next().await.unwrap().unwrap();
    assert_eq!(*first.id.key(), 0);
    session.create::<Row>().id(1_000).content(row(1)).await.unwrap();
    session.delete::<Row>().id(50).await.unwrap();
    let rest: Vec<Row> = rows.by_ref().try_collect().await.unwrap();
    assert_eq!(keys(&rest), (1..100).collect::<Vec<_>>());
    assert!(rows.next().await.is_none());
    let now: Vec<Row> = session.select::<Row>().stream().without_snapshot().chunk(10).try_collect().await.unwrap();
    assert_eq!(now.len(), 100);
    for taken in [0, 1, 15] {
        let mut dropped = session.select::<Row>().stream().chunk(10);
        for _ in 0..taken {
            dropped.try_next().await.unwrap();
        }
    }
    drop(rows);
    no_transaction_is_open(&session).await;
}

#[async_test]
async fn stream_in_a_transaction_sees_its_writes_and_stops_no_statement() {
    let (_db, session) = with_rows(30).await;
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Row>().id(-1).content(row(1)).await.unwrap();
    let mut rows = tx.select::<Row>().stream().chunk(5);
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await.unwrap() {
        tx.update::<Row>().id(row.id).set(|r| r.number.set(-1)).await.unwrap();
        found.push(*row.id.key());
    }
    assert_eq!(found, (-1..30).collect::<Vec<_>>());
    tx.commit().await.unwrap();
    assert_eq!(session.select::<Row>().filter(|r| r.number.eq(-1)).count().await.unwrap(), 31);
}

#[async_test]
async fn row_that_does_not_fit_is_an_item() {
    let (_db, session) = with_rows(20).await;
    session.execute("UPDATE row:7 SET number = 'seven'; UPDATE row:12 SET text = NONE").await.unwrap();
    let rows: Vec<_> =
        session.select::<Row>().order_by(|r| (r.id.asc(), r.text.asc())).stream().chunk(5).collect().await;
    assert_eq!(rows.len(), 20);
    let errors: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).map(ToString::to_string).collect();
    assert!(errors[0].contains("row:7.number") && errors[1].contains("row:12"), "{errors:?}");
    assert_eq!(errors.len(), 2);
}

#[async_test]
async fn pages_of_large_rows_are_small() {
    let (_db, session) = place().await;
    for key in 0..12 {
        session
            .create::<Row>()
            .id(key)
            .content(NewRow { number: key, text: "x".repeat(400_000) })
            .return_none()
            .await
            .unwrap();
    }
    let rows: Vec<Row> = session.select::<Row>().stream().try_collect().await.unwrap();
    assert_eq!(keys(&rows), (0..12).collect::<Vec<_>>());
}

#[async_test]
async fn lost_connection_says_how_far_the_stream_came_and_its_cursor_continues() {
    let (proxy, _db, session) = behind_a_proxy(60).await;
    let mut rows = session.select::<Row>().order_by(|r| r.number.asc()).stream().chunk(10);
    assert!(rows.cursor().is_none());
    for _ in 0..20 {
        rows.try_next().await.unwrap().unwrap();
    }
    proxy.cut();
    let mut more = 0;
    let error = loop {
        match rows.next().await.unwrap() {
            Ok(_) => more += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::TransactionLost, "{error:?}");
    assert!(error.to_string().contains(&format!("after {} records", 20 + more)), "{error}");
    assert!(rows.next().await.is_none());
    let cursor = rows.cursor().unwrap();
    let rest = session.select::<Row>().order_by(|r| r.number.asc()).stream().after(cursor.clone());
    let rest: Vec<Row> = rest.try_collect().await.unwrap();
    assert_eq!(rest.len(), 40 - more);
    let error = session.select::<Row>().stream().after(cursor).try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let mut unbound = session.select::<Row>().stream().without_snapshot().chunk(10);
    for _ in 0..15 {
        unbound.try_next().await.unwrap().unwrap();
    }
    proxy.cut();
    let rest: Vec<Row> = unbound.try_collect().await.unwrap();
    assert_eq!(keys(&rest), (15..60).collect::<Vec<_>>());
}

#[async_test(not_send)]
async fn query_streams_the_rows_of_one_statement() {
    let (_db, session) = with_rows(1_000).await;
    session.set("most", 500).await.unwrap();
    let text = "LET $least = 10; SELECT VALUE id FROM row WHERE id >= row:10 AND meta::id(id) < $most; CREATE row:5000 SET number = 1, \
                text = ''; RETURN NONE; RETURN $extra; RETURN [1, 2]";
    let rows: Vec<Id<Row, i64>> =
        session.query(text).bind("extra", "more").stream::<Id<Row, i64>>(1).try_collect().await.unwrap();
    assert_eq!(rows.iter().map(|id| *id.key()).collect::<Vec<_>>(), (10..500).collect::<Vec<_>>());
    // The statements behind it ran as well.
    assert_eq!(session.select::<Row>().count().await.unwrap(), 1_001);
    let items = async |index| {
        let text = "RETURN NONE; RETURN $extra; RETURN [1, 2]; SELECT * FROM ONLY row:1";
        session.query(text).bind("extra", "more").stream::<Value>(index).try_collect::<Vec<_>>().await.unwrap()
    };
    assert_eq!(items(0).await, []);
    assert_eq!(items(1).await, [Value::from("more")]);
    assert_eq!(items(2).await, [Value::Int(1), Value::Int(2)]);
    assert_eq!(items(3).await.len(), 1);
    let rows: Vec<Row> =
        session.query("SELECT * FROM row ORDER BY number DESC LIMIT 10").stream::<Row>(0).try_collect().await.unwrap();
    assert!(rows.is_sorted_by(|a, b| a.number >= b.number) && rows.len() == 10);
}

#[async_test]
async fn query_stream_reports_the_error_of_its_statement() {
    let (_db, session) = with_rows(10).await;
    let error = |index: usize, text: &'static str| {
        let mut rows = session.query(text).stream::<Value>(index);
        async move {
            let error = loop {
                match rows.next().await.expect("no error") {
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert!(rows.next().await.is_none());
            error
        }
    };
    let thrown = error(1, "RETURN 1; THROW 'no'; RETURN 2").await;
    assert_eq!((thrown.kind(), thrown.statement()), (ErrorKind::Thrown, Some(1)));
    assert_eq!(error(3, "RETURN 1; RETURN 2").await.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error(0, "SELEC 1").await.kind(), ErrorKind::Validation);
    assert!(error(0, "SELECT * FROM no_such_table").await.is_not_found());
    let after: Vec<i64> = session.query("THROW 'no'; RETURN 2").stream::<i64>(1).try_collect().await.unwrap();
    assert_eq!(after, [2]);
    session.execute("UPDATE row:3 SET number = 'three'").await.unwrap();
    let rows: Vec<_> = session.query("SELECT * FROM row").stream::<Row>(0).collect().await;
    assert_eq!((rows.len(), rows.iter().filter(|row| row.is_err()).count()), (10, 1));
    assert!(rows[3].as_ref().unwrap_err().to_string().contains("row:3.number"), "{:?}", rows[3]);
    let tx = session.begin_transaction().await.unwrap();
    let error = tx.query("SELECT * FROM row").stream::<Row>(0).try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[async_test]
async fn slow_program_stops_its_own_stream_and_no_call() {
    let (_db, session) = with_rows(5_000).await;
    let text = "SELECT *, string::repeat('x', 2000) AS long FROM row";
    let mut rows = session.query(text).stream::<Row>(0).buffer_bytes(10_000);
    for expected in 0..10 {
        assert_eq!(*rows.try_next().await.unwrap().unwrap().id.key(), expected);
    }
    // 10 MB are more than the buffers of the sockets: the server waits now.
    for _ in 0..20 {
        session.select::<Row>().id(1).await.unwrap();
    }
    let rest: Vec<Row> = rows.try_collect().await.unwrap();
    assert_eq!(keys(&rest), (10..5_000).collect::<Vec<_>>());
}

#[async_test(not_send)]
async fn dropped_query_streams_give_their_sockets_back() {
    let (_db, session) = with_rows(3_000).await;
    let text = "SELECT *, string::repeat('x', 500) AS long FROM row; CREATE row:-5 SET number = 1, text = ''";
    for taken in 0..20 {
        let mut rows = session.query(text).stream::<Row>(0).buffer_bytes(1_000);
        for _ in 0..taken {
            rows.try_next().await.unwrap().unwrap();
        }
    }
    let mut open = Vec::new();
    for _ in 0..8 {
        let mut rows = session.query("SELECT * FROM row").stream::<Row>(0).buffer_bytes(1_000);
        let mut first = Err(());
        eventually("a socket for a stream is free", async || {
            first = rows.try_next().await.map_err(drop);
            if first.is_err() {
                rows = session.query("SELECT * FROM row").stream::<Row>(0).buffer_bytes(1_000);
            }
            first.is_ok()
        })
        .await;
        open.push(rows);
    }
    let error = session.query("SELECT * FROM row").stream::<Row>(0).try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManySessions, "{error:?}");
    drop(open);
    eventually("a stream begins", async || {
        session.query("SELECT * FROM row").stream::<Row>(0).try_next().await.is_ok()
    })
    .await;
}

#[async_test]
async fn query_stream_ends_with_its_socket_and_its_session() {
    let (proxy, _db, session) = behind_a_proxy(3_000).await;
    let text = "SELECT *, string::repeat('x', 3000) AS long FROM row";
    let mut rows = session.query(text).stream::<Row>(0).buffer_bytes(1_000);
    rows.try_next().await.unwrap().unwrap();
    proxy.cut();
    let error = loop {
        match rows.next().await.expect("the stream ended without an error") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    assert!(error.to_string().contains("the stream ended after"), "{error}");
    let again: Vec<Row> = session.query(text).stream::<Row>(0).try_collect().await.unwrap();
    assert_eq!(again.len(), 3_000);
    proxy.stall();
    let mut stalled = session.query(text).deadline(Duration::from_millis(500)).stream::<Row>(0);
    let error = stalled.try_next().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Disconnected), "{error:?}");
    proxy.resume();
}

#[async_test]
async fn query_stream_runs_as_its_session() {
    let (_db, session) = with_rows(3).await;
    session.execute("DEFINE USER reader ON DATABASE PASSWORD 'secret' ROLES VIEWER").await.unwrap();
    let info = session.query("RETURN [session::ns(), session::db()]").await.unwrap();
    let (ns, db): (String, String) = info.take(0).unwrap();
    let reader = session.fork().await.unwrap();
    reader.signin(Database::new(ns, db, "reader", "secret")).await.unwrap();
    let read: Vec<Row> = reader.query("SELECT * FROM row").stream::<Row>(0).try_collect().await.unwrap();
    assert_eq!(read.len(), 3);
    let written = reader.query("CREATE row:9").stream::<Value>(0).try_next().await;
    assert!(written.is_err() || written.unwrap().is_none());
    session.query("USE DB elsewhere; RETURN 1").stream::<i64>(1).try_next().await.unwrap();
    assert_eq!(session.select::<Row>().count().await.unwrap(), 3);
    reader.clone().close_session().await.unwrap();
    let error = reader.query("SELECT * FROM row").stream::<Row>(0).try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SessionClosed);
}
