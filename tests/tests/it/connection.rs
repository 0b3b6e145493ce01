//! The outcome of calls when the socket, the server or a frame fails.

use std::time::Duration;

use ciborium::cbor;
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{Conversation, Peer, Proxy, async_test, connect, login, place};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Longer than any call here may take: a call that still waits after it hangs.
const HANGS: Duration = Duration::from_secs(20);

#[async_test]
async fn killed_socket_ends_every_call_with_its_delivery() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).max_calls(32).reconnect(Reconnect::never()).await.unwrap();
    let session = db.new_session().signin(Root::new(login.username, login.password)).await.unwrap();
    let sleep = || tokio::spawn(session.query("SLEEP 20s").into_future());
    let sent: Vec<_> = (0..31).map(|_| sleep()).collect();
    // The first reply means that the calls were queued, the second that they were written.
    session.ping().await.unwrap();
    session.ping().await.unwrap();
    let full = sleep();
    tokio::task::yield_now().await;
    let waiting: Vec<_> = (0..8).map(|_| sleep()).collect();
    tokio::task::yield_now().await;
    proxy.cut();
    for (calls, expected) in [(sent, Delivery::Unknown), (waiting, Delivery::NotSent)] {
        for call in calls {
            let error = timeout(HANGS, call).await.expect("hangs").unwrap().unwrap_err();
            assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, expected), "{error:?}");
        }
    }
    let error = timeout(HANGS, full).await.expect("hangs").unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    let error = session.ping().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::NotSent), "{error:?}");
    assert!(!error.is_retryable(), "the handle can never work again");
    let error = session.set("a", 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
    timeout(HANGS, db.close()).await.expect("hangs").unwrap();
}

#[async_test]
async fn reply_that_never_comes_ends_at_the_deadline() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).deadline(Duration::from_secs(1)).await.unwrap();
    let session = db.new_session().await.unwrap();
    proxy.hold_replies();
    let error = timeout(HANGS, session.ping()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::Unknown), "{error:?}");
    assert_eq!(error.to_string(), "no reply to `ping` within 1s");
    let error = timeout(HANGS, session.set("a", 1)).await.expect("hangs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    timeout(HANGS, session.close_session()).await.expect("hangs").unwrap_err();
}

#[async_test]
async fn deadline_of_one_call_is_its_own() {
    let (_db, session) = place().await;
    let slow = session.query("SLEEP 20s").deadline(Duration::from_millis(50));
    let error = timeout(HANGS, slow.into_future()).await.expect("hangs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), "no reply to `query` within 50ms");
    session.execute("SLEEP 100ms").await.unwrap();
}

#[async_test]
async fn deadlines_too_long_for_a_clock_are_no_deadlines() {
    let (_db, session) = place().await;
    session.execute("RETURN 1").deadline(Duration::MAX).await.unwrap();
    let login = login().await;
    Surreal::connect(login.url).deadline(Duration::MAX).await.unwrap().ping().await.unwrap();
}

#[async_test]
async fn call_without_room_ends_at_its_deadline_unsent() {
    let login = login().await;
    let db = Surreal::connect(login.url).max_calls(1).await.unwrap();
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    let sleeping = tokio::spawn(db.query("SLEEP 2s").into_future());
    tokio::task::yield_now().await;
    let waiting = db.query("RETURN 1").deadline(Duration::from_millis(50));
    let error = timeout(HANGS, waiting.into_future()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
    // The server still works on it, so its slot is not free before.
    sleeping.abort();
    db.ping().await.unwrap();
}

#[async_test]
async fn calls_behind_a_stuck_socket_end_at_their_deadline_unsent() {
    let peer = Peer::start(async |mut client| {
        let attach = client.expect("attach").await;
        client.reply(attach, ciborium::Value::Null).await;
        let ping = client.expect("ping").await;
        client.reply(ping, ciborium::Value::Null).await;
        // Never reads again: the socket fills up and stays full.
        std::future::pending::<()>().await;
        drop(client);
    })
    .await;
    let db = Surreal::connect(peer.url()).deadline(Duration::from_millis(300)).await.unwrap();
    db.ping().await.unwrap();
    let big = "x".repeat(16 << 20);
    let calls: Vec<_> = (0..4).map(|_| tokio::spawn(db.query("RETURN $big").bind("big", &big).into_future())).collect();
    let mut deliveries = Vec::new();
    for call in calls {
        let error = timeout(HANGS, call).await.expect("hangs").unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
        deliveries.push(error.delivery());
    }
    assert_eq!(deliveries, [Delivery::Unknown, Delivery::NotSent, Delivery::NotSent, Delivery::NotSent]);
    timeout(HANGS, db.close()).await.expect("hangs").unwrap();
}

#[async_test]
async fn many_calls_in_flight_find_their_own_replies() {
    let (_db, session) = place().await;
    let calls: Vec<_> = (0..500_i64)
        .map(|number| {
            let query = session.query("SLEEP 1ms * ($n % 7); RETURN $n").bind("n", number).into_future();
            tokio::spawn(async move { (number, query.await.unwrap().take::<i64>(1).unwrap()) })
        })
        .collect();
    for call in calls {
        let (asked, answered) = call.await.unwrap();
        assert_eq!(asked, answered);
    }
}

#[async_test]
async fn answer_larger_than_every_buffer_arrives_whole() {
    let (_db, session) = place().await;
    let big = "x".repeat(8 << 20);
    let back: String = session.query("RETURN $big").bind("big", &big).await.unwrap().take(0).unwrap();
    assert_eq!(back.len(), big.len());
}

#[async_test]
async fn closed_port_is_a_connect_error() {
    let error = Surreal::connect("ws://127.0.0.1:1").await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Connect, Delivery::NotSent), "{error:?}");
    assert!(error.to_string().starts_with("cannot connect to ws://127.0.0.1:1/rpc: "), "{error}");
    assert!(std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>), "{error:?}");
}

