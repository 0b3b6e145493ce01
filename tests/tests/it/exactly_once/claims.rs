//! Claims of markers: what they rely on in the server, and each answer that they can get.

use ciborium::cbor;
use surreal_session_embedded::{Cluster, Embedded};
use surreal_session_tests::{Conversation, Peer, unique};
use tokio::join;

use super::*;

const CLAIM: &str = "CREATE ONLY m:1 SET state = 'void' RETURN VALUE state";

/// A transaction that has created the record `m:1`.
async fn marked(session: &Session) -> Transaction {
    let tx = session.begin_transaction().await.unwrap();
    tx.execute("CREATE ONLY m:1 SET state = 'applied' RETURN VALUE state; UPDATE account:ada SET balance += 1")
        .await
        .unwrap();
    tx
}

#[async_test]
async fn transaction_cannot_commit_a_record_that_was_created_meanwhile() {
    for deletes in [false, true] {
        let (_db, session) = bank().await;
        session.execute("DEFINE TABLE m").await.unwrap();
        let tx = marked(&session).await;
        session.execute(CLAIM).await.unwrap();
        if deletes {
            session.execute("DELETE m:1").await.unwrap();
        }
        let error = tx.commit().await.unwrap_err();
        assert!(error.is_conflict(), "{error:?}");
        assert_eq!(balance(&session).await, 100);
    }
}

#[async_test]
async fn record_of_a_committed_transaction_cannot_be_created() {
    let (_db, session) = bank().await;
    session.execute("DEFINE TABLE m").await.unwrap();
    marked(&session).await.commit().await.unwrap();
    let error = session.execute(CLAIM).await.unwrap_err();
    assert!(error.is_already_exists(), "{error:?}");
    assert_eq!(error.server().unwrap().details().unwrap().kind(), "Record");
}

/// Commits and claims at the same moment: one of them wins, and the other finds out.
async fn race(committing: &Session, claiming: &Session) {
    committing.execute("DEFINE TABLE m; UPSERT account:ada SET balance = 100").await.unwrap();
    let mut applied = 0;
    for round in 0..40 {
        let tx = marked(committing).await;
        let (committed, mut claimed) = match round % 2 {
            0 => join!(tx.commit(), claiming.execute(CLAIM).into_future()),
            _ => {
                let (claimed, committed) = join!(claiming.execute(CLAIM).into_future(), tx.commit());
                (committed, claimed)
            }
        };
        while claimed.as_ref().is_err_and(Error::is_conflict) {
            claimed = claiming.execute(CLAIM).await;
        }
        match (committed, claimed) {
            (Ok(()), Err(error)) => {
                assert!(error.is_already_exists(), "{error:?}");
                applied += 1;
            }
            (Err(error), Ok(())) => assert!(error.is_conflict(), "{error:?}"),
            both => panic!("{both:?}"),
        }
        assert_eq!(balance(claiming).await, 100 + applied);
        claiming.execute("DELETE m:1").await.unwrap();
    }
}

#[async_test]
async fn one_of_a_commit_and_a_claim_wins() {
    let (_db, session) = bank().await;
    race(&session, &session.fork().await.unwrap()).await;
}

#[async_test(not_send)]
async fn one_of_a_commit_and_a_claim_wins_in_a_store_on_disk() {
    let directory = std::env::temp_dir().join(unique("surreal-session-claims"));
    let server = Embedded::builder().path(&directory).start().await.unwrap();
    let db = server.connect().await.unwrap();
    db.use_ns("test").use_db("test").await.unwrap();
    race(&db, &db.fork().await.unwrap()).await;
    server.shutdown().await;
    let _ = std::fs::remove_dir_all(directory);
}

#[async_test(not_send)]
async fn one_of_a_commit_and_a_claim_wins_on_two_nodes_of_a_cluster() {
    let cluster = Cluster::start(2).await.unwrap();
    let mut nodes = Vec::new();
    for node in 0..2 {
        let db = cluster.connect(node).await.unwrap();
        db.use_ns("test").use_db("test").await.unwrap();
        nodes.push(db);
    }
    race(&nodes[0], &nodes[1]).await;
    cluster.shutdown().await;
}

fn ok(result: ciborium::Value) -> ciborium::Value {
    cbor!([{"status" => "OK", "result" => result}]).unwrap()
}

fn refused(kind: &str, details: &str) -> ciborium::Value {
    let details = cbor!({"kind" => details}).unwrap();
    cbor!([{"status" => "ERR", "result" => "refused", "kind" => kind, "details" => details}]).unwrap()
}

