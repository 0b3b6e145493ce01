//! Many writers, many streams, and one that is too slow.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::async_test;
use tokio::sync::Notify;

use super::{Item, NewItem, elsewhere, next, next_change, nothing_is_registered, registered, with_items};

#[async_test(not_send)]
async fn slow_consumer_gets_the_number_of_missed_events() {
    let (db, session) = with_items().await;
    let mut slow = session.live::<Item>().capacity(10).await.unwrap();
    let mut quick = session.live::<Item>().capacity(1_000).await.unwrap();
    let writer = session.fork().await.unwrap();
    for number in 0..100 {
        writer.create::<Item>().content(NewItem { number }).await.unwrap();
    }
    // A slow stream does not hold up another, nor calls.
    for _ in 0..100 {
        next_change(&mut quick).await;
    }
    db.ping().await.unwrap();
    let mut changes = 0;
    let missed = loop {
        match next(&mut slow).await {
            LiveEvent::Change(_) => changes += 1,
            LiveEvent::Gap(Gap::Overflow { missed }) => break missed,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((changes, missed), (10, 90));
    assert_eq!((slow.received(), slow.missed()), (10, 90));
    writer.create::<Item>().id("after").content(NewItem { number: 0 }).await.unwrap();
    assert_eq!(next_change(&mut slow).await.id, Id::new("after"));
    drop((slow, quick));
    nothing_is_registered(&session).await;
}

/// Keeps the writers close to the readers: the server (3.3.5) closes a socket for which more than a hundred events wait.
#[derive(Debug, Default)]
struct Pace {
    written: AtomicU64,
    /// The number of changes that each fast stream has seen.
    seen: [AtomicU64; QUICK],
    moved: Notify,
}

impl Pace {
    fn saw_one(&self, stream: usize) {
        self.seen[stream].fetch_add(1, Ordering::Relaxed);
        self.moved.notify_waiters();
    }

    async fn next(&self) {
        loop {
            let moved = self.moved.notified();
            let slowest = self.seen.iter().map(|seen| seen.load(Ordering::Relaxed)).min().unwrap_or(0);
            if self.written.load(Ordering::Relaxed) < slowest + 24 {
                self.written.fetch_add(1, Ordering::Relaxed);
                return;
            }
            moved.await;
        }
    }
}

const QUICK: usize = 4;

async fn write(session: Session, changes: u64, pace: Arc<Pace>) {
    for _ in 0..changes {
        pace.next().await;
        session.execute("CREATE item SET number = 1 RETURN NONE").await.unwrap();
    }
}

#[async_test(not_send)]
async fn every_change_of_many_writers_arrives_exactly_once() {
    const WRITERS: u64 = 8;
    const CHANGES: u64 = 4_000;
    let (_db, session) = with_items().await;
    let (twin, other, third) = (session.fork().await.unwrap(), elsewhere(&session).await, elsewhere(&session).await);
    let pace = Arc::new(Pace::default());
    let mut readers = Vec::new();
    for (index, session) in [&session, &twin, &other, &third, &third].into_iter().enumerate() {
        // One of them is too small, and always late.
        let is_slow = index == QUICK;
        let mut stream = session.live::<Item>().capacity(if is_slow { 16 } else { 20_000 }).await.unwrap();
        let pace = Arc::clone(&pace);
        readers.push(tokio::spawn(async move {
            let (mut seen, mut twice) = (HashSet::new(), 0);
            while (seen.len() as u64) + stream.missed() < CHANGES {
                match next(&mut stream).await {
                    LiveEvent::Change(change) => twice += u64::from(!seen.insert(change.id)),
                    LiveEvent::Gap(_) => {}
                    other => panic!("{other:?}"),
                }
                match is_slow {
                    true => tokio::time::sleep(Duration::from_millis(25)).await,
                    false => pace.saw_one(index),
                }
            }
            (seen.len() as u64, stream.missed(), twice)
        }));
    }
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let session = if writer % 2 == 0 { twin.fork().await.unwrap() } else { elsewhere(&session).await };
        writers.push(tokio::spawn(write(session, CHANGES / WRITERS, Arc::clone(&pace))));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    for (index, reader) in readers.into_iter().enumerate() {
        let (received, missed, twice) = reader.await.unwrap();
        println!("stream {index}: {received} of {CHANGES} received, {missed} missed, {twice} twice");
        assert_eq!((received + missed, twice), (CHANGES, 0));
        assert_eq!(missed > 0, index == QUICK, "stream {index} missed {missed}");
    }
    nothing_is_registered(&session).await;
}

#[async_test(not_send)]
async fn snapshot_of_ten_thousand_records_is_whole_and_followed() {
    let (_db, session) = with_items().await;
    let rows: Vec<_> = (0..10_000).map(|number| (format!("{number:05}"), NewItem { number })).collect();
    session.insert(rows).return_none().await.unwrap();
    let (items, mut changes) = session.live::<Item>().snapshot().await.unwrap();
    assert!(items.iter().map(|item| item.number).eq(0..10_000));
    session.execute("UPDATE item:`09999` SET number = -1").await.unwrap();
    assert_eq!(next_change(&mut changes).await.data.number, -1);
    drop(changes);
    nothing_is_registered(&session).await;
}

#[async_test(not_send)]
async fn hundred_streams_share_a_socket() {
    let (_db, session) = with_items().await;
    let registrations = (0..100).map(|number| session.live::<Item>().id(format!("n{number}")).into_future());
    let mut streams = futures_util::future::try_join_all(registrations).await.unwrap();
    assert_eq!(registered(&session).await, 100);
    for number in [0, 57, 99] {
        session.create::<Item>().id(format!("n{number}")).content(NewItem { number }).await.unwrap();
        assert_eq!(next_change(&mut streams[usize::try_from(number).unwrap()]).await.data.number, number);
    }
    // All are killed at once. Fact of the server (3.3.5): kills conflict with each other.
    drop(streams);
    nothing_is_registered(&session).await;
}
