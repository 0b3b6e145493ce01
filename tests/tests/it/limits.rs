//! Messages that are too large, values that are too deep and sessions that are too many are refused; all else continues.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::connection::ConnectionEvent;
use surreal_session::prelude::*;
use surreal_session_tests::{Proxy, async_test, eventually, login, place};
use tokio::time::{Instant, timeout};

const LIMIT: usize = 64 << 10;

/// Longer than any call here may take.
const HANGS: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Note {
    id: Id<Note>,
    text: String,
}

/// A connection with a message limit of 64 KiB, signed in as root.
async fn small() -> (Surreal, Session) {
    let (_, session) = place().await;
    let login = login().await;
    let db = Surreal::connect(login.url).max_message_bytes(LIMIT).await.unwrap();
    let tokens = db.signin(Root::new(login.username, login.password)).await.unwrap();
    let ns = session.namespace().unwrap();
    db.use_ns(&ns).use_db("test").await.unwrap();
    let session = db.new_session().authenticate(tokens).use_ns(ns).use_db("test").await.unwrap();
    (db, session)
}

#[async_test(not_send)]
async fn message_that_is_too_large_is_refused_unsent_with_both_sizes() {
    #[track_caller]
    fn too_large(method: &str, error: Error) {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::TooLarge, Delivery::NotSent), "{error:?}");
        let text = error.to_string();
        let sizes: Vec<usize> = text.split(' ').filter_map(|word| word.parse().ok()).collect();
        assert!(text.starts_with(&format!("`{method}` makes a message of ")), "{text}");
        assert!(matches!(sizes[..], [size, LIMIT] if size > LIMIT), "{text}");
    }
    let (db, session) = small().await;
    let big = "x".repeat(LIMIT);
    for session in [&db, &session] {
        too_large("query", session.query("RETURN 1").bind("big", &big).await.unwrap_err());
        too_large("query", session.query(Surql::dynamic(format!("RETURN '{big}'"))).await.unwrap_err());
        too_large("run string::len", session.run::<Value>("string::len").args((&big,)).await.unwrap_err());
        too_large("set", session.set("big", &big).await.unwrap_err());
        too_large("use", session.use_db(&big).await.unwrap_err());
        too_large("signin", session.signin(Root::new(&big, "x")).await.unwrap_err());
        let access = RecordAccess::new("a", "b", "c", BTreeMap::from([("big", &big)]));
        too_large("signup", session.signup(access).await.unwrap_err());
        too_large("authenticate", session.authenticate(big.as_str()).await.unwrap_err());
        let seen: Value = session.query("RETURN [session::db(), $big]").await.unwrap().take(0).unwrap();
        assert_eq!(seen, Value::Array(vec!["test".into(), Value::None]));
    }
    too_large("set", db.new_session().set("big", &big).await.unwrap_err());
    eventually("the session is detached", async || db.sessions().await.unwrap() == [session.id()]).await;
}

#[async_test]
async fn message_of_exactly_the_limit_is_sent() {
    let (_db, session) = small().await;
    let mut sent = 0;
    // One more byte of text makes the message one byte longer.
    for length in LIMIT - 200..LIMIT {
        match session.query("RETURN string::len($v)").bind("v", "x".repeat(length)).await {
            Ok(response) => {
                assert_eq!(response.take::<usize>(0).unwrap(), length);
                sent += 1;
            }
            Err(error) => {
                let size = LIMIT + 1;
                assert!(error.to_string().contains(&format!(" {size} bytes, above the limit of {LIMIT} ")), "{error}");
                assert!(sent > 0);
                return;
            }
        }
    }
    panic!("no limit");
}

#[track_caller]
fn dropped(operation: &str, error: &Error) {
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::TooLarge, Delivery::Answered), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("the reply to `{operation}` has ")), "{text}");
    assert!(text.contains(&format!("above the limit of {LIMIT} bytes, and was dropped")), "{text}");
    assert!(!error.is_retryable(), "{error:?}");
}

#[async_test]
async fn reply_that_is_too_large_fails_its_own_call_and_no_other() {
    let (db, session) = small().await;
    session.execute("DEFINE TABLE item").await.unwrap();
    let others: Vec<_> = (0..20)
        .map(|number| {
            let query = session.query("SLEEP 1ms * $n; RETURN $n").bind("n", number).into_future();
            tokio::spawn(async move { (number, query.await.unwrap().take::<i64>(1).unwrap()) })
        })
        .collect();
    // The server repeats to one MiB at most.
    let text = "UPSERT item:1; RETURN [string::repeat('x', 1_000_000), string::repeat('x', 1_000_000)]";
    let large = (0..3).map(|_| tokio::spawn(session.query(text).into_future()));
    for error in futures_util::future::join_all(large).await {
        dropped("query", &error.unwrap().unwrap_err());
    }
    for other in others {
        let (sent, received) = other.await.unwrap();
        assert_eq!(sent, received);
    }
    db.ping().await.unwrap();
    // The statements were carried out.
    let count: Vec<Value> = session.query("SELECT * FROM item").await.unwrap().take(0).unwrap();
    assert_eq!(count.len(), 1);
}

