//! The observer.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, TryStreamExt};
use surreal_session::connection::{ConnectionEvent, FinishedCall, LiveGap, Observer, RetriedCall};
use surreal_session::prelude::*;
use surreal_session_tests::{Proxy, async_test, eventually, login, unique};

use super::{NewUser, User, new};

#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn has(&self, text: &str) -> bool {
        self.0.lock().unwrap().iter().any(|entry| entry == text)
    }

    fn push(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

impl Observer for Log {
    fn call_finished(&self, call: &FinishedCall<'_>) {
        assert!(
            call.duration >= call.round_trip && call.queued.is_none_or(|queued| queued <= call.duration),
            "{call:?}"
        );
        let rows = call.rows.map(|rows| format!(" {rows} rows")).unwrap_or_default();
        let error = call.error.map(|error| format!(" {error:?}")).unwrap_or_default();
        let dropped = if call.is_dropped { " dropped" } else { "" };
        self.push(format!("{}{rows}{error}{dropped}", call.summary));
    }

    fn call_retried(&self, retry: &RetriedCall<'_>) {
        self.push(format!("{} again after {} {:?}", retry.summary, retry.attempts, retry.error));
    }

    fn connection_event(&self, event: &ConnectionEvent) {
        self.push(match event {
            ConnectionEvent::Connected { .. } => "connected".to_owned(),
            ConnectionEvent::Disconnected { .. } => "disconnected".to_owned(),
            ConnectionEvent::SessionRestored { .. } => "restored".to_owned(),
            ConnectionEvent::Closed { .. } => "closed".to_owned(),
            _ => return,
        });
    }

    fn live_gap(&self, gap: &LiveGap<'_>) {
        self.push(format!("gap {} {}", gap.reason, gap.missed));
    }
}

#[async_test(not_send)]
async fn observer_gets_calls_and_events_of_the_connection() {
    let login = login().await;
    let log = Arc::new(Log::default());
    let db = Surreal::connect(login.url).observer(Arc::clone(&log)).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    assert_eq!(log.take(), ["connected", "attach"]);
    session.create::<User>().id("ada").content(new("Ada")).await.unwrap();
    session.select::<User>().await.unwrap();
    session.create::<User>().id("ada").content(new("Ada")).await.unwrap_err();
    session.query("THROW 1").await.unwrap().check().unwrap_err();
    assert_eq!(
        log.take(),
        ["CREATE user 1 rows", "SELECT user 1 rows", "CREATE user 0 rows AlreadyExists", "query 0 rows Thrown"]
    );
    let slow = session.execute("SLEEP 1s").into_future();
    tokio::time::timeout(Duration::from_millis(20), slow).await.unwrap_err();
    assert_eq!(log.take(), ["query dropped"]);
    let tx = session.begin_transaction().await.unwrap();
    tx.execute("RETURN 1").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(log.take(), ["begin", "query 1 rows", "commit"]);
    db.close().await.unwrap();
    eventually("closed", async || log.has("closed")).await;
}

#[async_test(not_send)]
async fn observer_gets_outages_gaps_and_retries() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let log = Arc::new(Log::default());
    let db = Surreal::connect(proxy.url()).observer(Arc::clone(&log)).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("DEFINE TABLE user").await.unwrap();
    let mut live = session.live::<User>().await.unwrap();
    proxy.cut();
    session.select::<User>().await.unwrap();
    let gap = live.next().await.unwrap().unwrap();
    assert!(matches!(gap, LiveEvent::Gap(Gap::Reconnected)), "{gap:?}");
    for text in ["disconnected", "restored", "gap Reconnected 0"] {
        eventually(text, async || log.has(text)).await;
    }
    log.take();
    session.execute("CREATE user:ada SET name = 'Ada', age = 1").await.unwrap();
    let (other, mut conflict) = (session.fork().await.unwrap(), true);
    let run = session.transaction().run(|tx| {
        let (conflict, other) = (std::mem::take(&mut conflict), &other);
        async move {
            tx.execute("UPDATE user:ada SET age += 1").await?;
            if conflict {
                other.execute("UPDATE user:ada SET age += 1").await?;
            }
            Ok(())
        }
    });
    run.await.unwrap();
    assert!(log.has("transaction again after 1 Conflict"), "{log:?}");
}

/// Panics at everything.
struct Panics;

impl Observer for Panics {
    fn call_finished(&self, _: &FinishedCall<'_>) {
        panic!("at a call");
    }

    fn connection_event(&self, _: &ConnectionEvent) {
        panic!("at an event");
    }
}

#[async_test]
async fn panic_of_an_observer_changes_nothing() {
    let login = login().await;
    let db = Surreal::connect(login.url).observer(Panics).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.ping().await.unwrap();
    session.execute("THROW 1").await.unwrap_err();
    let slow = session.execute("SLEEP 1s").into_future();
    tokio::time::timeout(Duration::from_millis(20), slow).await.unwrap_err();
    // The observer panics while another panic drops the call.
    let users = futures_util::stream::poll_fn(|_| -> Poll<Option<NewUser>> { panic!("in a stream of the program") });
    let insert = AssertUnwindSafe(session.insert_stream(users).into_future()).catch_unwind().await;
    assert!(insert.is_err());
    session.ping().await.unwrap();
    assert!(db.status().is_open);
    db.close().await.unwrap();
}

