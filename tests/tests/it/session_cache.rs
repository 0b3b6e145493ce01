//! Sessions by token: opened once, shared, closed when idle, and never returned after the expiry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use surreal_session::connection::ConnectionEvent;
use surreal_session::prelude::*;
use surreal_session::{Error, ErrorKind};
use surreal_session_tests::{Proxy, async_test, eventually, is_version_in, login, place, poll_times};
use tokio::sync::Semaphore;
use tokio::time::sleep;

const SCHEMA: &str = "
    DEFINE TABLE member PERMISSIONS FULL;
    DEFINE ACCESS long ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name) WITH REFRESH
        DURATION FOR TOKEN 1h, FOR SESSION 1h;
    DEFINE ACCESS short ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name) WITH REFRESH
        DURATION FOR TOKEN 2s, FOR SESSION 1h;
    DEFINE ACCESS brief ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)
        DURATION FOR TOKEN 1h, FOR SESSION 1s;
";

/// A database, and the tokens of users of an access method of it.
struct Users {
    db: Surreal,
    root: Session,
}

impl Users {
    async fn new() -> Self {
        let (db, root) = place().await;
        root.execute(SCHEMA).await.unwrap();
        Self { db, root }
    }

    async fn token(&self, access: &str) -> Token {
        let params = BTreeMap::from([("name", "ada")]);
        let access = RecordAccess::new(self.root.namespace().unwrap(), "test", access, params);
        self.db.new_session().signup(access).with_tokens().await.unwrap().1.access
    }

    /// The number of sessions of the connection besides that of root.
    async fn open(&self) -> usize {
        self.db.sessions().await.unwrap().len() - 1
    }
}

#[async_test(not_send)]
async fn session_is_opened_once_however_many_ask() {
    let users = Users::new().await;
    let token = users.token("long").await;
    let cache = SessionCache::by_token(&users.db, |user| user);
    let sessions = join_all((0..20).map(|_| cache.get(&token))).await;
    let first = sessions[0].as_ref().unwrap().id();
    assert!(sessions.iter().all(|session| session.as_ref().unwrap().id() == first));
    assert_eq!(cache.get(token.as_str()).await.unwrap().id(), first);
    let other = cache.get(users.token("long").await).await.unwrap();
    assert_ne!(other.id(), first);
    let stats = cache.stats();
    assert_eq!((stats.opened, stats.hits, stats.failed, stats.open), (2, 20, 0, 2), "{stats:?}");
    drop((sessions, other, cache));
    eventually("the sessions are closed with the cache", async || users.open().await == 0).await;
}

#[async_test(not_send)]
async fn failed_opening_fails_all_who_wait_and_is_not_kept() {
    let users = Users::new().await;
    let (token, attempts) = (users.token("long").await, Arc::new(AtomicUsize::new(0)));
    let (db, count, gate) = (users.db.clone(), Arc::clone(&attempts), Arc::new(Semaphore::new(0)));
    let opened = Arc::clone(&gate);
    let cache = SessionCache::new(&users.db, move |token| {
        let (db, gate, number) = (db.clone(), Arc::clone(&gate), count.fetch_add(1, Ordering::SeqCst));
        async move {
            let _permit = gate.acquire().await.unwrap();
            if number == 0 {
                db.new_session().authenticate("no token").await
            } else {
                db.new_session().authenticate(token).await
            }
        }
    });
    let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(cache.get(&token))).collect();
    for call in &mut waiting {
        assert!(poll_times(1, call).await.is_none());
    }
    opened.add_permits(10);
    for call in waiting {
        let error = call.await.unwrap_err();
        assert!(error.is_auth() && !error.is_expired(), "{error:?}");
    }
    assert_eq!((attempts.load(Ordering::SeqCst), cache.stats().failed, cache.stats().open), (1, 1, 0));
    cache.get(&token).await.unwrap();
    assert_eq!((cache.stats().opened, cache.stats().failed), (1, 1));
}

#[async_test(not_send)]
async fn opening_goes_on_without_the_request_that_began_it() {
    let users = Users::new().await;
    let token = users.token("long").await;
    let cache = SessionCache::by_token(&users.db, |user| user);
    let mut first = Box::pin(cache.get(&token));
    assert!(poll_times(1, &mut first).await.is_none());
    drop(first);
    cache.get(&token).await.unwrap();
    assert_eq!((cache.stats().opened, cache.stats().hits), (1, 1));
}

