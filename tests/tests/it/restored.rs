//! Sessions whose sockets are lost: they move to others, with everything that belongs to them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::connection::ConnectionEvent;
use surreal_session::prelude::*;
use surreal_session::{ErrorKind, Result};
use surreal_session_tests::{Proxy, async_test, login, unique};
use tokio::time::{Instant, sleep, timeout};

/// Longer than any call here may take.
const HANGS: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    number: i64,
}

struct Setup {
    proxy: Proxy,
    db: Surreal,
    session: Session,
    namespace: String,
}

async fn setup() -> Setup {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let namespace = unique("ns");
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(&namespace).use_db("test").set("tenant", "acme").await.unwrap();
    session.execute("DEFINE TABLE item; CREATE item:one SET number = 1").await.unwrap();
    Setup { proxy, db, session, namespace }
}

impl Setup {
    /// Cuts every socket, and lets later ones pass.
    async fn cut(&self) {
        self.lose().await;
        self.proxy.resume();
        self.proxy.open().await;
    }

    /// Cuts every socket, and refuses others.
    async fn lose(&self) {
        self.proxy.refuse().await;
        let lost = async {
            while self.db.status().sockets() > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(HANGS, lost).await.expect("the loss is not noticed");
    }
}

async fn whereabouts(session: &Session) -> Result<(String, String, String, String)> {
    let text = "RETURN [session::ns(), session::db(), $tenant, $token.ID ?? $auth.id ?? 'nobody']";
    timeout(HANGS, async { session.query(text).await?.take(0) }).await.expect("hangs")
}

#[async_test]
async fn session_is_the_same_on_another_socket() {
    let setup = setup().await;
    let before = whereabouts(&setup.session).await.unwrap();
    assert_eq!((before.0.as_str(), before.2.as_str()), (setup.namespace.as_str(), "acme"));
    let id = setup.session.id();
    for _ in 0..3 {
        setup.cut().await;
        assert_eq!(whereabouts(&setup.session).await.unwrap(), before);
        assert_eq!(setup.session.id(), id);
        assert!(setup.session.is_open());
    }
    assert_eq!(setup.session.namespace(), Some(setup.namespace.clone()));
    let fork = setup.session.fork().await.unwrap();
    setup.cut().await;
    assert_eq!(whereabouts(&fork).await.unwrap(), before);
}

#[async_test]
async fn changes_after_the_opening_are_restored_too() {
    let setup = setup().await;
    setup.session.use_db("other").await.unwrap();
    setup.session.set("tenant", "globex").await.unwrap();
    setup.session.set("limit", 3).await.unwrap();
    setup.session.unset("limit").await.unwrap();
    setup.cut().await;
    let (_, database, tenant, _) = whereabouts(&setup.session).await.unwrap();
    assert_eq!((database.as_str(), tenant.as_str()), ("other", "globex"));
    let limit: Option<i64> = setup.session.query("RETURN $limit").await.unwrap().take(0).unwrap();
    assert_eq!(limit, None);
    assert_eq!(setup.session.variables(), ["tenant"]);
    // An anonymous session stays one, and the default session is a session like the others.
    setup.session.invalidate().await.unwrap();
    setup.db.use_ns(&setup.namespace).await.unwrap();
    setup.cut().await;
    // An error, or in 4.0 no rows.
    assert_eq!(setup.session.select::<Item>().await.unwrap_or_default(), []);
    let namespace: Option<String> = setup.db.query("RETURN session::ns()").await.unwrap().take(0).unwrap();
    assert_eq!(namespace, Some(setup.namespace.clone()));
}

#[async_test]
async fn typed_read_is_sent_again_and_nothing_else() {
    let setup = setup().await;
    setup.proxy.hold_replies();
    let read = tokio::spawn(setup.session.select::<Item>().id("one").into_future());
    let write = tokio::spawn(setup.session.update::<Item>().id("one").set(|item| item.number.add(1)).into_future());
    let text = tokio::spawn(setup.session.query("RETURN 1").into_future());
    let change = tokio::spawn(setup.session.use_db("other").into_future());
    sleep(Duration::from_millis(200)).await;
    setup.cut().await;
    let item = timeout(HANGS, read).await.expect("hangs").unwrap().unwrap();
    assert!(item.is_some_and(|item| item.number >= 1));
    let write = timeout(HANGS, write).await.expect("hangs").unwrap().unwrap_err();
    let text = timeout(HANGS, text).await.expect("hangs").unwrap().unwrap_err();
    let change = timeout(HANGS, change).await.expect("hangs").unwrap().unwrap_err();
    for error in [write, text, change] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::Unknown), "{error:?}");
        assert!(!error.is_retryable() && !error.is_safe_to_repeat());
    }
    // The change was lost with the socket.
    assert_eq!(setup.session.database().as_deref(), Some("test"));
    assert_eq!(whereabouts(&setup.session).await.unwrap().1, "test");
}

