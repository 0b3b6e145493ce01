//! Servers of other versions: what they cannot do is refused by name, and nothing of it is sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::connection::Feature;
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, async_test, connect, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Next {
    id: Id<Next>,
    r#in: Id<Item>,
    out: Id<Item>,
}

/// A peer of version 3.1.6 that counts how often it is asked for its version, and everything else besides what opens sessions.
async fn old_server(tells_version: bool) -> (Peer, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (asked, others) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counts = (Arc::clone(&asked), Arc::clone(&others));
    let peer = Peer::start_as(tells_version.then_some("surrealdb/3.1.6"), move |mut client| {
        let (asked, others) = counts.clone();
        async move {
            while let Some((id, method)) = client.any_request().await {
                match method.as_str() {
                    "version" => {
                        asked.fetch_add(1, Ordering::SeqCst);
                        client.reply(id, "surrealdb-3.1.6".into()).await;
                    }
                    "attach" | "detach" => client.reply(id, ciborium::Value::Null).await,
                    _ => _ = others.fetch_add(1, Ordering::SeqCst),
                }
            }
        }
    })
    .await;
    (peer, asked, others)
}

#[async_test(not_send)]
async fn what_an_old_server_cannot_do_is_refused_by_name() {
    // Once for each socket, as live queries have one of their own, unless the answer to the handshake tells it.
    for (tells_version, questions) in [(false, 2), (true, 0)] {
        let (peer, asked, others) = old_server(tells_version).await;
        refuses(&peer).await;
        assert_eq!((asked.load(Ordering::SeqCst), others.load(Ordering::SeqCst)), (questions, 0));
    }
}

async fn refuses(peer: &Peer) {
    let db = Surreal::connect(peer.url()).await.unwrap();
    assert_eq!(db.server_version().await.unwrap().to_string(), "3.1.6");
    assert!(!db.supports(Feature::RowStreams).await.unwrap());
    let session = db.new_session().await.unwrap();
    let edge = || NewNext { r#in: Id::new("a"), out: Id::new("b") };
    let tags = |tags: &[&str]| NewItem { tags: tags.iter().map(|tag| (*tag).to_owned()).collect() };
    let first = PatchOp::replace("/tags/0", "x");
    for (error, needed) in [
        (session.select::<Item>().id("a").for_update().await.map(drop), "FOR UPDATE"),
        (session.live::<Item>().await.map(drop), "changes of transactions"),
        (session.live::<Item>().snapshot().await.map(drop), "changes of transactions"),
        (session.live::<Item>().synced().await.map(drop), "changes of transactions"),
        (session.update::<Item>().id("a").patch(|_| [first]).await.map(drop), "elements of arrays"),
        (session.insert([tags(&["a"])]).ignore().await.map(drop), "ignore only rows that exist"),
        (session.relate(edge()).id("e").await.map(drop), "edges whose ids"),
        (session.insert([("e", edge())]).relation().await.map(drop), "edges whose ids"),
        (session.transaction().read_only().begin().await.map(drop), "read-only"),
        (session.transaction().serializable().run(async |_| Ok(())).await, "serializable"),
    ] {
        let error = error.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Unsupported, Delivery::NotSent), "{error:?}");
        assert!(error.to_string().contains(needed) && error.to_string().contains("3.1.6"), "{error}");
    }
}

/// A peer of this version that answers everything, and the methods that it was called with, but for what opens sessions.
async fn willing_server(version: &'static str) -> (Peer, Arc<Mutex<Vec<String>>>) {
    let methods = Arc::new(Mutex::new(Vec::new()));
    let called = Arc::clone(&methods);
    let peer = Peer::start_as(Some(version), move |mut client| {
        let called = Arc::clone(&called);
        async move {
            while let Some((id, method)) = client.request().await {
                let transaction = ciborium::Value::Tag(37, Box::new(vec![7_u8; 16].into()));
                let reply = if method == "begin" { transaction } else { ciborium::Value::Null };
                called.lock().unwrap().push(method);
                client.reply(id, reply).await;
            }
        }
    })
    .await;
    (peer, methods)
}

#[async_test(not_send)]
async fn exactly_once_is_refused_where_a_transaction_does_not_know_its_place() {
    let (peer, methods) = willing_server("surrealdb/3.0.5").await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let once = db.transaction().exactly_once();
    let error = once.run(async |_| -> surreal_session::Result<()> { panic!("the closure runs") }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    assert!(error.to_string().ends_with("from 3.1 on; this one is 3.0.5"), "{error}");
    db.ping().await.unwrap();
    assert_eq!(*methods.lock().unwrap(), ["begin", "cancel", "ping"]);
}

/// Server 4.0 refuses to cancel a transaction whose session is detached, and keeps it open.
#[async_test(not_send)]
async fn transactions_are_cancelled_before_their_session_is_detached() {
    let (peer, methods) = willing_server("surrealdb/4.0.0").await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let session = db.new_session().await.unwrap();
    let _open = session.begin_transaction().await.unwrap();
    session.close_session().await.unwrap();
    db.ping().await.unwrap();
    assert_eq!(*methods.lock().unwrap(), ["begin", "cancel", "detach", "ping"]);
}

#[async_test]
async fn version_is_that_of_the_server() {
    let db = connect().await;
    let version = db.server_version().await.unwrap();
    assert_eq!(format!("surrealdb-{version}"), db.version().await.unwrap());
    for feature in [Feature::RowStreams, Feature::RowLocks, Feature::ReadOnlyTransactions] {
        assert_eq!(db.supports(feature).await.unwrap(), version.supports(feature));
    }
}

#[async_test]
async fn read_only_transactions_refuse_writes() {
    let (_db, session) = place().await;
    session.execute("CREATE item:a SET tags = []").await.unwrap();
    let items = session.transaction().read_only().run(async |tx| tx.select::<Item>().await).await.unwrap();
    assert_eq!(items.len(), 1);
    let tx = session.transaction().read_only().begin().await.unwrap();
    tx.execute("CREATE item:b SET tags = []").await.unwrap_err();
    tx.cancel().await.unwrap();
    assert_eq!(session.select::<Item>().count().await.unwrap(), 1);
    let marked = session.transaction().read_only().exactly_once().run(async |_| Ok(())).await;
    assert_eq!(marked.unwrap_err().kind(), ErrorKind::InvalidArgument);
}

/// The store in memory has no serializable transactions, which is an error of this kind too.
#[async_test]
async fn serializable_transactions_have_no_write_skew() {
    let (_db, session) = place().await;
    session.execute("CREATE item:a SET tags = ['x']; CREATE item:b SET tags = ['x']").await.unwrap();
    let begin = || session.transaction().serializable().begin();
    let first = match begin().await {
        Ok(first) => first,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}"),
    };
    let second = begin().await.unwrap();
    for (tx, own) in [(&first, "a"), (&second, "b")] {
        assert_eq!(tx.select::<Item>().await.unwrap().len(), 2);
        tx.update::<Item>().id(own).set(|i| i.tags.set(Vec::<String>::new())).await.unwrap();
    }
    first.commit().await.unwrap();
    assert!(second.commit().await.unwrap_err().is_conflict());
}
