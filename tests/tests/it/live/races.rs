//! Events that arrive too early, too late or in the wrong order, and futures that are dropped.

use ciborium::Value as Cbor;
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, async_test, poll_times};

use super::{Item, NewItem, end, next, next_change, nothing_is_registered, with_items};

#[async_test(not_send)]
async fn dropped_registrations_leave_no_live_query() {
    let (db, session) = with_items().await;
    for polls in 0..100 {
        let stream = poll_times(polls, session.live::<Item>().into_future()).await;
        let completed = stream.is_some();
        drop(stream);
        db.ping().await.unwrap();
        nothing_is_registered(&session).await;
        if completed {
            return;
        }
    }
    panic!("never ready");
}

#[async_test(not_send)]
async fn dropped_waits_lose_no_event() {
    let (_db, session) = with_items().await;
    let mut items = session.live::<Item>().await.unwrap();
    for number in 0..20 {
        session.create::<Item>().content(NewItem { number }).await.unwrap();
    }
    let mut numbers = Vec::new();
    while numbers.len() < 20 {
        // Polled once at most, and dropped; or polled until it is ready.
        match poll_times(1, items.next()).await {
            Some(Some(Ok(LiveEvent::Change(change)))) => numbers.push(change.data.number),
            Some(other) => panic!("{other:?}"),
            None => numbers.push(next_change(&mut items).await.data.number),
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    drop(items);
    nothing_is_registered(&session).await;
}

fn uuid(byte: u8) -> Cbor {
    Cbor::Tag(37, Box::new(Cbor::Bytes(vec![byte; 16])))
}

/// An event of a live query about `item:a`.
fn event_at(live: u8, action: &str, number: i64, position: u64) -> Cbor {
    event_of("a", live, action, number, position)
}

/// An event of a live query, for a change with this position.
pub(super) fn event_of(key: &str, live: u8, action: &str, number: i64, position: u64) -> Cbor {
    let id = Cbor::Tag(8, Box::new(Cbor::Array(vec!["item".into(), key.into()])));
    let record = Cbor::Map(vec![("id".into(), id.clone()), ("number".into(), number.into())]);
    let position = [position.to_be_bytes(), [0; 8]].concat();
    let position = Cbor::Tag(37, Box::new(Cbor::Bytes(position)));
    let result = vec![
        ("action".into(), action.into()),
        ("id".into(), uuid(live)),
        ("record".into(), id),
        ("result".into(), Cbor::Array(vec![position, record])),
        ("session".into(), Cbor::Null),
    ];
    Cbor::Map(vec![("result".into(), Cbor::Map(result))])
}

pub(super) fn event(live: u8, action: &str, number: i64) -> Cbor {
    event_at(live, action, number, 0)
}

pub(super) fn statement(result: Cbor) -> Cbor {
    Cbor::Map(vec![("status".into(), "OK".into()), ("time".into(), "1ms".into()), ("result".into(), result)])
}

/// The reply to the registration of the live query `live`.
pub(super) fn registration(live: u8) -> Cbor {
    registration_in(live, vec![])
}

/// The same with this result of the second statement.
pub(super) fn registration_in(live: u8, called: Vec<Cbor>) -> Cbor {
    let who = Cbor::Map(vec![("identity".into(), Cbor::Array(vec![]))]);
    Cbor::Array(vec![statement(who), statement(Cbor::Array(called)), statement(uuid(live))])
}

#[async_test]
async fn events_before_the_reply_and_after_the_kill_are_assigned_correctly() {
    let peer = Peer::start(async |mut conversation| {
        while let Some((id, method)) = conversation.request().await {
            if method == "query" {
                conversation.send(&event(1, "CREATE", 1)).await;
                conversation.send(&event(2, "CREATE", 7)).await;
                conversation.send(&event(1, "UPDATE", 2)).await;
                conversation.reply(id, registration(1)).await;
                conversation.send(&event(1, "UPDATE", 3)).await;
            } else {
                conversation.reply(id, Cbor::Null).await;
                conversation.send(&event(1, "UPDATE", 4)).await;
            }
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let mut items = db.live::<Item>().await.unwrap();
    for (action, number) in [(Action::Create, 1), (Action::Update, 2), (Action::Update, 3)] {
        let change = next_change(&mut items).await;
        assert_eq!((change.action, change.data.number), (action, number));
    }
    db.kill(items.id()).await.unwrap();
    assert_eq!(end(&mut items).await, EndReason::Killed);
    db.ping().await.unwrap();
}

#[async_test(not_send)]
async fn changes_of_one_transaction_come_in_their_order() {
    let (_db, session) = with_items().await;
    session.create::<Item>().id("a").content(NewItem { number: -1 }).await.unwrap();
    let mut items = session.live::<Item>().await.unwrap();
    let mut changes = session.live::<Item>().diff().await.unwrap();
    let (mut superseded, mut late) = (0, 0);
    for round in 0..40 {
        let tx = session.begin_transaction().await.unwrap();
        for step in 0..3 {
            tx.update::<Item>().id("a").set(|i| i.number.set(round * 10 + step)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut last = -1;
        while last < round * 10 + 2 {
            match next(&mut items).await {
                LiveEvent::Change(change) => {
                    assert!(change.data.number > last, "{} after {last}", change.data.number);
                    last = change.data.number;
                }
                LiveEvent::Gap(Gap::Superseded { missed }) => superseded += missed,
                other => panic!("{other:?}"),
            }
        }
    }
    while changes.received() + changes.missed() < 120 {
        if let LiveEvent::Gap(_) = next(&mut changes).await {
            late += 1;
        }
    }
    println!("of 120 changes {superseded} came too late, and {late} with those before");
    assert!(late < 30, "{late}");
    drop((items, changes));
    nothing_is_registered(&session).await;
}

/// A peer that sends these changes of `item:a`, each behind the reply to a ping.
async fn sending(changes: &'static [(i64, u64)]) -> Peer {
    Peer::start(async move |mut conversation| {
        let mut changes = changes.iter();
        while let Some((id, method)) = conversation.request().await {
            if method == "query" {
                conversation.reply(id, registration(1)).await;
                continue;
            }
            for (number, position) in changes.by_ref().take(3) {
                conversation.send(&event_at(1, "UPDATE", *number, *position)).await;
            }
            conversation.reply(id, Cbor::Null).await;
        }
    })
    .await
}

#[async_test]
async fn changes_that_arrive_together_come_in_their_order() {
    let peer = sending(&[(3, 300), (1, 100), (2, 200)]).await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let mut items = db.live::<Item>().await.unwrap();
    db.ping().await.unwrap();
    for number in 1..=3 {
        assert_eq!(next_change(&mut items).await.data.number, number);
    }
}

#[async_test]
async fn overtaken_change_is_skipped_and_reported() {
    let peer = sending(&[(1, 100), (3, 300), (4, 400), (2, 200), (5, 500)]).await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let mut items = db.live::<Item>().await.unwrap();
    db.ping().await.unwrap();
    for number in [1, 3, 4] {
        assert_eq!(next_change(&mut items).await.data.number, number);
    }
    db.ping().await.unwrap();
    assert_eq!(next(&mut items).await, LiveEvent::Gap(Gap::Superseded { missed: 1 }));
    assert_eq!(next_change(&mut items).await.data.number, 5);
    assert_eq!((items.received(), items.missed()), (4, 1));
}

#[async_test]
async fn malformed_events_are_errors_and_the_stream_continues() {
    let peer = Peer::start(async |mut conversation| {
        let Some((id, _)) = conversation.request().await else { return };
        conversation.reply(id, registration(1)).await;
        conversation.send(&event(1, "ERROR", 1)).await;
        conversation.send(&event(1, "CREATE", 2)).await;
        conversation.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let mut items = db.live::<Item>().await.unwrap();
    assert_eq!(items.next().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(next_change(&mut items).await.data.number, 2);
}
