//! Outages: servers that are down, late, busy or moved, links that are dead without a word, and programs that end meanwhile.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use surreal_session::connection::{ConnectionEvent, ConnectionEvents, Reconnect};
use surreal_session::prelude::*;
use surreal_session_embedded::{Cluster, Embedded};
use surreal_session_tests::{DiskServer, Proxy, async_test, eventually, login};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

/// Longer than any call here may take: a call that still waits after it hangs.
const HANGS: Duration = Duration::from_secs(20);

/// A connection through a proxy, and a session on it with a namespace, a database and a variable.
async fn through(proxy: &Proxy) -> (Surreal, Session) {
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let session = root(&db).await;
    (db, session)
}

async fn root(db: &Surreal) -> Session {
    let session = db.new_session().signin(Root::new("root", "root")).use_ns("outages").use_db("test").await.unwrap();
    session.set("mark", 7).await.unwrap();
    session
}

/// Checks that a session has what [`root`] gave it.
async fn is_whole(session: &Session) {
    let text = "RETURN [session::ns(), session::db(), $mark, $token.ID]";
    let state = timeout(HANGS, session.query(text).into_future()).await.expect("hangs").unwrap().take(0).unwrap();
    let expected: (String, String, i64, String) = ("outages".into(), "test".into(), 7, "root".into());
    let state: (String, String, i64, String) = state;
    assert_eq!(state, expected);
}

/// Stops the proxy, and waits until the connection has noticed.
async fn lose(proxy: &Proxy, db: &Surreal) {
    let mut events = db.events();
    proxy.refuse().await;
    until(&mut events, |event| matches!(event, ConnectionEvent::Disconnected { .. })).await;
}

/// Waits for an event.
async fn until(events: &mut ConnectionEvents, mut is_wanted: impl FnMut(&ConnectionEvent) -> bool) {
    timeout(HANGS, async { while !is_wanted(&events.next().await.expect("no more events")) {} })
        .await
        .expect("no event");
}

#[async_test]
async fn session_survives_a_cut() {
    let proxy = Proxy::start(&login().await.url).await;
    let (db, session) = through(&proxy).await;
    let mut events = db.events();
    for _ in 0..5 {
        proxy.cut();
        until(&mut events, |event| matches!(event, ConnectionEvent::Disconnected { .. })).await;
        is_whole(&session).await;
    }
    assert_eq!(proxy.cuts(), 5);
}

#[async_test]
async fn session_without_a_database_survives_a_cut() {
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let root = Root::new("root", "root");
    let session = db.new_session().signin(root.clone()).use_ns("outages").await.unwrap();
    let nowhere = db.new_session().signin(root).await.unwrap();
    let mut events = db.events();
    proxy.cut();
    until(&mut events, |event| matches!(event, ConnectionEvent::Disconnected { .. })).await;
    session.execute("INFO FOR NS").await.unwrap();
    nowhere.execute("INFO FOR ROOT").await.unwrap();
    assert_eq!((session.namespace().as_deref(), session.database()), (Some("outages"), None));
}

#[async_test]
async fn session_survives_restarts_of_the_server() {
    let mut server = DiskServer::start().await;
    let db = Surreal::connect(server.url()).await.unwrap();
    let mut session = root(&db).await;
    session.execute("DEFINE TABLE note").await.unwrap();
    for round in 0..4 {
        match round % 2 {
            0 => server.stop().await,
            _ => server.kill().await,
        }
        let call = tokio::spawn(async move { (session.execute("CREATE note").await, session) });
        sleep(Duration::from_millis(100)).await;
        server.start_again().await;
        let outcome;
        (outcome, session) = timeout(HANGS, call).await.expect("hangs").unwrap();
        // It was not sent, or the loss was not known yet.
        if let Err(error) = outcome {
            assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
        }
        is_whole(&session).await;
    }
}