#[async_test]
async fn silent_listener_is_a_connect_error_at_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let connecting = Surreal::connect(url).deadline(Duration::from_millis(100)).into_future();
    let error = timeout(HANGS, connecting).await.expect("hangs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
}

#[async_test]
async fn other_web_servers_are_recognised() {
    let peer = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", peer.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = peer.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await;
        stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    });
    let error = Surreal::connect(url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(error.to_string().contains("not ready"), "{error}");
    assert!(error.is_retryable());
}

/// Runs `noise` before it answers each `ping`.
async fn noisy(mut client: Conversation, noise: impl AsyncFn(&mut Conversation)) {
    while let Some((id, _)) = client.request().await {
        noise(&mut client).await;
        client.reply(id, ciborium::Value::Null).await;
    }
}

#[async_test]
async fn malformed_frames_disturb_no_call() {
    let peer = Peer::start(|client| {
        noisy(client, async |client| {
            for garbage in
                [&b""[..], b"\xff\xff", b"\x01", b"\xa1\x62id", b"\x9f", b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"]
            {
                client.send_bytes(garbage.to_vec()).await;
            }
            client.send_text("{\"id\": 1, \"result\": null}").await;
            client.send(&cbor!({"id" => 1_000_000, "result" => null}).unwrap()).await;
            client.send(&cbor!({"id" => "text", "result" => null}).unwrap()).await;
            client.send(&cbor!({"result" => {"action" => "CREATE", "id" => null}}).unwrap()).await;
            client.send(&cbor!([1, 2, 3]).unwrap()).await;
        })
    })
    .await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    for _ in 0..3 {
        timeout(HANGS, db.ping()).await.expect("hangs").unwrap();
    }
}

#[async_test]
async fn malformed_reply_is_a_protocol_error() {
    let peer = Peer::start(|mut client| async move {
        while let Some((id, method)) = client.request().await {
            let reply = match method.as_str() {
                "query" => cbor!({"id" => id, "result" => "no list"}),
                "version" => cbor!({"id" => id}),
                _ => cbor!({"id" => id, "error" => "no object"}),
            };
            client.send(&reply.unwrap()).await;
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    for error in
        [db.query("RETURN 1").await.unwrap_err(), db.version().await.unwrap_err(), db.ping().await.unwrap_err()]
    {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Protocol, Delivery::Unknown), "{error:?}");
    }
}

fn stray() -> ciborium::Value {
    cbor!({"error" => {"code" => -32700, "message" => "Parse error", "kind" => "Validation"}}).unwrap()
}

#[async_test]
async fn error_without_id_ends_the_only_call_in_flight() {
    let peer = Peer::start(|mut client| async move {
        client.request().await;
        client.send(&stray()).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let error = timeout(HANGS, db.ping()).await.expect("hangs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation, "{error:?}");
    assert_eq!(error.server().unwrap().code(), Some(-32700));
}

#[async_test]
async fn error_without_id_goes_to_the_call_that_gets_no_reply() {
    let peer = Peer::start(|mut client| async move {
        let first = client.request().await.unwrap();
        client.request().await.unwrap();
        client.send(&stray()).await;
        client.reply(first.0, ciborium::Value::Null).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).deadline(Duration::from_secs(2)).await.unwrap();
    let (first, second) = timeout(HANGS, async { tokio::join!(db.ping(), db.ping()) }).await.expect("hangs");
    first.unwrap();
    let error = second.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::Unknown), "{error:?}");
    assert_eq!(error.server().unwrap().message(), "Parse error");
    assert!(error.to_string().contains("Parse error"), "{error}");
}

#[async_test]
async fn late_reply_to_an_abandoned_call_is_ignored() {
    let (release, released) = oneshot::channel::<()>();
    let released = std::sync::Mutex::new(Some(released));
    let peer = Peer::start(move |mut client| {
        let released = released.lock().unwrap().take();
        async move {
            let (late, _) = client.request().await.unwrap();
            if let Some(released) = released {
                let _ = released.await;
            }
            client.reply(late, "late".into()).await;
            while let Some((id, _)) = client.request().await {
                client.reply(id, "on time".into()).await;
            }
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    timeout(Duration::from_millis(50), db.version()).await.unwrap_err();
    release.send(()).unwrap();
    assert_eq!(timeout(HANGS, db.version()).await.expect("hangs").unwrap(), "on time");
}

/// Opens a session whose `attach` is answered late, loses it in the way that `give_up` says, and expects the `detach`.
async fn lose_a_session(deadline: Duration, give_up: impl AsyncFnOnce(&Surreal)) {
    let (told, mut methods) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = oneshot::channel::<()>();
    let released = std::sync::Mutex::new(Some(released));
    let peer = Peer::start(move |mut client| {
        let (told, released) = (told.clone(), released.lock().unwrap().take());
        async move {
            let (id, _) = client.any_request().await.unwrap();
            if let Some(released) = released {
                let _ = released.await;
            }
            client.reply(id, ciborium::Value::Null).await;
            while let Some((id, method)) = client.request().await {
                let _ = told.send(method);
                client.reply(id, ciborium::Value::Null).await;
            }
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).deadline(deadline).await.unwrap();
    give_up(&db).await;
    release.send(()).unwrap();
    while timeout(HANGS, methods.recv()).await.expect("hangs").unwrap() != "detach" {}
}

#[async_test]
async fn session_attached_for_a_dropped_caller_is_detached() {
    lose_a_session(HANGS, async |db| {
        timeout(Duration::from_millis(50), db.new_session().into_future()).await.unwrap_err();
    })
    .await;
}

#[async_test]
async fn session_attached_after_the_deadline_is_detached() {
    lose_a_session(Duration::from_millis(500), async |db| {
        assert_eq!(db.new_session().await.unwrap_err().kind(), ErrorKind::Timeout);
    })
    .await;
}

#[async_test]
async fn session_attached_after_its_caller_left_and_the_deadline_passed_is_detached() {
    lose_a_session(Duration::from_millis(500), async |db| {
        timeout(Duration::from_millis(20), db.new_session().into_future()).await.unwrap_err();
        // It is sent later, so its deadline passes later.
        assert_eq!(db.ping().await.unwrap_err().kind(), ErrorKind::Timeout);
    })
    .await;
}

#[async_test]
async fn reason_of_the_servers_close_is_reported() {
    let peer = Peer::start(|mut client| async move {
        client.request().await;
        client.close(1013, "too busy").await;
    })
    .await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let error = timeout(HANGS, db.ping()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Disconnected, Delivery::Unknown), "{error:?}");
    assert!(error.to_string().contains("too busy"), "{error}");
}

#[async_test]
async fn connection_works_outside_of_a_runtime() {
    let db = connect().await;
    let url_free = tokio::task::spawn_blocking(move || {
        // An executor without tokio.
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        let mut call = std::pin::pin!(async {
            db.set("a", 1).await?;
            db.query("RETURN $a").await?.take::<i64>(0)
        });
        loop {
            if let std::task::Poll::Ready(answer) = call.as_mut().poll(&mut context) {
                return answer;
            }
            std::thread::yield_now();
        }
    });
    assert_eq!(timeout(HANGS, url_free).await.expect("hangs").unwrap().unwrap(), 1);
}

#[async_test]
async fn urls_are_checked_before_anything_is_opened() {
    for (url, kind) in [
        ("http://127.0.0.1:8000", ErrorKind::Unsupported),
        ("mem://", ErrorKind::Unsupported),
        ("127.0.0.1:8000", ErrorKind::InvalidUrl),
        ("ws://", ErrorKind::InvalidUrl),
    ] {
        let error = Surreal::connect(url).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (kind, Delivery::NotSent), "{url}: {error:?}");
    }
}