#[async_test]
async fn calls_wait_for_a_socket_until_their_deadline() {
    let setup = setup().await;
    setup.lose().await;
    let begin = Instant::now();
    let call = setup.session.ping().deadline(Duration::from_millis(400));
    let error = timeout(HANGS, call).await.expect("hangs").unwrap_err();
    assert!(begin.elapsed() >= Duration::from_millis(350), "{error}");
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
    assert!(error.is_retryable(), "{error:?}");
    // One that waits is sent as soon as there is a socket.
    let waiting = tokio::spawn(setup.session.create::<Item>().content(NewItem { number: 7 }).into_future());
    sleep(Duration::from_millis(100)).await;
    setup.proxy.open().await;
    let item = timeout(HANGS, waiting).await.expect("hangs").unwrap().unwrap();
    assert_eq!(item.number, 7);
}

#[async_test]
async fn pauses_of_any_length_end() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    // So short that some end while the supervisor looks for something to do.
    let policy = Reconnect::default().max_delay(Duration::from_micros(20));
    let db = Surreal::connect(proxy.url()).reconnect(policy).await.unwrap();
    for _ in 0..5 {
        proxy.refuse().await;
        while db.status().sockets() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
        // It waits already: a later call would wake the supervisor.
        let waiting = tokio::spawn(db.ping());
        sleep(Duration::from_millis(100)).await;
        proxy.open().await;
        timeout(Duration::from_secs(5), waiting).await.expect("no attempt is made").unwrap().unwrap();
    }
}

#[async_test]
async fn single_calls_can_fail_fast() {
    let setup = setup().await;
    setup.lose().await;
    let fast = async {
        [
            setup.session.ping().fail_fast().await.unwrap_err(),
            setup.session.use_db("other").fail_fast().await.unwrap_err(),
            setup.session.select::<Item>().fail_fast().await.unwrap_err(),
            setup.session.create::<Item>().content(NewItem { number: 2 }).fail_fast().await.unwrap_err(),
            setup.session.query("RETURN 1").fail_fast().await.unwrap_err(),
            setup.db.new_session().fail_fast().await.unwrap_err(),
            setup.session.begin_transaction().fail_fast().await.unwrap_err(),
        ]
    };
    for error in timeout(Duration::from_secs(2), fast).await.expect("waits") {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::NotSent), "{error:?}");
    }
    setup.proxy.open().await;
    setup.session.ping().await.unwrap();
}

#[async_test]
async fn failing_fast_waits_for_no_socket() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).fail_fast().await.unwrap();
    db.ping().await.unwrap();
    proxy.refuse().await;
    while db.status().sockets() > 0 {
        sleep(Duration::from_millis(5)).await;
    }
    let error = timeout(Duration::from_secs(2), db.ping()).await.expect("waits").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::NotSent), "{error:?}");
    assert!(error.is_retryable());
    proxy.open().await;
    timeout(HANGS, async { while db.ping().await.is_err() {} }).await.expect("never again");
}

#[async_test]
async fn connection_that_never_reconnects_ends_with_its_socket() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).reconnect(Reconnect::never()).await.unwrap();
    db.ping().await.unwrap();
    let mut events = db.events();
    proxy.refuse().await;
    timeout(HANGS, db.closed()).await.expect("goes on");
    proxy.open().await;
    let error = db.ping().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::NotSent), "{error:?}");
    assert!(!error.is_retryable() && !db.is_open() && !db.status().is_open);
    let mut seen = Vec::new();
    while let Some(event) = timeout(HANGS, events.next()).await.expect("no end") {
        seen.push(event);
    }
    assert!(matches!(seen.first(), Some(ConnectionEvent::Disconnected { .. })), "{seen:?}");
    assert!(matches!(seen.last(), Some(ConnectionEvent::Closed { .. })), "{seen:?}");
    assert!(matches!(db.events().next().await, Some(ConnectionEvent::Closed { .. })));
}

