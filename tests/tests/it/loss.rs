//! Connections that end by silence, a close frame, or the end of their runtime, and a waker that panics.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use ciborium::Value as Cbor;
use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::connection::ConnectionEvent;
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, Proxy, async_test, connect, is_skipped_here, login, unique};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep, timeout};

/// Longer than any call here may take.
const HANGS: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    number: i64,
}

async fn end(stream: &mut LiveStream<Item>) -> EndReason {
    loop {
        match timeout(HANGS, stream.next()).await.expect("hangs").expect("no reason").unwrap() {
            LiveEvent::Ended(reason) => return reason,
            other => println!("{other:?}"),
        }
    }
}

async fn lost(call: impl Future<Output = surreal_session::Result<()>>, delivery: Delivery, words: &str) {
    let error = timeout(HANGS, call).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, delivery), "{error:?}");
    assert!(error.to_string().contains(words), "{error}");
    assert!(!error.is_retryable(), "{error:?}");
}

/// Reads requests and answers none of them.
async fn mute() -> Peer {
    Peer::start(async |client| client.ignore().await).await
}

#[async_test]
async fn vanished_server_ends_calls_and_streams() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    // The server pings every five seconds.
    let db = Surreal::connect(proxy.url()).idle_timeout(Duration::from_secs(6)).reconnect(Reconnect::never());
    let db = db.await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("DEFINE TABLE item").await.unwrap();
    let mut items = session.live::<Item>().await.unwrap();
    // Idle for longer than the limit.
    sleep(Duration::from_secs(7)).await;
    session.ping().await.unwrap();
    proxy.stall();
    lost(session.ping(), Delivery::Unknown, "nothing came from the server for 6s").await;
    assert_eq!(end(&mut items).await, EndReason::ConnectionLost);
    lost(session.ping(), Delivery::NotSent, "nothing came from the server for 6s").await;
}

#[async_test]
async fn silent_peer_ends_calls_long_before_their_deadline() {
    let peer = mute().await;
    let db = Surreal::connect(peer.url()).idle_timeout(Duration::from_millis(300)).await.unwrap();
    let begun = Instant::now();
    let (first, second) = tokio::join!(db.ping(), db.version());
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::Unknown), "{error:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[async_test]
async fn peer_that_does_not_even_read_is_lost() {
    let peer = Peer::start(async |mut client| {
        let attach = client.expect("attach").await;
        client.reply(attach, Cbor::Null).await;
        let ping = client.expect("ping").await;
        client.reply(ping, Cbor::Null).await;
        std::future::pending::<()>().await;
        drop(client);
    })
    .await;
    let db = Surreal::connect(peer.url()).idle_timeout(Duration::from_millis(300));
    let db = db.reconnect(Reconnect::never()).await.unwrap();
    db.ping().await.unwrap();
    let big = "x".repeat(16 << 20);
    let echo = || async { db.query("RETURN $big").bind("big", &big).await.map(drop) };
    // In one task, the first call is sent first.
    tokio::join!(lost(echo(), Delivery::Unknown, "nothing came"), lost(echo(), Delivery::NotSent, "nothing came"));
}

#[async_test]
async fn large_reply_on_a_slow_line_is_not_silence() {
    let text = "x".repeat(512 << 10);
    let reply = text.clone();
    let peer = Peer::start(move |mut client| {
        let reply = reply.clone();
        async move {
            while let Some((id, _)) = client.request().await {
                client.reply(id, reply.as_str().into()).await;
            }
        }
    })
    .await;
    let proxy = Proxy::start(peer.url()).await;
    let db = Surreal::connect(proxy.url()).idle_timeout(Duration::from_millis(800)).await.unwrap();
    proxy.trickle();
    let begun = Instant::now();
    assert_eq!(timeout(HANGS, db.version()).await.expect("hangs").unwrap(), text);
    assert!(begun.elapsed() > Duration::from_millis(1_200), "the line was too fast to show anything");
}

#[async_test]
async fn unlimited_idle_timeout_never_passes() {
    let peer = Peer::start(async |mut client| {
        let id = client.expect("ping").await;
        sleep(Duration::from_millis(300)).await;
        client.reply(id, Cbor::Null).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).idle_timeout(Duration::MAX).await.unwrap();
    timeout(HANGS, db.ping()).await.expect("hangs").unwrap();
}

fn on_another_thread<F: Future<Output = ()> + Send + 'static>(
    script: impl Fn(surreal_session_tests::Conversation) -> F + Send + Sync + 'static,
) -> Peer {
    let (told, url) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        one_thread().block_on(async {
            told.send(Peer::start(script).await).unwrap();
            sleep(Duration::from_mins(1)).await;
        });
    });
    url.recv().unwrap()
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn suspended_process_reads_buffered_data_before_it_reports_a_loss() {
    let peer = on_another_thread(async |mut client| {
        let id = client.expect("ping").await;
        sleep(Duration::from_millis(200)).await;
        client.reply(id, Cbor::Null).await;
        client.ignore().await;
    });
    one_thread().block_on(async {
        let db = Surreal::connect(peer.url()).idle_timeout(Duration::from_millis(300)).await.unwrap();
        let mut ping = std::pin::pin!(db.ping());
        // The request is written; then this runtime is blocked for longer than the limit.
        timeout(Duration::from_millis(20), &mut ping).await.unwrap_err();
        std::thread::sleep(Duration::from_secs(1));
        timeout(HANGS, ping).await.expect("hangs").unwrap();
    });
}

