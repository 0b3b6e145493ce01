//! Two nodes over one store: the test device itself, and the server's behaviour on a cluster.

use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_embedded::{Cluster, LiveEngine};
use surreal_session_tests::async_test;
use tokio::time::{sleep, timeout};

use serde::{Deserialize, Serialize};

const HANGS: Duration = Duration::from_secs(20);

/// Longer than the server takes to deliver an event, with either engine.
const SILENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Note {
    id: Id<Note>,
    number: i64,
}

async fn on_node(cluster: &Cluster, node: usize) -> Session {
    let db = cluster.connect(node).await.unwrap();
    db.new_session().signin(Root::new("root", "root")).use_ns("test").use_db("test").await.unwrap()
}

#[async_test]
async fn write_through_one_node_is_read_through_the_other() {
    let cluster = Cluster::start(2).await.unwrap();
    let (one, two) = (on_node(&cluster, 0).await, on_node(&cluster, 1).await);
    one.execute("DEFINE TABLE note").await.unwrap();
    for number in 0..10 {
        let (writer, reader) = if number % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let note = writer.create::<Note>().content(NewNote { number }).await.unwrap();
        assert_eq!(reader.select::<Note>().id(&note.id).await.unwrap(), Some(note));
    }
    cluster.shutdown().await;
}

#[async_test]
async fn token_of_one_node_is_valid_on_the_other() {
    let cluster = Cluster::start(2).await.unwrap();
    let db = Surreal::connect(cluster.url(0)).await.unwrap();
    let tokens = db.signin(Root::new("root", "root")).await.unwrap();
    let other = Surreal::connect(cluster.url(1)).await.unwrap();
    other.authenticate(tokens.access).await.unwrap();
    other.execute("INFO FOR ROOT").await.unwrap();
}

#[async_test]
async fn transactions_of_two_nodes_conflict() {
    let cluster = Cluster::start(2).await.unwrap();
    let (one, two) = (on_node(&cluster, 0).await, on_node(&cluster, 1).await);
    one.execute("DEFINE TABLE note; CREATE note:one SET number = 0").await.unwrap();
    let (first, second) = (one.begin_transaction().await.unwrap(), two.begin_transaction().await.unwrap());
    first.execute("UPDATE note:one SET number += 1").await.unwrap();
    second.execute("UPDATE note:one SET number += 1").await.unwrap();
    first.commit().await.unwrap();
    assert!(second.commit().await.unwrap_err().is_conflict());
    assert_eq!(two.select::<Note>().one().await.unwrap().number, 1);
}

/// The numbers that a live query on node 0 reports: first a write through node 1, then one through node 0.
async fn reported(engine: LiveEngine) -> Vec<i64> {
    let cluster = Cluster::start_with(2, engine).await.unwrap();
    let (one, two) = (on_node(&cluster, 0).await, on_node(&cluster, 1).await);
    one.execute("DEFINE TABLE note").await.unwrap();
    let mut events = one.live::<Note>().await.unwrap();
    two.create::<Note>().content(NewNote { number: 1 }).await.unwrap();
    // The engine that polls may report both in one pass.
    sleep(SILENCE).await;
    one.create::<Note>().content(NewNote { number: 0 }).await.unwrap();
    let mut numbers = Vec::new();
    while numbers.last() != Some(&0) {
        if let LiveEvent::Change(change) = timeout(HANGS, events.next()).await.expect("hangs").unwrap().unwrap() {
            numbers.push(change.data.number);
        }
    }
    numbers
}

#[async_test]
async fn inline_engine_reports_only_writes_through_the_own_node() {
    assert_eq!(reported(LiveEngine::Inline).await, [0]);
}

#[async_test]
async fn router_engine_reports_writes_through_every_node() {
    assert_eq!(reported(LiveEngine::Router).await, [1, 0]);
}

#[async_test]
async fn live_query_is_not_killed_through_another_node() {
    let cluster = Cluster::start_with(2, LiveEngine::Router).await.unwrap();
    let (one, two) = (on_node(&cluster, 0).await, on_node(&cluster, 1).await);
    one.execute("DEFINE TABLE note").await.unwrap();
    let mut events = one.live::<Note>().await.unwrap();
    two.kill(events.id()).await.unwrap_err();
    two.create::<Note>().content(NewNote { number: 1 }).await.unwrap();
    let event = timeout(HANGS, events.next()).await.expect("hangs").unwrap().unwrap();
    assert!(matches!(event, LiveEvent::Change(_)), "{event:?}");
}

#[async_test]
async fn router_engine_reports_the_newest_state_with_each_change() {
    let cluster = Cluster::start_with(2, LiveEngine::Router).await.unwrap();
    let (one, two) = (on_node(&cluster, 0).await, on_node(&cluster, 1).await);
    one.execute("DEFINE TABLE note").await.unwrap();
    let mut events = one.live::<Note>().await.unwrap();
    two.execute("CREATE note:one SET number = 1; UPDATE note:one SET number = 2; UPDATE note:one SET number = 3")
        .await
        .unwrap();
    let mut number = 0;
    while number < 3 {
        if let LiveEvent::Change(change) = timeout(HANGS, events.next()).await.expect("hangs").unwrap().unwrap() {
            number = change.data.number;
        }
    }
}

#[async_test]
async fn killed_node_harms_no_other_and_comes_back() {
    let mut cluster = Cluster::start(2).await.unwrap();
    let (one, two) = (on_node(&cluster, 0).await, on_node(&cluster, 1).await);
    one.execute("DEFINE TABLE note; CREATE note:one SET number = 7").await.unwrap();
    let open = one.begin_transaction().await.unwrap();
    open.execute("UPDATE note:one SET number = 8").await.unwrap();
    cluster.kill(0).await;
    assert!(timeout(HANGS, open.execute("RETURN 1")).await.expect("hangs").is_err());
    assert_eq!(two.select::<Note>().one().await.unwrap().number, 7);
    two.execute("UPDATE note:one SET number = 9").await.unwrap();
    cluster.restart(0).await.unwrap();
    let again = on_node(&cluster, 0).await;
    assert_eq!(again.select::<Note>().one().await.unwrap().number, 9);
}