#[async_test]
async fn connection_gives_up_after_a_time() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let policy = Reconnect::default().give_up_after(Duration::from_millis(600));
    let db = Surreal::connect(proxy.url()).reconnect(policy).await.unwrap();
    proxy.refuse().await;
    let waiting = tokio::spawn(db.ping());
    let begin = Instant::now();
    timeout(HANGS, db.closed()).await.expect("goes on");
    assert!(begin.elapsed() >= Duration::from_millis(500));
    let error = timeout(HANGS, waiting).await.expect("hangs").unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    assert!(!error.is_retryable(), "{error:?}");
}

#[async_test]
async fn session_that_cannot_prove_its_identity_is_lost_and_the_others_go_on() {
    let setup = setup().await;
    let user = unique("user");
    setup
        .session
        .execute(Surql::dynamic(format!("DEFINE USER {user} ON ROOT PASSWORD 'x' ROLES OWNER")))
        .await
        .unwrap();
    let other = setup.db.new_session().signin(Root::new(&user, "x")).use_ns(&setup.namespace).await.unwrap();
    setup.session.execute(Surql::dynamic(format!("REMOVE USER {user} ON ROOT"))).await.unwrap();
    let mut events = setup.db.events();
    setup.cut().await;
    let error = timeout(HANGS, other.ping()).await.expect("hangs").unwrap_err();
    assert!(error.is_auth() && error.delivery() == Delivery::NotSent, "{error:?}");
    assert!(!other.is_open());
    setup.session.ping().await.unwrap();
    let lost = async {
        while let Some(event) = events.next().await {
            if let ConnectionEvent::SessionLost { session, error, .. } = event {
                return (session, error);
            }
        }
        panic!("no event");
    };
    let (session, error) = timeout(HANGS, lost).await.expect("no event");
    assert!(session == other.id() && error.is_auth(), "{error:?}");
    // It stays lost, and a sign-in revives it.
    assert!(other.ping().await.unwrap_err().is_auth());
    assert!(other.signin(Root::new(&user, "wrong")).await.unwrap_err().is_auth());
    assert!(!other.is_open() && other.ping().await.is_err());
    let login = login().await;
    other.signin(Root::new(login.username, login.password)).await.unwrap();
    other.ping().await.unwrap();
    assert_eq!(other.namespace(), Some(setup.namespace.clone()));
}

#[async_test]
async fn sessions_spread_over_sockets() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).sessions_per_socket(10).sockets(2..=4).await.unwrap();
    let mut sessions = Vec::new();
    for number in 0..40 {
        sessions.push(db.new_session().set("tenant", number).await.unwrap());
    }
    let status = db.status();
    assert_eq!((status.sockets(), status.sessions), (4, 40), "{status:?}");
    let error = db.new_session().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManySessions, "{error:?}");
    assert!(error.to_string().contains("all sockets (4) have 10 sessions each"), "{error}");
    assert_eq!(sessions.last().unwrap().sessions().await.unwrap().len(), 40);
    proxy.refuse().await;
    while db.status().sockets() > 0 {
        sleep(Duration::from_millis(5)).await;
    }
    proxy.open().await;
    for (number, session) in sessions.iter().enumerate() {
        let tenant = session.query("RETURN $tenant").await.unwrap().take::<usize>(0).unwrap();
        assert_eq!(tenant, number);
    }
    sessions.truncate(5);
    timeout(HANGS, async {
        while db.status().sessions > 5 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("sessions are left");
}

#[async_test]
async fn lazy_connection_connects_when_it_is_used() {
    let login = login().await;
    let db = Surreal::connect(&login.url).lazy();
    assert_eq!(db.status().sockets(), 0);
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    assert_eq!(db.status().sockets(), 1);
    let db = Surreal::connect("http://localhost").lazy();
    let error = db.ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(db.await.is_err());
    drop(Surreal::connect("ws://localhost:1").lazy());
}