#[async_test]
async fn close_frame_is_the_end_even_if_the_socket_stays_open() {
    let peer = Peer::start(async |mut client| {
        let id = client.expect("query").await;
        client.reply_live(id, [1; 16], "me", None).await;
        client.request().await;
        client.announce_close(1013, "too slow").await;
        std::future::pending::<()>().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).reconnect(Reconnect::never()).await.unwrap();
    let mut items = timeout(HANGS, db.live::<Item>().into_future()).await.expect("hangs").unwrap();
    lost(db.ping(), Delivery::Unknown, "(1013: too slow) before its reply came").await;
    assert_eq!(end(&mut items).await, EndReason::ConnectionLost);
    lost(db.ping(), Delivery::NotSent, "(1013: too slow) before it was sent").await;
    lost(db.set("a", 1), Delivery::NotSent, "(1013: too slow) before it was sent").await;
    timeout(HANGS, db.close()).await.expect("hangs").unwrap();
}

#[async_test]
async fn code_of_a_close_frame_is_part_of_the_event() {
    for (code, text) in [(1013, "too slow"), (1000, ""), (4000, "of a program")] {
        let peer = Peer::start(move |mut client| async move {
            client.expect("ping").await;
            client.announce_close(code, text).await;
            std::future::pending::<()>().await;
        })
        .await;
        let db = Surreal::connect(peer.url()).reconnect(Reconnect::never()).await.unwrap();
        let mut events = db.events();
        timeout(HANGS, db.ping()).await.expect("hangs").unwrap_err();
        let (close_code, error) = loop {
            match timeout(HANGS, events.next()).await.expect("no event").expect("the end") {
                ConnectionEvent::Disconnected { close_code, error, .. } => break (close_code, error.to_string()),
                other => println!("{other:?}"),
            }
        };
        assert_eq!(close_code, Some(code));
        assert!(error.contains(&code.to_string()) && error.contains(text), "{error}");
    }
}

#[async_test]
async fn replies_before_a_close_frame_are_delivered() {
    let peer = Peer::start(async |mut client| {
        let before = client.expect("ping").await;
        client.reply(before, Cbor::Null).await;
        let first = client.expect("ping").await;
        client.expect("ping").await;
        client.reply(first, Cbor::Null).await;
        client.announce_close(1000, "").await;
        std::future::pending::<()>().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).reconnect(Reconnect::never()).await.unwrap();
    // Opens the default session: two calls that wait for it are sent in any order.
    db.ping().await.unwrap();
    let (first, second) = timeout(HANGS, async { tokio::join!(db.ping(), db.ping()) }).await.expect("hangs");
    first.unwrap();
    lost(async { second }, Delivery::Unknown, "the server closed the connection (1000)").await;
}

/// Ends the connection's runtime while a call and a stream wait on another one.
fn end_the_runtime(expires_in: Option<i64>, shut_down: fn(Runtime)) {
    let peer = on_another_thread(move |mut client| async move {
        let id = client.expect("query").await;
        client.reply_live(id, [1; 16], "me", expires_in).await;
        client.ignore().await;
    });
    let home = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let url = peer.url().to_owned();
    let (db, mut items, call) = home.block_on(async {
        let db = Surreal::connect(url).live_sockets(0).await.unwrap();
        let mut items = db.live::<Item>().await.unwrap();
        // A timer for the expiry would be created here.
        timeout(Duration::from_millis(10), items.next()).await.unwrap_err();
        let mut call = Box::pin(async { db.clone().ping().await });
        timeout(Duration::from_millis(50), &mut call).await.unwrap_err();
        drop(call);
        let waiting = db.clone();
        (db, items, async move { waiting.version().await.map(drop) })
    });
    one_thread().block_on(async move {
        let call = tokio::spawn(call);
        sleep(Duration::from_millis(100)).await;
        shut_down(home);
        let words = "the runtime of the connection was shut down";
        lost(async { call.await.unwrap() }, Delivery::Unknown, words).await;
        assert_eq!(end(&mut items).await, EndReason::ConnectionLost);
        assert!(timeout(HANGS, items.next()).await.expect("hangs").is_none());
        lost(db.ping(), Delivery::NotSent, words).await;
        lost(async { db.live::<Item>().await.map(drop) }, Delivery::NotSent, words).await;
        timeout(HANGS, db.close()).await.expect("hangs").unwrap();
    });
}

#[test]
fn end_of_the_runtime_ends_calls_and_streams() {
    for expires_in in [None, Some(60_000)] {
        end_the_runtime(expires_in, Runtime::shutdown_background);
        end_the_runtime(expires_in, |home| drop(std::thread::spawn(|| drop(home)).join()));
    }
}

#[test]
fn buffered_differences_are_delivered_after_the_end_of_the_runtime() {
    if is_skipped_here("it::loss::buffered_differences_are_delivered_after_the_end_of_the_runtime") {
        return;
    }
    let home = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // The server must not live on the runtime that ends.
    let login = one_thread().block_on(login());
    let mut changes = home.block_on(async {
        let db = Surreal::connect(login.url).await.unwrap();
        let root = Root::new(login.username, login.password);
        let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
        session.execute("DEFINE TABLE item").await.unwrap();
        let changes = session.live::<Item>().diff().await.unwrap();
        session.create::<Item>().content(NewItem { number: 1 }).await.unwrap();
        // The event is in the queue before this reply, or a little later.
        session.ping().await.unwrap();
        sleep(Duration::from_millis(200)).await;
        changes
    });
    home.shutdown_background();
    one_thread().block_on(async {
        let mut reasons = Vec::new();
        while let Some(event) = timeout(HANGS, changes.next()).await.expect("hangs") {
            if let LiveEvent::Ended(reason) = event.unwrap() {
                reasons.push(reason);
            }
        }
        assert_eq!(reasons, [EndReason::ConnectionLost]);
    });
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("the waker of a program");
    }
}

#[async_test]
async fn panicking_waker_harms_no_other_call() {
    let db = connect().await;
    let panics = Waker::from(Arc::new(Panics));
    {
        let mut ping = Box::pin(db.ping());
        assert!(ping.as_mut().poll(&mut Context::from_waker(&panics)).is_pending());
        // Its reply comes before this one, and wakes it.
        for _ in 0..3 {
            timeout(HANGS, db.ping()).await.expect("hangs").unwrap();
        }
        ping.await.unwrap();
    }
    let narrow = Surreal::connect(login().await.url).max_calls(1).await.unwrap();
    let mut first = Box::pin(narrow.ping());
    let mut second = Box::pin(narrow.ping());
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(second.as_mut().poll(&mut Context::from_waker(&panics)).is_pending());
    timeout(HANGS, first).await.expect("hangs").unwrap();
    timeout(HANGS, second).await.expect("hangs").unwrap();
    timeout(HANGS, narrow.ping()).await.expect("hangs").unwrap();
}

#[test]
fn calls_end_at_their_deadline_without_a_running_runtime() {
    let peer = on_another_thread(async |client| client.ignore().await);
    let home = one_thread();
    let db = home.block_on(Surreal::connect(peer.url()).deadline(Duration::from_millis(500)).into_future()).unwrap();
    // It opens the session.
    home.block_on(db.ping()).unwrap_err();
    one_thread().block_on(async {
        let begun = Instant::now();
        let changes =
            [db.use_db("d").await.unwrap_err(), db.set("a", 1).await.unwrap_err(), db.fork().await.unwrap_err()];
        let call = db.ping().await.unwrap_err();
        for error in changes.into_iter().chain([call]) {
            assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::Unknown), "{error:?}");
            assert!(error.to_string().ends_with("the runtime of the connection is not running"), "{error}");
        }
        let error = db.new_session().await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
        assert!(begun.elapsed() < HANGS);
    });
    // Driven again, it works again.
    let error = home.block_on(db.ping()).unwrap_err();
    assert_eq!(error.to_string(), "no reply to `ping` within 500ms");
}

#[test]
fn runtime_without_timers_or_io_is_refused() {
    for runtime in [
        Builder::new_current_thread().build().unwrap(),
        Builder::new_current_thread().enable_time().build().unwrap(),
        Builder::new_current_thread().enable_io().build().unwrap(),
        Builder::new_multi_thread().worker_threads(1).build().unwrap(),
    ] {
        let error = runtime.block_on(Surreal::connect("ws://127.0.0.1:1").into_future()).unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent), "{error:?}");
        assert!(error.to_string().contains("enable_all"), "{error}");
    }
}

#[test]
fn calls_work_on_a_runtime_without_timers() {
    let peer = on_another_thread(async |mut client| {
        while let Some((id, _)) = client.request().await {
            client.reply(id, Cbor::Null).await;
        }
    });
    let home = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let db = home.block_on(Surreal::connect(peer.url()).into_future()).unwrap();
    let bare = Builder::new_current_thread().build().unwrap();
    for _ in 0..3 {
        bare.block_on(db.ping()).unwrap();
    }
}