#[async_test]
async fn half_open_link_is_noticed() {
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).idle_timeout(Duration::from_millis(500)).await.unwrap();
    let session = root(&db).await;
    let mut events = db.events();
    proxy.stall();
    let begun = Instant::now();
    let error = timeout(HANGS, session.query("CREATE note").into_future()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::Unknown), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    until(&mut events, |event| matches!(event, ConnectionEvent::Disconnected { .. })).await;
    // New connections hang too, in their upgrade.
    sleep(Duration::from_millis(600)).await;
    proxy.resume();
    is_whole(&session).await;
}

#[async_test]
async fn server_that_moves_to_another_address_is_found_again() {
    let mut cluster = Cluster::start(2).await.unwrap();
    let proxy = Proxy::start(cluster.url(0)).await;
    let (_db, session) = through(&proxy).await;
    cluster.kill(0).await;
    proxy.aim(cluster.url(1));
    is_whole(&session).await;
    cluster.shutdown().await;
}

#[async_test]
async fn connect_waits_for_a_server_that_is_not_up_yet() {
    let proxy = Proxy::start(&login().await.url).await;
    proxy.refuse().await;
    let error = Surreal::connect(proxy.url()).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent), "{error:?}");

    let begun = Instant::now();
    let error = Surreal::connect(proxy.url()).wait_for_server(Duration::from_millis(400)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(
        begun.elapsed() > Duration::from_millis(300) && begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );

    let waiting = tokio::spawn(Surreal::connect(proxy.url()).wait_for_server(Duration::from_secs(30)).into_future());
    sleep(Duration::from_secs(10)).await;
    assert!(!waiting.is_finished());
    proxy.open().await;
    timeout(HANGS, waiting).await.expect("hangs").unwrap().unwrap().ping().await.unwrap();
}

#[async_test]
async fn busy_server_is_not_asked_before_the_time_that_it_names() {
    let proxy = Proxy::start(&login().await.url).await;
    proxy.answer(503, Some(2));
    let waiting = tokio::spawn(Surreal::connect(proxy.url()).wait_for_server(Duration::from_secs(15)).into_future());
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(proxy.accepted(), 1, "it asked again before the two seconds were over");
    proxy.open().await;
    timeout(HANGS, waiting).await.expect("hangs").unwrap().unwrap().ping().await.unwrap();
}

#[async_test]
async fn first_connect_that_is_refused_for_good_does_not_wait() {
    let proxy = Proxy::start(&login().await.url).await;
    proxy.answer(401, None);
    let begun = Instant::now();
    let error = Surreal::connect(proxy.url()).wait_for_server(HANGS).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(10) && proxy.accepted() == 1, "{error:?}");
}

#[async_test]
async fn connection_gives_up_after_its_time() {
    let proxy = Proxy::start(&login().await.url).await;
    let policy = Reconnect::default().give_up_after(Duration::from_millis(600)).max_delay(Duration::from_millis(100));
    let db = Surreal::connect(proxy.url()).reconnect(policy).await.unwrap();
    let session = root(&db).await;
    let mut events = db.events();
    proxy.refuse().await;
    let begun = Instant::now();
    timeout(HANGS, db.closed()).await.expect("hangs");
    assert!((0.5..10.0).contains(&begun.elapsed().as_secs_f64()), "{:?}", begun.elapsed());
    until(&mut events, |event| matches!(event, ConnectionEvent::Closed { .. })).await;
    assert!(events.next().await.is_none());
    let error = session.ping().await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent, "{error:?}");
    assert!(!error.is_retryable() && !db.status().is_open && !session.is_open());
    // It stays over.
    proxy.open().await;
    session.ping().await.unwrap_err();
}

#[async_test]
async fn connection_that_never_reconnects_is_over_after_a_cut() {
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).reconnect(Reconnect::never()).await.unwrap();
    let session = root(&db).await;
    proxy.cut();
    timeout(HANGS, db.closed()).await.expect("hangs");
    let error = session.ping().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::NotSent), "{error:?}");
    assert!(!error.is_retryable(), "{error:?}");
}