#[async_test]
async fn reply_just_below_the_limit_is_whole() {
    let (_db, session) = small().await;
    let (mut whole, mut large) = (0, 0);
    for length in (LIMIT - 300)..=LIMIT {
        match session.query("RETURN string::repeat('x', $n)").bind("n", length).await {
            Ok(response) => {
                assert_eq!(response.take::<String>(0).unwrap().len(), length);
                whole += 1;
            }
            Err(error) => {
                // The size varies a little: the reply contains the time that the statement took.
                let sizes: Vec<usize> = error.to_string().split(' ').filter_map(|word| word.parse().ok()).collect();
                assert!(matches!(sizes[..], [size, LIMIT] if size > LIMIT && size < LIMIT + 400), "{error}");
                large += 1;
            }
        }
    }
    assert!(whole > 50 && large > 50, "{whole} {large}");
}

#[async_test]
async fn error_that_is_too_large_fails_its_own_call() {
    let (_db, session) = small().await;
    session.execute("DEFINE FUNCTION fn::fail() { THROW string::repeat('x', 70000) }").await.unwrap();
    let slow = tokio::spawn(session.query("SLEEP 300ms; RETURN 1").into_future());
    let error = session.run::<Value>("fn::fail").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:?}");
    assert_eq!(slow.await.unwrap().unwrap().take::<i64>(1).unwrap(), 1);
}

#[async_test]
async fn reply_that_is_too_large_ends_its_transaction_alone() {
    let (_db, session) = small().await;
    session.execute("DEFINE TABLE item").await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    tx.execute("CREATE item:1").await.unwrap();
    dropped("query", &tx.query("RETURN string::repeat('x', 70000)").await.unwrap_err());
    let error = tx.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionFailed, "{error:?}");
    let rows: Vec<Value> = session.query("SELECT * FROM item").await.unwrap().take(0).unwrap();
    assert_eq!(rows, []);
}

#[async_test]
async fn event_that_is_too_large_is_a_gap_of_its_stream() {
    let (db, session) = small().await;
    session.execute("DEFINE TABLE note; DEFINE TABLE other").await.unwrap();
    let mut notes = session.live::<Note>().await.unwrap();
    let mut others = session.untyped().live(Table::new("other")).await.unwrap();
    session.execute("CREATE note:a SET text = 'a'").await.unwrap();
    let large = "CREATE note:b SET text = string::repeat('x', 1_000_000) RETURN NONE";
    session.execute(large).await.unwrap();
    session.execute("CREATE note:c SET text = 'c'; CREATE other:1").await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 3 {
        seen.push(match timeout(HANGS, notes.next()).await.expect("hangs").unwrap().unwrap() {
            LiveEvent::Change(change) => change.data.text,
            LiveEvent::Gap(gap) => format!("{gap:?}"),
            other => panic!("{other:?}"),
        });
    }
    // Events of different records have no order.
    seen.sort();
    assert_eq!(seen, ["TooLarge { missed: 1 }", "a", "c"]);
    assert_eq!(notes.missed(), 1);
    let other = timeout(HANGS, others.next()).await.expect("hangs").unwrap().unwrap();
    assert!(matches!(other, LiveEvent::Change(_)), "{other:?}");
    db.ping().await.unwrap();
}

#[async_test]
async fn reply_that_is_too_large_on_a_slow_line_is_neither_silence_nor_the_end() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).max_message_bytes(LIMIT).idle_timeout(Duration::from_secs(6)).await.unwrap();
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    proxy.trickle();
    let begun = Instant::now();
    // Sixteen thousand bytes each fifty milliseconds.
    let (large, small) = tokio::join!(
        db.query("RETURN string::repeat('x', 700_000)").into_future(),
        db.execute("RETURN 1").into_future()
    );
    dropped("query", &large.unwrap_err());
    small.unwrap();
    assert!(begun.elapsed() > Duration::from_secs(1), "the line was too fast to show anything");
    db.ping().await.unwrap();
}

/// This number of arrays, each inside the next.
fn nested(depth: usize) -> Value {
    (1..depth).fold(Value::Array(Vec::new()), |inner, _| Value::Array(vec![inner]))
}

