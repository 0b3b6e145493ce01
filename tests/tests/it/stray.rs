//! Late, unreadable and anonymous replies: no call gets the reply of another, and nothing leaks.

use std::time::Duration;

use ciborium::{Value as Cbor, cbor};
use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{Conversation, Peer, async_test, place, poll_times};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

/// Longer than any call here may take.
const HANGS: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    number: i64,
}

/// A peer for one client, and the value that its script returns.
async fn peer<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    script: impl FnOnce(Conversation) -> F + Send + 'static,
) -> (Peer, oneshot::Receiver<T>) {
    let (told, result) = oneshot::channel();
    let once = std::sync::Mutex::new(Some((script, told)));
    let peer = Peer::start(move |client| {
        let (script, told) = once.lock().unwrap().take().unwrap();
        async move {
            let _ = told.send(script(client).await);
        }
    })
    .await;
    (peer, result)
}

fn refusal() -> Cbor {
    cbor!({"error" => {"code" => -32700, "message" => "Parse error", "kind" => "Validation"}}).unwrap()
}

#[async_test]
async fn error_without_id_is_not_given_to_a_call_beside_an_abandoned_one() {
    let (peer, _) = peer(async |mut client| {
        client.expect("version").await;
        let innocent = client.expect("ping").await;
        client.send(&refusal()).await;
        client.reply(innocent, Cbor::Null).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    timeout(Duration::from_millis(100), db.version()).await.unwrap_err();
    timeout(HANGS, db.ping()).await.expect("hangs").unwrap();
}

#[async_test]
async fn error_without_id_is_not_given_to_a_call_beside_one_that_timed_out() {
    let (peer, _) = peer(async |mut client| {
        client.expect("query").await;
        let innocent = client.expect("ping").await;
        client.send(&refusal()).await;
        client.reply(innocent, Cbor::Null).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let error = db.query("RETURN 1").deadline(Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    timeout(HANGS, db.ping()).await.expect("hangs").unwrap();
}

#[async_test]
async fn error_without_id_is_assigned_again_once_the_abandoned_call_is_answered() {
    let (peer, _) = peer(async |mut client| {
        let abandoned = client.expect("version").await;
        client.expect("ping").await;
        client.reply(abandoned, "3".into()).await;
        client.send(&refusal()).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    timeout(Duration::from_millis(100), db.version()).await.unwrap_err();
    let error = timeout(HANGS, db.ping()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Validation, Delivery::Answered), "{error:?}");
}

#[async_test]
async fn abandoned_call_keeps_its_slot_until_it_is_answered() {
    let (answer, answered) = oneshot::channel::<()>();
    let (peer, _) = peer(async |mut client| {
        let abandoned = client.expect("version").await;
        let _ = answered.await;
        client.reply(abandoned, "3".into()).await;
        let next = client.expect("ping").await;
        client.reply(next, Cbor::Null).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).max_calls(1).await.unwrap();
    timeout(Duration::from_millis(100), db.version()).await.unwrap_err();
    let waiting = db.query("RETURN 1").deadline(Duration::from_millis(100));
    let error = timeout(HANGS, waiting.into_future()).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
    assert!(error.is_retryable());
    answer.send(()).unwrap();
    timeout(HANGS, db.ping()).await.expect("hangs").unwrap();
}

#[async_test]
async fn abandoned_call_gives_its_slot_back_at_its_deadline() {
    let (peer, _) = peer(async |mut client| {
        client.expect("query").await;
        let next = client.expect("ping").await;
        client.reply(next, Cbor::Null).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).max_calls(1).await.unwrap();
    let abandoned = db.query("RETURN 1").deadline(Duration::from_millis(300)).into_future();
    timeout(Duration::from_millis(100), abandoned).await.unwrap_err();
    timeout(HANGS, db.ping()).await.expect("hangs").unwrap();
}

#[async_test]
async fn timeout_names_the_unreadable_frames() {
    let id_of_text = cbor!({"id" => "1", "result" => null}).unwrap();
    let never_sent = cbor!({"id" => 1_000_000, "result" => null}).unwrap();
    let without_id = cbor!({"result" => 1}).unwrap();
    let encoded = |value: &Cbor| {
        let mut frame = Vec::new();
        ciborium::into_writer(value, &mut frame).unwrap();
        frame
    };
    for (frame, words) in [
        (b"\xff\xff".to_vec(), "; the server sent a frame of 2 bytes that cannot be read: "),
        (Vec::new(), "; the server sent a frame of 0 bytes that cannot be read: "),
        (encoded(&id_of_text), "that cannot be read: "),
        (encoded(&without_id), "that cannot be read: "),
        (encoded(&never_sent), "; the server sent a reply to request 1000000, which was never sent"),
        (b"text".to_vec(), "; the server sent a text frame of 4 bytes, where only binary ones are allowed"),
    ] {
        let (peer, _) = peer(async |mut client| {
            client.request().await;
            match &*frame {
                b"text" => client.send_text("text").await,
                _ => client.send_bytes(frame).await,
            }
            client.request().await;
            client.ignore().await;
        })
        .await;
        let db = Surreal::connect(peer.url()).live_sockets(0).deadline(Duration::from_millis(500)).await.unwrap();
        let error = timeout(HANGS, db.ping()).await.expect("hangs").unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::Unknown), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        // The frame came before this call, and does not concern it.
        let error = timeout(HANGS, db.ping()).await.expect("hangs").unwrap_err();
        assert_eq!(error.to_string(), "no reply to `ping` within 500ms");
    }
}

/// Cuts the last byte off the reply with `result` to request `id`.
async fn reply_cut(client: &mut Conversation, id: i64, result: Cbor) {
    let mut frame = Vec::new();
    ciborium::into_writer(&cbor!({"id" => id, "result" => result}).unwrap(), &mut frame).unwrap();
    frame.pop();
    client.send_bytes(frame).await;
}

#[async_test]
async fn reply_that_cannot_be_read_leaves_the_outcome_unknown() {
    let (peer, _) = peer(async |mut client| {
        while let Some((id, _)) = client.request().await {
            reply_cut(&mut client, id, "text".into()).await;
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    for error in [
        db.ping().await.unwrap_err(),
        db.query("CREATE t:1").await.unwrap_err(),
        db.create::<Item>().content(NewItem { number: 1 }).await.unwrap_err(),
        db.set("a", 1).await.unwrap_err(),
        db.live::<Item>().await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Protocol, Delivery::Unknown), "{error:?}");
        assert!(!error.is_retryable());
    }
    // Nobody else knows the transaction.
    let error = db.begin_transaction().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Protocol, Delivery::RolledBack), "{error:?}");
}

#[async_test]
async fn sessions_and_transactions_opened_by_an_unreadable_reply_are_closed() {
    let (peer, closed) = peer(async |mut client| {
        let attach = client.expect("attach").await;
        reply_cut(&mut client, attach, "text".into()).await;
        let detach = client.expect("detach").await;
        client.reply(detach, Cbor::Null).await;
        let live = client.expect("query").await;
        let id = Cbor::Tag(37, Box::new(Cbor::Bytes(vec![7; 16])));
        let statement = |result: Cbor| cbor!({"result" => result, "status" => "OK"}).unwrap();
        let result = vec![statement(Cbor::Null), statement(Cbor::Null), statement(id)];
        reply_cut(&mut client, live, Cbor::Array(result)).await;
        client.expect("kill").await
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    assert_eq!(db.new_session().await.unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(db.live::<Item>().await.unwrap_err().kind(), ErrorKind::Protocol);
    timeout(HANGS, closed).await.expect("hangs").unwrap();
}

async fn end(stream: &mut LiveStream<Item>) -> EndReason {
    match timeout(HANGS, stream.next()).await.expect("hangs").unwrap().unwrap() {
        LiveEvent::Ended(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[async_test]
async fn stream_registered_while_its_session_closes_ends() {
    let (peer, _) = peer(async |mut client| {
        let attach = client.expect("attach").await;
        client.reply(attach, Cbor::Null).await;
        let live = client.expect("query").await;
        let detach = client.expect("detach").await;
        client.reply(detach, Cbor::Null).await;
        client.reply_live(live, [1; 16], "me", None).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let session = db.new_session().await.unwrap();
    let mut live = Box::pin(session.live::<Item>().into_future());
    assert!(poll_times(1, &mut live).await.is_none());
    timeout(HANGS, session.clone().close_session()).await.expect("hangs").unwrap();
    let mut items = timeout(HANGS, live).await.expect("hangs").unwrap();
    assert_eq!(end(&mut items).await, EndReason::SessionClosed);
}

#[async_test]
async fn stream_registered_while_its_session_is_emptied_ends_and_is_killed() {
    for method in ["invalidate", "reset"] {
        let (peer, killed) = peer(async move |mut client| {
            let ping = client.expect("ping").await;
            client.reply(ping, Cbor::Null).await;
            let live = client.expect("query").await;
            let emptied = client.expect(method).await;
            client.reply(emptied, Cbor::Null).await;
            // The client has processed that reply before it sends the next request.
            let ping = client.expect("ping").await;
            client.reply(ping, Cbor::Null).await;
            client.reply_live(live, [1; 16], "me", None).await;
            client.expect("kill").await
        })
        .await;
        let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
        db.ping().await.unwrap();
        let mut live = Box::pin(db.live::<Item>().into_future());
        assert!(poll_times(1, &mut live).await.is_none());
        let emptied = async { if method == "reset" { db.reset().await } else { db.invalidate().await } };
        timeout(HANGS, emptied).await.expect("hangs").unwrap();
        db.ping().await.unwrap();
        let mut items = timeout(HANGS, live).await.expect("hangs").unwrap();
        assert_eq!(end(&mut items).await, EndReason::IdentityChanged);
        timeout(HANGS, killed).await.expect("hangs").unwrap();
    }
}

/// Answers the query for the namespace and database that a sign-in has selected.
async fn no_place(client: &mut Conversation) {
    let selected = client.expect("query").await;
    client.reply_statements(selected, [cbor!({"namespace" => null, "database" => null}).unwrap()]).await;
}

#[async_test]
async fn sign_in_waits_for_a_live_query_that_is_being_registered() {
    for (after, ends) in [("you", true), ("me", false)] {
        let (peer, _) = peer(async move |mut client| {
            let ping = client.expect("ping").await;
            client.reply(ping, Cbor::Null).await;
            let live = client.expect("query").await;
            // The sign-in was polled before this call, but is not sent yet.
            let ping = client.expect("ping").await;
            client.reply(ping, Cbor::Null).await;
            client.reply_live(live, [1; 16], "me", None).await;
            let authenticate = client.expect("authenticate").await;
            client.reply(authenticate, Cbor::Null).await;
            let who = client.expect("query").await;
            client.reply_statements(who, [cbor!({"identity" => after, "expires_in" => null}).unwrap()]).await;
            no_place(&mut client).await;
            client.ignore().await;
        })
        .await;
        let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
        db.ping().await.unwrap();
        let mut live = Box::pin(db.live::<Item>().into_future());
        assert!(poll_times(1, &mut live).await.is_none());
        let mut authenticate = Box::pin(db.authenticate("token"));
        assert!(poll_times(1, &mut authenticate).await.is_none());
        db.ping().await.unwrap();
        // The future of the registration is not polled meanwhile.
        timeout(HANGS, authenticate).await.expect("hangs").unwrap();
        let mut items = timeout(HANGS, live).await.expect("hangs").unwrap();
        match ends {
            true => assert_eq!(end(&mut items).await, EndReason::IdentityChanged),
            false => assert!(timeout(Duration::from_millis(100), items.next()).await.is_err()),
        }
    }
}

#[async_test]
async fn live_query_waits_for_a_sign_in_even_behind_its_deadline() {
    let (peer, _) = peer(async move |mut client| {
        let authenticate = client.expect("authenticate").await;
        let ping = client.expect("ping").await;
        client.reply(ping, Cbor::Null).await;
        client.reply(authenticate, Cbor::Null).await;
        no_place(&mut client).await;
        let live = client.expect("query").await;
        client.reply_live(live, [1; 16], "you", None).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).deadline(Duration::from_millis(500)).await.unwrap();
    assert_eq!(db.authenticate("token").await.unwrap_err().kind(), ErrorKind::Timeout);
    let error = db.live::<Item>().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent));
    assert!(error.to_string().contains("waiting for a change of the session's identity"), "{error}");
    let mut live = Box::pin(db.live::<Item>().deadline(HANGS).into_future());
    assert!(poll_times(1, &mut live).await.is_none());
    db.ping().await.unwrap();
    let mut items = timeout(HANGS, live).await.expect("hangs").unwrap();
    assert!(timeout(Duration::from_millis(100), items.next()).await.is_err());
}

/// Each request is answered within the deadline, but all together take longer.
#[async_test]
async fn snapshot_has_one_deadline_for_all_that_it_reads() {
    let (peer, _) = peer(async |mut client| {
        let live = client.expect("query").await;
        client.reply_live(live, [1; 16], "me", None).await;
        let select = client.expect("query").await;
        sleep(Duration::from_millis(300)).await;
        let position = Cbor::Tag(37, Box::new(Cbor::Bytes(vec![1; 16])));
        client.reply_statements(select, [Cbor::Array(vec![Cbor::Array(Vec::new()), position])]).await;
        let ping = client.expect("ping").await;
        sleep(Duration::from_millis(300)).await;
        client.reply(ping, Cbor::Null).await;
        client.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let snapshot = db.live::<Item>().deadline(Duration::from_millis(500)).snapshot().into_future();
    let error = timeout(HANGS, snapshot).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Timeout, "no reply to `ping` within 500ms".to_owned()));
}

#[async_test]
async fn every_stream_of_a_session_that_closes_ends() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE item").await.unwrap();
    for round in 0..30_u64 {
        let fork = session.fork().await.unwrap();
        let streams: Vec<_> = (0..4).map(|_| tokio::spawn(fork.live::<Item>().into_future())).collect();
        for _ in 0..round % 6 {
            tokio::task::yield_now().await;
        }
        let closing = tokio::spawn(fork.clone().close_session());
        for stream in streams {
            if let Ok(mut items) = timeout(HANGS, stream).await.expect("hangs").unwrap() {
                assert_eq!(end(&mut items).await, EndReason::SessionClosed);
            }
        }
        timeout(HANGS, closing).await.expect("hangs").unwrap().unwrap();
    }
}

#[async_test]
async fn events_beyond_the_byte_limit_are_a_gap() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE item").await.unwrap();
    let mut items = session.live::<Item>().capacity_bytes(1).await.unwrap();
    for number in 0..3 {
        session.create::<Item>().content(NewItem { number }).await.unwrap();
        // The server queues events and replies separately, and the next event may come before this one.
        sleep(Duration::from_millis(300)).await;
    }
    let first = timeout(HANGS, items.next()).await.expect("hangs").unwrap().unwrap();
    assert!(matches!(&first, LiveEvent::Change(change) if change.data.number == 0), "{first:?}");
    let gap = timeout(HANGS, items.next()).await.expect("hangs").unwrap().unwrap();
    assert_eq!(gap, LiveEvent::Gap(Gap::Overflow { missed: 2 }));
}