#[async_test]
async fn call_waits_for_its_session_within_its_deadline() {
    let proxy = Proxy::start(&login().await.url).await;
    let (db, session) = through(&proxy).await;
    lose(&proxy, &db).await;
    let begun = Instant::now();
    let error = timeout(HANGS, session.ping().deadline(Duration::from_millis(400))).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
    assert!((0.3..10.0).contains(&begun.elapsed().as_secs_f64()), "{:?}", begun.elapsed());
    assert!(error.is_retryable(), "{error:?}");

    let waiting = tokio::spawn(session.ping().into_future());
    proxy.open().await;
    timeout(HANGS, waiting).await.expect("hangs").unwrap().unwrap();
    is_whole(&session).await;
}

#[async_test(not_send)]
async fn call_of_a_connection_that_fails_fast_does_not_wait() {
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).fail_fast().await.unwrap();
    let session = root(&db).await;
    lose(&proxy, &db).await;
    let begun = Instant::now();
    let error = timeout(HANGS, session.ping()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::NotSent), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(error.is_retryable(), "{error:?}");
    proxy.open().await;
    eventually("it works again", async || session.ping().await.is_ok()).await;
    is_whole(&session).await;
}

#[async_test]
async fn close_during_an_outage_ends_every_call() {
    let proxy = Proxy::start(&login().await.url).await;
    let (db, session) = through(&proxy).await;
    lose(&proxy, &db).await;
    let mut events = db.events();
    let waiting = tokio::spawn(session.ping().into_future());
    tokio::task::yield_now().await;
    timeout(HANGS, db.close()).await.expect("`close` hangs").unwrap();
    let error = timeout(HANGS, waiting).await.expect("hangs").unwrap().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Closed, Delivery::NotSent), "{error:?}");
    until(&mut events, |event| matches!(event, ConnectionEvent::Closed { .. })).await;
    db.closed().now_or_never().expect("it is closed");
}

#[async_test(not_send)]
async fn nothing_runs_on_after_all_handles_were_dropped_during_an_outage() {
    let proxy = Proxy::start(&login().await.url).await;
    let before = Handle::current().metrics().num_alive_tasks();
    let (db, session) = through(&proxy).await;
    let events = db.events();
    lose(&proxy, &db).await;
    let mut waiting = Box::pin(session.ping().into_future());
    assert!((&mut waiting).now_or_never().is_none());
    drop((waiting, session, db));
    eventually("all tasks have ended", async || Handle::current().metrics().num_alive_tasks() <= before).await;
    let accepted = proxy.accepted();
    proxy.open().await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(proxy.accepted(), accepted, "it still connects");
    drop(events);
}

#[async_test]
async fn lazy_connection_connects_at_its_first_call() {
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).lazy();
    assert_eq!(proxy.accepted(), 0);
    db.ping().await.unwrap();
    assert_eq!(proxy.accepted(), 1);
}

#[async_test]
async fn read_that_was_sent_is_sent_again() {
    let server = Embedded::start().await.unwrap();
    let proxy = Proxy::start(server.url()).await;
    let (_db, session) = through(&proxy).await;
    session.execute("DEFINE TABLE note; CREATE note SET number = 7").await.unwrap();
    proxy.lose_next("SELECT", surreal_session_tests::Loss::Reply);
    let notes =
        timeout(HANGS, session.untyped().select(Table::new("note")).into_future()).await.expect("hangs").unwrap();
    assert_eq!((notes.len(), proxy.cuts()), (1, 1));

    proxy.lose_next("CREATE", surreal_session_tests::Loss::Reply);
    let create = session.untyped().create(Table::new("note")).content(Value::Null);
    let error = timeout(HANGS, create.into_future()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::Unknown), "{error:?}");
    assert!(!error.is_retryable() && !error.is_safe_to_repeat(), "{error:?}");
}
