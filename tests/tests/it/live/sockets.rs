//! Live queries on sockets of their own.

use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::{Proxy, async_test, eventually, login, unique};

use super::{Item, NewItem, elsewhere, next, next_change, nothing_is_registered, registered};

/// A proxy in front of the server, and a session through it with the table `item`.
async fn behind_a_proxy(live_sockets: usize) -> (Proxy, Session) {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).live_sockets(live_sockets).live_queries_per_socket(2).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("DEFINE TABLE item").await.unwrap();
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
        tokio::time::timeout(Duration::from_millis(100), synced.next()).await.unwrap_err();
    }
    session.kill(items.id()).await.unwrap();
    synced.kill().await.unwrap();
    nothing_is_registered(&there).await;
}

#[async_test(not_send)]
async fn socket_without_live_queries_is_closed_after_a_while() {
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).unused_socket_timeout(Duration::from_millis(200)).await.unwrap();
    let login = login().await;
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("DEFINE TABLE item").await.unwrap();
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