#[async_test(not_send)]
async fn panic_of_the_function_does_not_block_the_token() {
    let users = Users::new().await;
    let token = users.token("long").await;
    let (db, attempts) = (users.db.clone(), AtomicUsize::new(0));
    let cache = SessionCache::new(&users.db, move |token| {
        assert!(attempts.fetch_add(1, Ordering::SeqCst) > 0, "a bug of the program");
        db.new_session().authenticate(token)
    });
    assert_eq!(cache.get(&token).await.unwrap_err().kind(), ErrorKind::Closed);
    cache.get(&token).await.unwrap();
}

#[async_test(not_send)]
async fn function_that_hangs_ends_at_the_deadline_of_the_call() {
    let users = Users::new().await;
    let cache = SessionCache::new(&users.db, |_| std::future::pending::<Result<Session, Error>>());
    let error = cache.get("t").deadline(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
}

#[async_test(not_send)]
async fn session_is_not_returned_after_its_token_has_expired() {
    let users = Users::new().await;
    let token = users.token("short").await;
    let cache = SessionCache::by_token(&users.db, |user| user);
    let session = cache.get(&token).await.unwrap();
    let expired = loop {
        match cache.get(&token).await {
            // The cache knows the server's clock up to a round trip, so that it may open one more at the very end.
            Ok(same) => assert!(same.id() == session.id() || cache.stats().expired > 0),
            Err(error) => break error,
        }
        sleep(Duration::from_millis(20)).await;
    };
    assert!(expired.is_expired(), "{expired:?}");
    // The server has refused it too.
    assert!(users.db.new_session().authenticate(&token).await.unwrap_err().is_expired());
    let stats = cache.stats();
    assert!([(1, 1, 0), (2, 2, 0)].contains(&(stats.opened, stats.expired, stats.open)), "{stats:?}");
    // The handle that was given out lives as long as its session, which in server 4.0 ends with the token.
    let outcome = session.execute("RETURN 1").await;
    assert!(if is_version_in("4.0"..).await { outcome.unwrap_err().is_expired() } else { outcome.is_ok() });
    drop(session);
    eventually("the session is closed", async || users.open().await == 0).await;
}

#[async_test(not_send)]
async fn short_session_lives_while_its_token_does_and_keeps_no_refresh_token() {
    let users = Users::new().await;
    let token = users.token("brief").await;
    let cache = SessionCache::by_token(&users.db, |user| user);
    let id = cache.get(&token).await.unwrap().id();
    for _ in 0..30 {
        sleep(Duration::from_millis(100)).await;
        let session = cache.get(&token).await.unwrap();
        assert_eq!(session.id(), id);
        session.execute("RETURN 1").await.unwrap();
    }
    assert_eq!(cache.stats().opened, 1);
}

#[async_test(not_send)]
async fn idle_sessions_are_closed_and_those_in_use_are_kept() {
    let users = Users::new().await;
    let (held, idle) = (users.token("long").await, users.token("long").await);
    let cache = SessionCache::by_token(&users.db, |user| user).idle_timeout(Duration::from_millis(200));
    let session = cache.get(&held).await.unwrap();
    cache.get(&idle).await.unwrap();
    eventually("the idle one is closed", async || cache.stats().evicted == 1).await;
    sleep(Duration::from_millis(500)).await;
    assert_eq!(cache.get(&held).await.unwrap().id(), session.id());
    assert_eq!((cache.stats().evicted, cache.stats().open), (1, 1));
    drop(session);
    eventually("the other is closed too", async || cache.stats().open == 0 && users.open().await == 0).await;
}

#[async_test(not_send)]
async fn unused_sessions_make_room_for_others() {
    let db = Surreal::connect(login().await.url).sockets(1..=1).sessions_per_socket(4).await.unwrap();
    let opener = db.clone();
    let cache = SessionCache::new(&db, move |_| opener.new_session());
    let held = cache.get("held").await.unwrap();
    for number in 0..12 {
        cache.get(format!("token {number}")).await.unwrap().ping().await.unwrap();
    }
    assert_eq!(cache.get("held").await.unwrap().id(), held.id());
    // All at once.
    let all = join_all((0..8).map(|number| cache.get(format!("another {number}")).into_future())).await;
    assert!(all.iter().filter(|got| got.is_ok()).count() >= 3, "{all:?}");
    drop(all);
    // The tasks that have opened the sessions hold them a moment longer.
    sleep(Duration::from_millis(100)).await;
    let mut more = Vec::new();
    let error = loop {
        match cache.get(format!("held {}", more.len())).await {
            Ok(session) => more.push(session),
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), more.len()), (ErrorKind::TooManySessions, 3));
    drop(more);
    cache.get("after").await.unwrap();
    held.ping().await.unwrap();
}

