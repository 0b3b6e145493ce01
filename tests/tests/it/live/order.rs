//! A stream never ends on an older state of a record without saying so.

use std::collections::HashMap;
use std::time::Duration;

use ciborium::Value as Cbor;
use surreal_session::prelude::*;
use surreal_session_tests::{Peer, async_test};
use tokio::time::{sleep, timeout};

use super::races::{event_of, registration, statement};
use super::{Item, elsewhere, next, next_change, nothing_is_registered, with_items};

/// A peer that sends these events, each a key, a number and a position, behind the registration.
async fn sending(events: Vec<(String, i64, u64)>) -> Peer {
    Peer::start(move |mut conversation| {
        let events = events.clone();
        async move {
            while let Some((id, method)) = conversation.request().await {
                if method == "query" {
                    conversation.reply(id, registration(1)).await;
                    for (key, number, position) in &events {
                        conversation.send(&event_of(key, 1, "UPDATE", *number, *position)).await;
                    }
                } else {
                    conversation.reply(id, Cbor::Null).await;
                }
            }
        }
    })
    .await
}

/// The numbers of the records as a program knows them, and the gaps that were reported.
#[derive(Debug, Default)]
struct Told {
    numbers: HashMap<String, i64>,
    superseded: u64,
    unordered: u64,
}