#[async_test]
async fn value_that_is_too_deep_is_refused_unsent_by_every_method() {
    #[track_caller]
    fn too_deep(error: Error) {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Encode, Delivery::NotSent), "{error:?}");
        assert!(error.to_string().contains("nested deeper than 95 levels"), "{error}");
    }
    let (db, session) = place().await;
    let deep = nested(96);
    for session in [&db, &session] {
        too_deep(session.query("RETURN $v").bind("v", &deep).await.unwrap_err());
        too_deep(session.set("v", &deep).await.unwrap_err());
        too_deep(session.run::<Value>("array::len").args((&deep,)).await.unwrap_err());
        let access = RecordAccess::new("a", "b", "c", BTreeMap::from([("deep", &deep)]));
        too_deep(session.signup(access.clone()).await.unwrap_err());
        too_deep(session.signin(access).await.unwrap_err());
    }
    let deepest = nested(95);
    session.set("v", &deepest).await.unwrap();
    let back: (Value, Value) =
        session.query("RETURN $v; RETURN $w").bind("w", &deepest).await.unwrap().take_all().unwrap();
    assert_eq!(back, (deepest.clone(), deepest));
}

#[async_test]
async fn deep_values_of_the_server_are_read() {
    let (_db, session) = place().await;
    for depth in [100, 200, 250] {
        let text = format!("RETURN array::fold(array::range(1, {depth}), [], |$inner, $_| [$inner])");
        let value: Value = session.query(Surql::dynamic(text)).await.unwrap().take(0).unwrap();
        assert_eq!(value, nested(depth), "{depth}");
    }
}

#[async_test]
async fn text_and_recursion_that_are_too_deep_are_errors() {
    let (_db, session) = place().await;
    let text = format!("RETURN {}{}", "[".repeat(1_000), "]".repeat(1_000));
    assert_eq!(session.query(Surql::dynamic(text)).await.unwrap_err().kind(), ErrorKind::Validation);
    let endless = "DEFINE FUNCTION fn::endless($n: int) { RETURN fn::endless($n + 1) }";
    session.execute(endless).await.unwrap();
    let error = session.run::<Value>("fn::endless").args((1,)).await.unwrap_err();
    assert!(error.to_string().contains("excessive computation depth"), "{error:?}");
    session.execute("RETURN 1").await.unwrap();
}

#[async_test]
async fn session_over_the_limit_is_refused_and_others_continue() {
    let connect = async || Surreal::connect(login().await.url).sockets(1..=1).sessions_per_socket(1_000).await.unwrap();
    let db = connect().await;
    let mut sessions = Vec::new();
    let refused = loop {
        match db.new_session().await {
            Ok(session) => sessions.push(session),
            Err(error) => break error,
        }
        assert!(sessions.len() < 1_000, "no limit");
    };
    // The connection learns the limit from the server's refusal.
    assert_eq!(sessions.len(), 255);
    for refused in [refused, sessions[0].fork().await.unwrap_err(), db.ping().await.unwrap_err()] {
        assert_eq!((refused.kind(), refused.delivery()), (ErrorKind::TooManySessions, Delivery::NotSent));
        assert!(refused.to_string().contains("too many sessions: all sockets (1) have 255 sessions each"), "{refused}");
    }
    for session in &sessions {
        session.ping().await.unwrap();
    }
    sessions.pop().unwrap().close_session().await.unwrap();
    db.new_session().await.unwrap().ping().await.unwrap();
    connect().await.new_session().await.unwrap();
}

#[async_test(not_send)]
async fn socket_without_sessions_is_closed_after_a_while() {
    let proxy = Proxy::start(&login().await.url).await;
    let connect = Surreal::connect(proxy.url()).sockets(2..=8).sessions_per_socket(2);
    let db = connect.unused_socket_timeout(Duration::from_millis(200)).await.unwrap();
    let mut events = db.events();
    let mut sessions = Vec::new();
    for _ in 0..8 {
        sessions.push(db.new_session().await.unwrap());
    }
    let sockets = || db.status().endpoints[0].sockets;
    assert_eq!(sockets(), 4);
    // The last one is on a socket that stays.
    sessions.drain(..7);
    let last = sessions.pop().unwrap();
    eventually("the others are closed", async || sockets() == 2).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    last.ping().await.unwrap();
    assert_eq!((sockets(), proxy.links().len()), (2, 2));
    // They are not lost, and come back with further sessions.
    for _ in 0..8 {
        sessions.push(db.new_session().await.unwrap());
    }
    assert!(sockets() > 2);
    while let Ok(event) = timeout(Duration::from_millis(100), events.next()).await {
        assert!(matches!(event, Some(ConnectionEvent::Connected { .. })), "{event:?}");
    }
}