#[async_test(not_send)]
async fn least_recently_used_sessions_are_closed_first() {
    let users = Users::new().await;
    let cache = SessionCache::by_token(&users.db, |user| user).max_idle(2);
    let mut tokens = Vec::new();
    for _ in 0..4 {
        let token = users.token("long").await;
        cache.get(&token).await.unwrap();
        tokens.push(token);
        // The first is used again each time.
        cache.get(&tokens[0]).await.unwrap();
        // The task that has opened the session holds it a moment longer.
        sleep(Duration::from_millis(100)).await;
    }
    // Two were kept when the fourth was opened.
    assert_eq!((cache.stats().opened, cache.stats().evicted), (4, 1));
    for index in [0, 2, 3] {
        cache.get(&tokens[index]).await.unwrap();
    }
    assert_eq!(cache.stats().opened, 4);
    cache.get(&tokens[1]).await.unwrap();
    assert_eq!((cache.stats().opened, cache.stats().evicted), (5, 2));
}

#[async_test(not_send)]
async fn session_that_was_changed_or_closed_is_not_returned_again() {
    let users = Users::new().await;
    let (one, another) = (users.token("long").await, users.token("long").await);
    let cache = SessionCache::by_token(&users.db, |user| user);
    let session = cache.get(&one).await.unwrap();
    let who = session.identity().record;
    session.authenticate(&another).await.unwrap();
    let again = cache.get(&one).await.unwrap();
    assert_ne!(again.id(), session.id());
    assert_eq!(again.identity().record, who);
    again.invalidate().await.unwrap();
    let third = cache.get(&one).await.unwrap();
    assert_eq!(third.identity().record, who);
    third.close_session().await.unwrap();
    cache.get(&one).await.unwrap().execute("RETURN 1").await.unwrap();
    assert_eq!((cache.stats().lost, cache.stats().opened), (3, 4));
}

#[async_test(not_send)]
async fn removed_session_is_opened_again() {
    let users = Users::new().await;
    let token = users.token("long").await;
    let cache = SessionCache::by_token(&users.db, |user| user);
    let id = cache.get(&token).await.unwrap().id();
    assert!(cache.remove(&token) && !cache.remove(&token));
    assert_ne!(cache.get(&token).await.unwrap().id(), id);
    let shown = format!("{cache:?}");
    assert!(!shown.contains(token.as_str()) && shown.contains("opened: 2"), "{shown}");
}

#[async_test(not_send)]
async fn session_of_a_key_is_opened_again_after_an_outage() {
    #[derive(serde::Deserialize)]
    struct Granted {
        grant: Key,
    }
    #[derive(serde::Deserialize)]
    struct Key {
        key: String,
    }
    let users = Users::new().await;
    let schema =
        "DEFINE USER robot ON DATABASE PASSWORD 'r' ROLES VIEWER; DEFINE ACCESS api ON DATABASE TYPE BEARER FOR USER";
    users.root.execute(schema).await.unwrap();
    let granted = users.root.query("ACCESS api ON DATABASE GRANT FOR USER robot").await.unwrap();
    let Granted { grant: Key { key } } = granted.take(0).unwrap();
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let (opener, ns) = (db.clone(), users.root.namespace().unwrap());
    let cache = SessionCache::new(&db, move |key| {
        opener.new_session().signin(Bearer::new("api", key).on_database(&ns, "test"))
    });
    let session = cache.get(&key).await.unwrap();
    let mut events = db.events();
    proxy.cut();
    while !matches!(events.next().await, Some(ConnectionEvent::Disconnected { .. })) {}
    // The cache keeps no key, and the server accepts no token that it has issued for one.
    let lost = session.execute("RETURN 1").await.unwrap_err();
    assert!(lost.is_auth() && !session.is_open(), "{lost:?}");
    let again = cache.get(&key).await.unwrap();
    assert_eq!(again.identity().user.as_deref(), Some("robot"));
    again.execute("RETURN 1").await.unwrap();
    assert_eq!((cache.stats().opened, cache.stats().lost), (2, 1));
}