impl Told {
    /// Takes this number of events.
    async fn take(&mut self, items: &mut LiveStream<Item>, events: u64, pause: Duration) {
        while items.received() + items.missed() < events {
            match next(items).await {
                LiveEvent::Change(change) => drop(self.numbers.insert(change.id.key().clone(), change.data.number)),
                LiveEvent::Gap(Gap::Superseded { missed }) => self.superseded += missed,
                LiveEvent::Gap(Gap::Unordered { missed }) => self.unordered += missed,
                other => panic!("{other:?}"),
            }
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
    }

    fn stale(&self, last: i64) -> usize {
        self.numbers.values().filter(|number| **number != last).count()
    }
}

/// Each record's second change before its first one.
fn second_pass_first(records: u64) -> Vec<(String, i64, u64)> {
    let pass = |pass: u64| {
        (0..records).map(move |record| (record.to_string(), pass.cast_signed(), pass * records + record + 1))
    };
    pass(1).chain(pass(0)).collect()
}

#[async_test]
async fn late_events_of_many_records_are_left_out() {
    for records in [100, 1_100, 3_000] {
        let peer = sending(second_pass_first(records)).await;
        let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
        let mut items = db.live::<Item>().capacity(1_000_000).await.unwrap();
        let mut told = Told::default();
        told.take(&mut items, 2 * records, Duration::ZERO).await;
        assert_eq!((told.numbers.len() as u64, told.stale(1)), (records, 0), "{records}");
        assert_eq!(told.unordered, 0, "{records}");
    }
}

#[async_test]
async fn late_events_of_more_records_than_are_remembered_are_gaps() {
    let records = 40_000;
    let peer = sending(second_pass_first(records)).await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let mut items = db.live::<Item>().capacity(1_000_000).await.unwrap();
    let mut told = Told::default();
    told.take(&mut items, 2 * records, Duration::ZERO).await;
    assert_eq!((told.numbers.len() as u64, told.stale(1)), (records, 0));
    assert!(told.unordered > 0 && told.unordered + told.superseded >= records - 64, "{told:?}");
}

#[async_test]
async fn slow_program_sees_the_last_states_too() {
    let peer = sending(second_pass_first(200)).await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let mut items = db.live::<Item>().await.unwrap();
    let mut told = Told::default();
    told.take(&mut items, 400, Duration::from_millis(12)).await;
    assert_eq!((told.numbers.len(), told.stale(1), told.unordered), (200, 0, 0));
}

#[async_test]
async fn late_event_after_an_overflow_is_a_gap() {
    // Two find room, the third, which is the last change of `a`, does not; then come older changes.
    let event = |key: &str, number, position| event_of(key, 1, "UPDATE", number, position);
    let (first, late) = (
        [event("a", 1, 10), event("b", 1, 20), event("a", 3, 40), event("d", 3, 35)],
        [event("c", 1, 50), event("a", 2, 30)],
    );
    let peer = Peer::start(move |mut conversation| {
        let (first, late) = (first.clone(), late.clone());
        async move {
            let mut batches = [first.to_vec(), late.to_vec()].into_iter();
            while let Some((id, method)) = conversation.request().await {
                if method == "query" {
                    conversation.reply(id, registration(1)).await;
                    continue;
                }
                for event in batches.next().unwrap_or_default() {
                    conversation.send(&event).await;
                }
                conversation.reply(id, Cbor::Null).await;
            }
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let mut items = db.live::<Item>().capacity(2).await.unwrap();
    db.ping().await.unwrap();
    assert_eq!(next_change(&mut items).await.data.number, 1);
    assert_eq!(next_change(&mut items).await.data.number, 1);
    assert_eq!(next(&mut items).await, LiveEvent::Gap(Gap::Overflow { missed: 2 }));
    db.ping().await.unwrap();
    // In the order of their positions: `a` may have changed since, and has; `c` is newer than all that was dropped.
    assert_eq!(next(&mut items).await, LiveEvent::Gap(Gap::Unordered { missed: 1 }));
    assert_eq!(next_change(&mut items).await.id, Id::new("c"));
}

#[async_test]
async fn early_event_that_is_dropped_makes_older_ones_unknown() {
    // More events than are kept for a stream whose registration is not known yet. The last change of `a` is among the rest.
    let peer = Peer::start(async |mut conversation| {
        while let Some((id, method)) = conversation.request().await {
            if method != "query" {
                for (key, number, position) in [("a", 2, 20_000), ("b", 1, 40_000)] {
                    conversation.send(&event_of(key, 1, "UPDATE", number, position)).await;
                }
                conversation.reply(id, Cbor::Null).await;
                continue;
            }
            for position in 1..=4_096 {
                conversation.send(&event_of("c", 1, "UPDATE", 1, position)).await;
            }
            conversation.send(&event_of("a", 1, "UPDATE", 3, 30_000)).await;
            conversation.send(&event_of("d", 1, "UPDATE", 3, 10_000)).await;
            conversation.reply(id, registration(1)).await;
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let mut items = db.live::<Item>().capacity(10_000).await.unwrap();
    for _ in 0..4_096 {
        next_change(&mut items).await;
    }
    assert_eq!(next(&mut items).await, LiveEvent::Gap(Gap::Overflow { missed: 2 }));
    db.ping().await.unwrap();
    assert_eq!(next(&mut items).await, LiveEvent::Gap(Gap::Unordered { missed: 1 }));
    assert_eq!(next_change(&mut items).await.id, Id::new("b"));
}

#[async_test]
async fn event_that_is_older_than_the_snapshot_is_left_out() {
    let row = |number: i64| {
        let id = Cbor::Tag(8, Box::new(Cbor::Array(vec!["item".into(), "a".into()])));
        let record = Cbor::Map(vec![("id".into(), id.clone()), ("number".into(), number.into())]);
        let rows = Cbor::Array(vec![Cbor::Array(vec![id, record])]);
        let position = Cbor::Tag(37, Box::new(Cbor::Bytes([25_u64.to_be_bytes(), [0; 8]].concat())));
        Cbor::Array(vec![statement(Cbor::Array(vec![rows, position]))])
    };
    let peer = Peer::start(move |mut conversation| async move {
        let mut queries = 0;
        while let Some((id, method)) = conversation.request().await {
            if method != "query" {
                conversation.reply(id, Cbor::Null).await;
                conversation.send(&event_of("a", 1, "UPDATE", 1, 10)).await;
                conversation.send(&event_of("a", 1, "UPDATE", 3, 30)).await;
                continue;
            }
            queries += 1;
            if queries == 1 {
                conversation.send(&event_of("a", 1, "UPDATE", 2, 20)).await;
                conversation.reply(id, registration(1)).await;
            } else {
                conversation.reply(id, row(2)).await;
            }
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).live_sockets(0).await.unwrap();
    let (rows, mut items) = db.live::<Item>().snapshot().await.unwrap();
    assert_eq!(rows, [Item { id: Id::new("a"), number: 2 }]);
    assert_eq!(next(&mut items).await, LiveEvent::Gap(Gap::Superseded { missed: 1 }));
    assert_eq!(next_change(&mut items).await.data.number, 3);
}

/// Transactions side by side, each with two changes of its record and a long pause between them.
#[async_test(not_send)]
async fn pause_in_a_transaction_does_not_reverse_the_order() {
    let (_db, session) = with_items().await;
    let writer = elsewhere(&session).await;
    let mut items = session.live::<Item>().await.unwrap();
    let mut set = session.live::<Item>().filter(|i| i.number.gt(0)).as_set().await.unwrap();
    let transactions = (0..40).map(|key| {
        let writer = writer.clone();
        tokio::spawn(async move {
            let tx = writer.begin_transaction().await.unwrap();
            tx.execute(Surql::dynamic(format!("UPSERT item:k{key} SET number = 1"))).await.unwrap();
            sleep(Duration::from_millis(2_200)).await;
            tx.execute(Surql::dynamic(format!("UPSERT item:k{key} SET number = 2"))).await.unwrap();
            tx.commit().await.unwrap();
        })
    });
    for transaction in transactions.collect::<Vec<_>>() {
        transaction.await.unwrap();
    }
    for stream in [&mut items, &mut set] {
        let mut told = Told::default();
        told.take(stream, 80, Duration::ZERO).await;
        assert_eq!((told.numbers.len(), told.stale(2), told.unordered), (40, 0, 0), "{told:?}");
    }
    drop((items, set));
    nothing_is_registered(&session).await;
}

/// Several updates of the whole table in one transaction, and a deletion of a part of it.
#[async_test(not_send)]
async fn table_that_is_updated_several_times_in_a_transaction_is_shown_as_it_is() {
    let (_db, session) = with_items().await;
    let writer = elsewhere(&session).await;
    writer.execute("FOR $n IN 0..20 { CREATE type::record('item', <string> $n) SET number = 0 }").await.unwrap();
    for round in 0..4 {
        let (rows, mut items) = session.live::<Item>().capacity(1_000_000).snapshot().await.unwrap();
        let mut board: HashMap<Id<Item>, Item> = rows.into_iter().map(|item| (item.id.clone(), item)).collect();
        let tx = writer.begin_transaction().await.unwrap();
        for step in 0..3 {
            let text = format!("UPDATE item SET number = {round} * 10 + {step} RETURN NONE");
            tx.execute(Surql::dynamic(text)).await.unwrap();
        }
        let text = format!("DELETE item WHERE id.id() > '{}' RETURN NONE", 8 - round);
        tx.execute(Surql::dynamic(text)).await.unwrap();
        tx.commit().await.unwrap();
        while let Ok(Some(event)) = timeout(Duration::from_secs(1), items.next()).await {
            match event.unwrap() {
                LiveEvent::Change(change) if change.action == Action::Delete => drop(board.remove(&change.id)),
                LiveEvent::Change(change) => drop(board.insert(change.id, change.data)),
                LiveEvent::Gap(Gap::Superseded { .. }) => {}
                other => panic!("{other:?}"),
            }
            sleep(Duration::from_millis(1)).await;
        }
        let mut shown: Vec<Item> = board.into_values().collect();
        shown.sort_by(|a, b| a.id.key().cmp(b.id.key()));
        let mut stored = session.select::<Item>().await.unwrap();
        stored.sort_by(|a, b| a.id.key().cmp(b.id.key()));
        assert_eq!(shown, stored);
        drop(items);
    }
    nothing_is_registered(&session).await;
}
