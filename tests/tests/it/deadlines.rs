//! Deadlines of single calls of a session, a transaction and a connection.

use std::fmt;
use std::future::pending;
use std::time::Duration;

use ciborium::Value as Cbor;
use surreal_session::prelude::*;
use surreal_session_tests::{Conversation, Peer, async_test, poll_times};
use tokio::time::timeout;

/// Shorter than the deadline of a connection.
const HANGS: Duration = Duration::from_secs(20);

const SHORT: Duration = Duration::from_millis(50);

/// A connection to a peer that answers `begin` and `attach`, and nothing else.
async fn silent() -> Surreal {
    let peer = Peer::start(|mut peer: Conversation| async move {
        while let Some((id, method)) = peer.request().await {
            match method.as_str() {
                "begin" => peer.reply(id, Cbor::Tag(37, Box::new(Cbor::Bytes(vec![7; 16])))).await,
                "attach" => peer.reply(id, Cbor::Null).await,
                _ => {}
            }
        }
    });
    Surreal::connect(peer.await.url()).await.unwrap()
}

async fn is_unanswered<T: fmt::Debug>(call: impl AsyncFnOnce(Surreal) -> surreal_session::Result<T>) {
    ends_late(call, Delivery::Unknown).await;
}

async fn ends_late<T: fmt::Debug>(call: impl AsyncFnOnce(Surreal) -> surreal_session::Result<T>, delivery: Delivery) {
    let outcome = timeout(HANGS, call(silent().await)).await.expect("hangs");
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, delivery), "{error:?}");
    assert!(error.to_string().contains("within 50ms"), "{error}");
}

#[async_test(not_send)]
async fn each_call_ends_at_its_own_deadline() {
    is_unanswered(async |db| db.use_ns("a").deadline(SHORT).await).await;
    is_unanswered(async |db| db.use_db("a").deadline(SHORT).await).await;
    is_unanswered(async |db| db.unset_ns().deadline(SHORT).await).await;
    is_unanswered(async |db| db.unset_db().deadline(SHORT).await).await;
    is_unanswered(async |db| db.signin(Root::new("root", "root")).deadline(SHORT).await).await;
    is_unanswered(async |db| db.authenticate("token").deadline(SHORT).await).await;
    is_unanswered(async |db| db.invalidate().deadline(SHORT).await).await;
    is_unanswered(async |db| db.reset().deadline(SHORT).await).await;
    is_unanswered(async |db| db.set("a", 1).deadline(SHORT).await).await;
    is_unanswered(async |db| db.unset("a").deadline(SHORT).await).await;
    is_unanswered(async |db| db.ping().deadline(SHORT).await).await;
    is_unanswered(async |db| db.version().deadline(SHORT).await).await;
    is_unanswered(async |db| db.info::<Value>().deadline(SHORT).await).await;
    is_unanswered(async |db| db.sessions().deadline(SHORT).await).await;
    is_unanswered(async |db| db.new_session().set("a", 1).deadline(SHORT).await).await;
    is_unanswered(async |db| db.new_session().await?.close_session().deadline(SHORT).await).await;
    // It is never committed.
    ends_late(async |db| db.begin_transaction().await?.cancel().deadline(SHORT).await, Delivery::RolledBack).await;
}

#[async_test]
async fn commit_without_a_reply_by_its_deadline_is_of_unknown_outcome() {
    let tx = silent().await.begin_transaction().await.unwrap();
    let error = timeout(HANGS, tx.commit().deadline(SHORT)).await.expect("hangs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CommitUnknown, "{error:?}");
}

#[async_test]
async fn change_that_waits_for_another_one_ends_at_its_own_deadline() {
    let db = silent().await;
    let mut first = db.set("a", 1);
    poll_times(1, &mut first).await;
    for waits in [db.set("a", 2).deadline(SHORT), db.unset_ns().deadline(SHORT)] {
        let error = timeout(HANGS, waits).await.expect("hangs").unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
        assert!(error.to_string().starts_with("timed out after 50ms waiting for earlier changes"), "{error}");
    }
    let error = timeout(HANGS, db.fork().deadline(SHORT)).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::NotSent), "{error:?}");
}

#[async_test]
async fn closing_ends_at_its_deadline_when_the_peer_does_not_answer() {
    let peer = Peer::start(|peer: Conversation| async move {
        let _peer = peer;
        pending::<()>().await;
    });
    let db = Surreal::connect(peer.await.url()).await.unwrap();
    let error = timeout(HANGS, db.close().deadline(SHORT)).await.expect("hangs").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    timeout(HANGS, db.close()).await.expect("hangs").unwrap();
}
