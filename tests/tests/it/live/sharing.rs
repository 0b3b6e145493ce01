//! Streams of one session that share a live query.

use std::sync::Arc;
use std::time::Duration;

use surreal_session::Result;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, login, poll_times};
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::outage::behind_a_proxy;
use super::{Item, NewItem, elsewhere, end, next, next_change, nothing_is_registered, registered, with_items};

async fn create(session: &Session, number: i64) {
    session.create::<Item>().content(NewItem { number }).await.unwrap();
}

#[async_test(not_send)]
async fn equal_streams_of_a_session_share_a_live_query() {
    let (_db, session) = with_items().await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(session.live::<Item>().filter(|i| i.number.gt(0)).await.unwrap());
    }
    let (_, mut synced) = session.live::<Item>().synced().await.unwrap();
    let (_, again) = session.live::<Item>().synced().await.unwrap();
    assert!(streams.iter().all(|stream| stream.id() == streams[0].id()));
    assert_eq!((synced.id() == again.id(), registered(&session).await), (true, 2));
    // Each ends alone.
    let killed = streams.pop().unwrap();
    killed.kill().await.unwrap();
    drop(streams.pop());
    again.kill().await.unwrap();
    create(&session, 1).await;
    for stream in &mut streams {
        assert_eq!(next_change(stream).await.data.number, 1);
    }
    assert!(matches!(super::synced::next(&mut synced).await, SyncEvent::Created(item) if item.number == 1));
    synced.kill().await.unwrap();
    let last = streams.pop().unwrap();
    drop(streams);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(registered(&session).await, 1);
    last.kill().await.unwrap();
    assert_eq!(registered(&session).await, 0);
}

/// The value of a filter, the variables, the database, the session and what the stream gives make a difference.
#[async_test(not_send)]
async fn streams_that_differ_do_not_share() {
    let (_db, session) = with_items().await;
    let fork = session.fork().await.unwrap();
    let all = session.live::<Item>().await.unwrap();
    let one = session.live::<Item>().filter(|i| i.number.eq(1)).await.unwrap();
    let two = session.live::<Item>().filter(|i| i.number.eq(2)).await.unwrap();
    let differences = session.live::<Item>().diff().await.unwrap();
    let of_fork = fork.live::<Item>().await.unwrap();
    session.set("limit", 1).await.unwrap();
    let with_variable = session.live::<Item>().await.unwrap();
    let ids = [all.id(), one.id(), two.id(), differences.id(), of_fork.id(), with_variable.id()];
    assert_eq!(registered(&session).await, ids.len());

    session.use_db("other").await.unwrap();
    session.execute("DEFINE TABLE item").await.unwrap();
    let mut elsewhere = session.live::<Item>().await.unwrap();
    create(&fork, 1).await;
    create(&session, 2).await;
    assert_eq!(next_change(&mut elsewhere).await.data.number, 2);
    session.use_db("test").await.unwrap();
    let mut back = session.live::<Item>().await.unwrap();
    assert_eq!(back.id(), with_variable.id());
    create(&session, 3).await;
    assert_eq!(next_change(&mut back).await.data.number, 3);
    timeout(Duration::from_millis(50), elsewhere.next()).await.unwrap_err();
}

/// The identity of the session makes a difference, and ends the streams of the one before.
#[async_test(not_send)]
async fn stream_of_another_identity_does_not_share() {
    let (_db, session) = with_items().await;
    session.execute("DEFINE USER viewer ON DATABASE PASSWORD 'view' ROLES VIEWER").await.unwrap();
    let root = elsewhere(&session).await;
    let mut of_root = session.live::<Item>().await.unwrap();
    session.signin(Database::new(session.namespace().unwrap(), "test", "viewer", "view")).await.unwrap();
    let mut of_viewer = session.live::<Item>().await.unwrap();
    assert_ne!(of_root.id(), of_viewer.id());
    create(&root, 1).await;
    assert_eq!(end(&mut of_root).await, EndReason::IdentityChanged);
    assert_eq!(next_change(&mut of_viewer).await.data.number, 1);
}

/// The permissions of a table may depend on the claims of a token, which differ between two sign-ins of one user.
#[async_test(not_send)]
async fn stream_after_another_signin_of_the_same_user_does_not_share() {
    let (_db, session) = with_items().await;
    let login = login().await;
    let place = session.namespace().unwrap();
    let mut before = session.live::<Item>().await.unwrap();
    session.signin(Root::new(login.username, login.password)).await.unwrap();
    session.use_ns(place).use_db("test").await.unwrap();
    let mut after = session.live::<Item>().await.unwrap();
    assert_ne!(before.id(), after.id());
    create(&session, 1).await;
    for stream in [&mut before, &mut after] {
        assert_eq!(next_change(stream).await.data.number, 1);
    }
}

#[async_test(not_send)]
async fn stream_that_joins_begins_with_the_changes_after_it() {
    let (_db, session) = with_items().await;
    let first = session.live::<Item>().await.unwrap();
    for number in 0..60 {
        create(&session, number).await;
        let (mut joined, ()) = (session.live::<Item>().await.unwrap(), create(&session, -number).await);
        assert_eq!((joined.id(), next_change(&mut joined).await.data.number), (first.id(), -number));
    }
}