/// A peer that does not answer the first commit of each connection, and gives these answers to the queries that follow.
async fn silent_commit(answers: Vec<ciborium::Value>) -> Surreal {
    let peer = Peer::start(move |mut client: Conversation| {
        let mut answers = answers.clone().into_iter();
        async move {
            let mut is_lost = false;
            while let Some((id, method)) = client.request().await {
                match method.as_str() {
                    "begin" => client.reply(id, ciborium::Value::Tag(37, Box::new(vec![7_u8; 16].into()))).await,
                    "commit" if !is_lost => is_lost = true,
                    "query" if is_lost => match answers.next() {
                        Some(answer) => client.reply(id, answer).await,
                        None => client.reply(id, ok(written())).await,
                    },
                    "query" => client.reply(id, ok(written())).await,
                    _ => client.reply(id, ciborium::Value::Null).await,
                }
            }
        }
    })
    .await;
    Surreal::connect(peer.url()).await.unwrap()
}

/// The reply to the statement that writes a marker.
fn written() -> ciborium::Value {
    let at = ciborium::Value::Tag(12, Box::new(cbor!([1_900_000_000, 0]).unwrap()));
    cbor!({"ns" => "n", "db" => "d", "at" => at}).unwrap()
}

fn none() -> ciborium::Value {
    ciborium::Value::Tag(6, Box::new(ciborium::Value::Null))
}

async fn settled(answers: Vec<ciborium::Value>) -> (Result<()>, usize) {
    let db = silent_commit(answers).await;
    let runs = Cell::new(0);
    let run = db.transaction().deadline(Duration::from_millis(300)).exactly_once().run(async |_| {
        runs.set(runs.get() + 1);
        Ok(())
    });
    (timeout(HANGS, run).await.expect("hangs"), runs.get())
}

#[async_test(not_send)]
async fn late_reply_to_a_commit_is_settled_like_a_lost_one() {
    let exists = || refused("AlreadyExists", "Record");
    for (answers, expected_runs) in [
        (vec![ok("void".into())], 2),
        (vec![refused("Query", "TransactionConflict"), ok("void".into())], 2),
        (vec![exists(), ok("void".into())], 2),
        (vec![exists(), ok("applied".into())], 1),
        (vec![refused("Query", "TransactionConflict"), exists(), ok("applied".into())], 1),
    ] {
        let (outcome, runs) = settled(answers.clone()).await;
        outcome.unwrap();
        assert_eq!(runs, expected_runs, "{answers:?}");
    }
}

#[async_test(not_send)]
async fn outcome_that_the_session_may_not_see_stays_unknown() {
    for (answers, kind) in [
        (vec![ok(none())], ErrorKind::Auth),
        (vec![refused("AlreadyExists", "Record"), ok(none())], ErrorKind::Auth),
        (vec![ok("elsewhere".into())], ErrorKind::InvalidArgument),
        (vec![ok("old".into())], ErrorKind::InvalidArgument),
        (vec![refused("Thrown", "")], ErrorKind::Thrown),
        (vec![cbor!([]).unwrap()], ErrorKind::Protocol),
    ] {
        let (outcome, runs) = settled(answers).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), runs, cause(&error).kind()), (ErrorKind::CommitUnknown, 1, kind), "{error:?}");
        assert_eq!(error.commit_marker().unwrap().id().table(), "commit_marker");
    }
}

#[async_test(not_send)]
async fn claim_that_always_conflicts_ends_at_the_deadline() {
    let (outcome, runs) = settled(vec![refused("Query", "TransactionConflict"); 1_000]).await;
    assert_eq!((outcome.unwrap_err().kind(), runs), (ErrorKind::CommitUnknown, 1));
}

#[async_test(not_send)]
async fn claim_without_a_reply_ends_at_the_deadline() {
    let peer = Peer::start(|mut client: Conversation| async move {
        loop {
            let Some((id, method)) = client.request().await else { return };
            match method.as_str() {
                "begin" => client.reply(id, ciborium::Value::Tag(37, Box::new(vec![7_u8; 16].into()))).await,
                "query" => client.reply(id, ok(written())).await,
                "commit" => return client.ignore().await,
                _ => client.reply(id, ciborium::Value::Null).await,
            }
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let run = db.transaction().deadline(Duration::from_millis(100)).exactly_once().run(async |_| Ok(()));
    let error = timeout(HANGS, run).await.expect("hangs").unwrap_err();
    assert_eq!((error.kind(), cause(&error).kind()), (ErrorKind::CommitUnknown, ErrorKind::Timeout), "{error:?}");
}