/// Calls back into the library, and runs calls in calls.
#[derive(Default)]
struct Curious {
    db: OnceLock<Surreal>,
    seen: Mutex<Vec<(String, u32)>>,
}

impl Curious {
    fn look(&self) {
        let Some(db) = self.db.get() else { return };
        let _ = (db.status(), db.is_open(), db.identity(), db.namespace(), db.events());
    }

    fn take(&self) -> Vec<(String, u32)> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

impl Observer for Curious {
    fn call_finished(&self, call: &FinishedCall<'_>) {
        self.look();
        let dropped = if call.is_dropped { " dropped" } else { "" };
        self.seen.lock().unwrap().push((format!("{}{dropped}", call.summary), call.requests));
    }

    fn call_retried(&self, _: &RetriedCall<'_>) {
        self.look();
    }

    fn connection_event(&self, _: &ConnectionEvent) {
        self.look();
    }

    fn live_gap(&self, _: &LiveGap<'_>) {
        self.look();
    }
}

async fn curious() -> (Arc<Curious>, Surreal, Session) {
    let login = login().await;
    let curious = Arc::new(Curious::default());
    let db = Surreal::connect(login.url).observer(Arc::clone(&curious)).await.unwrap();
    assert!(curious.db.set(db.clone()).is_ok());
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("DEFINE TABLE user").await.unwrap();
    curious.take();
    (curious, db, session)
}

fn seen<const N: usize>(calls: [(&str, u32); N]) -> Vec<(String, u32)> {
    calls.map(|(summary, requests)| (summary.to_owned(), requests)).into()
}

#[async_test]
async fn call_within_a_call_has_its_own_requests() {
    let (curious, db, session) = curious().await;
    let asks = session.clone();
    let users = futures_util::stream::iter(["Ada", "Bob", "Cy"]).then(move |name| {
        let asks = asks.clone();
        async move {
            asks.select::<User>().count().await.unwrap();
            asks.ping().await.unwrap();
            new(name)
        }
    });
    session.insert_stream(Box::pin(users)).chunk(2).await.unwrap();
    let inner = [("SELECT user", 1), ("ping", 1)];
    let calls = [inner[0], inner[1], inner[0], inner[1], inner[0], inner[1], ("INSERT user", 2)];
    assert_eq!(curious.take(), seen(calls));
    db.close().await.unwrap();
}

#[async_test]
async fn panic_of_the_program_within_a_call_ends_that_call() {
    let (curious, db, session) = curious().await;
    let users = futures_util::stream::poll_fn(|_| -> Poll<Option<NewUser>> { panic!("in a stream of the program") });
    let insert = AssertUnwindSafe(session.insert_stream(users).into_future()).catch_unwind().await;
    assert!(insert.is_err());
    session.ping().await.unwrap();
    assert_eq!(curious.take(), seen([("INSERT user dropped", 0), ("ping", 1)]));
    db.close().await.unwrap();
}

#[async_test]
async fn calls_at_the_same_time_are_log_apart() {
    let (curious, db, session) = curious().await;
    let inserts = (0..20).map(|number| {
        let insert = session.insert((0..=number).map(|_| new("Ada")).collect::<Vec<_>>()).chunk(1);
        async move { insert.await.map(|users| users.len()) }
    });
    futures_util::future::try_join_all(inserts).await.unwrap();
    let mut requests: Vec<_> = curious.take().into_iter().map(|(_, requests)| requests).collect();
    requests.sort_unstable();
    assert_eq!(requests, (1..=20).collect::<Vec<_>>());
    db.close().await.unwrap();
}

#[async_test]
async fn text_that_is_streamed_is_one_call() {
    let login = login().await;
    let log = Arc::new(Log::default());
    let db = Surreal::connect(login.url).observer(Arc::clone(&log)).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("CREATE |user:600|").await.unwrap();
    log.take();
    let rows: Vec<Value> = session.query("SELECT * FROM user").stream(0).try_collect().await.unwrap();
    assert_eq!((rows.len(), log.take()), (600, vec!["connected".to_owned(), "query 600 rows".to_owned()]));
    let mut stream = session.query("SELECT * FROM user; THROW 'no'").stream::<Value>(1);
    stream.try_next().await.unwrap_err();
    assert_eq!(log.take(), ["query 0 rows Thrown"]);
    let mut stream = session.query("SELECT * FROM user").stream::<Value>(0);
    stream.try_next().await.unwrap();
    drop(stream);
    assert!(log.take()[0].ends_with("rows dropped"), "{log:?}");
    drop(session.query("RETURN 1").stream::<Value>(0));
    assert_eq!(log.take(), [""; 0]);
    db.close().await.unwrap();
}

#[async_test]
async fn refused_call_has_no_request() {
    let (curious, db, session) = curious().await;
    let other = session.fork().await.unwrap();
    curious.take();
    session.batch((other.select::<User>().id("ada"), session.delete::<User>().id("ada"))).await.unwrap_err();
    session.execute("RETURN 1").bind("no name", 1).await.unwrap_err();
    assert_eq!(curious.take(), seen([("BATCH", 0), ("query", 0)]));
    drop(session.ping());
    drop(session.select::<User>().into_future());
    assert_eq!(curious.take(), []);
    db.close().await.unwrap();
}
