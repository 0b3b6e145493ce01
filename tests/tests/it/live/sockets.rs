//! Live queries on sockets of their own.

use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session::{Connect, ErrorKind};
use surreal_session_tests::{Proxy, async_test, eventually};
use tokio::time::timeout;

use super::outage::behind_a_proxy_with;
use super::synced::next as next_synced;
use super::{Item, NewItem, elsewhere, next, next_change, nothing_is_registered, registered};

async fn behind_a_proxy(live_sockets: usize) -> (Proxy, Session) {
    let options = |connect: Connect| connect.live_sockets(live_sockets).live_queries_per_socket(2);
    let (proxy, _db, session) = behind_a_proxy_with(options).await;
    (proxy, session)
}

#[async_test(not_send)]
async fn few_live_queries_share_a_socket() {
    for (live_sockets, sockets) in [(16, 4), (2, 3), (0, 1)] {
        let (proxy, session) = behind_a_proxy(live_sockets).await;
        let mut streams = Vec::new();
        for number in 0..5 {
            streams.push(session.live::<Item>().filter(|i| i.number.eq(number)).await.unwrap());
        }
        assert_eq!((proxy.accepted(), registered(&session).await), (sockets, 5), "{live_sockets}");
        for (number, stream) in (0..5).zip(&mut streams) {
            session.create::<Item>().content(NewItem { number }).await.unwrap();
            assert_eq!(next_change(stream).await.data.number, number);
        }
        drop(streams);
        nothing_is_registered(&session).await;
    }
}

#[async_test(not_send)]
async fn lost_socket_of_a_live_query_harms_no_call() {
    let (proxy, session) = behind_a_proxy(16).await;
    let mut items = session.live::<Item>().await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Item>().id("a").content(NewItem { number: 1 }).await.unwrap();
    assert_eq!(proxy.links().len(), 2);
    proxy.links()[1].cut();
    assert!(matches!(next(&mut items).await, LiveEvent::Gap(Gap::Reconnected)));
    tx.commit().await.unwrap();
    session.execute("UPDATE item:a SET number = 2").await.unwrap();
    while next_change(&mut items).await.data.number != 2 {}
    assert_eq!(proxy.cuts(), 1);
}

#[async_test(not_send)]
async fn stream_stays_where_it_was_registered() {
    let (proxy, session) = behind_a_proxy(16).await;
    let there = elsewhere(&session).await;
    let mut items = session.live::<Item>().await.unwrap();
    let (_, mut synced) = session.live::<Item>().synced().await.unwrap();
    session.use_db("other").await.unwrap();
    session.execute("DEFINE TABLE item; CREATE item:other SET number = 7").await.unwrap();
    for number in 1..3 {
        there.execute("UPSERT item:a SET number = $n").bind("n", number).await.unwrap();
        assert_eq!(next_change(&mut items).await.data.number, number);
        match super::synced::next(&mut synced).await {
            SyncEvent::Created(item) | SyncEvent::Updated(item) => assert_eq!(item.number, number),
            other => panic!("{other:?}"),
        }
        proxy.cut();
        assert!(matches!(next(&mut items).await, LiveEvent::Gap(Gap::Reconnected)));
        // The synced stream has nothing to report.
        timeout(Duration::from_millis(100), synced.next()).await.unwrap_err();
    }
    session.kill(items.id()).await.unwrap();
    synced.kill().await.unwrap();
    nothing_is_registered(&there).await;
}

#[async_test(not_send)]
async fn socket_without_live_queries_is_closed_after_a_while() {
    let options = |connect: Connect| connect.unused_socket_timeout(Duration::from_millis(200));
    let (proxy, db, session) = behind_a_proxy_with(options).await;
    for number in 0..2 {
        let mut items = session.live::<Item>().await.unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
        session.create::<Item>().content(NewItem { number }).await.unwrap();
        assert_eq!(next_change(&mut items).await.data.number, number);
        drop(items);
        eventually("one socket is left", async || db.status().endpoints[0].sockets == 1).await;
    }
    assert_eq!((proxy.accepted(), proxy.cuts()), (3, 0));
}

#[async_test(not_send)]
async fn synced_streams_of_a_session_share_the_session_that_reads() {
    let options = |connect: Connect| connect.sockets(1..=1).sessions_per_socket(3);
    let (_proxy, db, session) = behind_a_proxy_with(options).await;
    let mut streams = Vec::new();
    for number in 0..5 {
        streams.push(session.live::<Item>().filter(|i| i.number.gt(number)).synced().await.unwrap().1);
    }
    // Another variable: another session.
    session.set("least", 0).await.unwrap();
    streams.push(session.live::<Item>().synced().await.unwrap().1);
    session.set("least", 1).await.unwrap();
    let refused = session.live::<Item>().synced().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TooManySessions);
    drop(streams.pop());
    eventually("a place is free", async || db.status().sessions < 8).await;
    streams.push(session.live::<Item>().synced().await.unwrap().1);
    session.create::<Item>().content(NewItem { number: 9 }).await.unwrap();
    for stream in &mut streams {
        assert!(matches!(next_synced(stream).await, SyncEvent::Created(Item { number: 9, .. })));
    }
}

#[async_test(not_send)]
async fn synced_stream_without_a_place_for_its_reads_says_so_once() {
    let options = |connect: Connect| connect.sockets(1..=1).sessions_per_socket(3);
    let (proxy, db, session) = behind_a_proxy_with(options).await;
    let elsewhere = elsewhere(&session).await;
    let (_, mut stream) = session.live::<Item>().synced().await.unwrap();
    proxy.refuse().await;
    eventually("all sockets are lost", async || db.status().sockets() == 0).await;
    let others = async { tokio::join!(db.new_session(), db.new_session(), db.new_session()) };
    let (others, ()) = tokio::join!(others, proxy.open());
    elsewhere.create::<Item>().id("a").content(NewItem { number: 1 }).await.unwrap();
    let error = timeout(Duration::from_secs(10), stream.next()).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManySessions, "{error}");
    // The other attempts are not told.
    assert!(timeout(Duration::from_secs(2), stream.next()).await.is_err());
    drop(others);
    assert_eq!(next_synced(&mut stream).await, SyncEvent::Created(Item { id: Id::new("a"), number: 1 }));
}