#[async_test(not_send)]
async fn streams_share_again_after_a_lost_socket() {
    let (proxy, _db, session) = behind_a_proxy().await;
    let there = elsewhere(&session).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(session.live::<Item>().await.unwrap());
    }
    for number in 0..3 {
        proxy.cut();
        for stream in &mut streams {
            while !matches!(next(stream).await, LiveEvent::Gap(Gap::Reconnected)) {}
        }
        create(&there, number).await;
        for stream in &mut streams {
            while next_change(stream).await.data.number != number {}
        }
        assert!(streams.iter().all(|stream| stream.id() == streams[0].id()));
        assert_eq!(registered(&there).await, 1);
    }
    drop(streams);
    nothing_is_registered(&there).await;
}

/// Streams come and go in eight tasks, in every way; each that stays sees its own change.
#[async_test(not_send)]
async fn streams_that_come_and_go_do_not_end_each_other() {
    let (_db, session) = with_items().await;
    let tasks = (0..8).map(|task| {
        let session = session.clone();
        tokio::spawn(async move {
            for round in 0..20 {
                let mut stream = session.live::<Item>().await.unwrap();
                let number = task * 1_000 + round;
                create(&session, number).await;
                while next_change(&mut stream).await.data.number != number {}
                match round % 3 {
                    0 => stream.kill().await.unwrap(),
                    1 => drop(stream),
                    _ => drop(
                        poll_times(usize::try_from(round).unwrap() % 5, session.live::<Item>().into_future()).await,
                    ),
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    nothing_is_registered(&session).await;
}

#[async_test(not_send)]
async fn killing_by_id_ends_all_streams_that_share() {
    let (_db, session) = with_items().await;
    let (mut first, mut second) = (session.live::<Item>().await.unwrap(), session.live::<Item>().await.unwrap());
    session.kill(first.id()).await.unwrap();
    for stream in [&mut first, &mut second] {
        let reason = end(stream).await;
        assert!(matches!(reason, EndReason::Killed | EndReason::KilledByServer), "{reason:?}");
    }
    let mut third = session.live::<Item>().await.unwrap();
    create(&session, 1).await;
    assert_eq!(next_change(&mut third).await.data.number, 1);
}

/// The server kills the live queries of a removed table, and the new table has none.
#[async_test(not_send)]
async fn live_query_of_a_removed_table_is_not_shared() {
    let (_db, session) = with_items().await;
    let first = session.live::<Item>().await.unwrap();
    session.execute("REMOVE TABLE item; DEFINE TABLE item").await.unwrap();
    let mut second = session.live::<Item>().await.unwrap();
    assert_ne!(first.id(), second.id());
    create(&session, 1).await;
    assert_eq!(next_change(&mut second).await.data.number, 1);
}

/// Streams are opened in a session that moves between two databases, while its sockets are cut.
#[async_test(not_send)]
async fn shared_streams_of_a_session_that_moves_stay_in_their_databases() {
    let (proxy, _db, session) = behind_a_proxy().await;
    let test = elsewhere(&session).await;
    let other = test.fork().await.unwrap();
    other.use_db("other").await.unwrap();
    other.execute("DEFINE TABLE item").await.unwrap();
    let until = Instant::now() + Duration::from_secs(3);
    let mut tasks = tokio::task::JoinSet::new();
    for (writer, parity) in [(test.clone(), 0), (other.clone(), 1)] {
        tasks.spawn(async move {
            for number in (parity..).step_by(2) {
                if Instant::now() >= until {
                    break;
                }
                create(&writer, number).await;
                sleep(Duration::from_millis(2)).await;
            }
        });
    }
    proxy.chaos(Duration::from_millis(100)..Duration::from_millis(600));
    // Read-locked while a stream is opened, so that the task knows in which database.
    let moving = Arc::new(RwLock::new(session));
    for task in 0..6_i64 {
        let moving = Arc::clone(&moving);
        tasks.spawn(async move {
            while Instant::now() < until {
                let (stream, parity) = open_one(&*moving.read().await, task % 3).await;
                if let Ok(stream) = stream {
                    follow_for_a_while(stream, parity).await;
                }
            }
        });
    }
    while Instant::now() < until {
        for database in ["other", "test"] {
            // It may be lost with its socket; then the session is where it was.
            drop(moving.write().await.use_db(database).await);
            sleep(Duration::from_millis(80)).await;
        }
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    proxy.calm();
    drop(moving);
    nothing_is_registered(&test).await;
    nothing_is_registered(&other).await;
}

/// Opens a stream, and returns the parity of the numbers in the database of the session.
async fn open_one(session: &Session, low: i64) -> (Result<LiveStream<Item>>, i64) {
    let parity = i64::from(session.database().as_deref() == Some("other"));
    (session.live::<Item>().filter(|i| i.number.gte(low)).await, parity)
}

async fn follow_for_a_while(mut stream: LiveStream<Item>, parity: i64) {
    let until = Instant::now() + Duration::from_millis(300);
    while let Ok(event) = timeout_at(until, stream.next()).await {
        match event.expect("the stream is over").unwrap() {
            LiveEvent::Change(change) => assert_eq!(change.data.number % 2, parity, "another database"),
            LiveEvent::Ended(reason) => panic!("{reason:?}"),
            _ => {}
        }
    }
}
