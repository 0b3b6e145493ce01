//! Live queries of ranges of ids, and live queries without models.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::live::{Action, LiveEvent, LiveStream, Notification, SyncEvent};
use surreal_session::prelude::*;
use surreal_session::query::PatchAction;
use surreal_session_tests::{async_test, place};
use tokio::time::timeout;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, (String, i64)>,
    value: i64,
}

type Changes = Vec<(Action, String)>;

async fn next<T, D>(stream: &mut LiveStream<T, D>) -> Notification<T, D>
where
    T: surreal_session::live::Identified + std::fmt::Debug,
    D: serde::de::DeserializeOwned + std::fmt::Debug,
    T::Id: std::fmt::Display,
{
    let event = timeout(Duration::from_secs(20), stream.next()).await.unwrap().unwrap().unwrap();
    match event {
        LiveEvent::Change(change) => change,
        other => panic!("{other:?}"),
    }
}

async fn changes<T>(stream: &mut LiveStream<T>, count: usize) -> Changes
where
    T: surreal_session::live::Identified + serde::de::DeserializeOwned + std::fmt::Debug,
    T::Id: std::fmt::Display,
{
    let mut changes = Vec::new();
    for _ in 0..count {
        let change = next(stream).await;
        changes.push((change.action, change.id.to_string()));
    }
    changes
}

#[async_test]
async fn a_range_reports_its_records_and_no_others() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE reading").await.unwrap();
    let mut attic = session.live::<Reading>().range(("attic", 0)..("attic", 5)).await.unwrap();
    let mut after = session.live::<Reading>().range(("attic", 3)..).filter(|r| r.value.gt(0)).await.unwrap();
    for (room, time, value) in [("attic", -1, 1), ("attic", 0, 1), ("attic", 4, 0), ("attic", 5, 2), ("cellar", 1, 3)] {
        session.create::<Reading>().id((room, time)).content(NewReading { value }).await.unwrap();
    }
    session.delete::<Reading>().all().await.unwrap();
    let (create, delete) = (Action::Create, Action::Delete);
    let expected = [(create, 0), (create, 4), (delete, 0), (delete, 4)];
    let expected = expected.map(|(action, time)| (action, format!("reading:['attic', {time}]")));
    let mut seen = changes(&mut attic, 4).await;
    // Deletions of one statement come in no certain order.
    seen.sort_by(|a, b| a.0.to_string().cmp(&b.0.to_string()).then(a.1.cmp(&b.1)));
    assert_eq!(seen, expected);
    let seen = changes(&mut after, 2).await;
    assert_eq!(seen, [(create, "reading:['attic', 5]".into()), (create, "reading:['cellar', 1]".into())]);
}

#[async_test]
async fn ranges_have_snapshots_and_can_be_synced() {
    let (_db, session) = place().await;
    let readings = (0..1_200).map(|time| (("attic", time), NewReading { value: time }));
    session.insert_iter(readings).await.unwrap();
    let (records, mut stream) =
        session.live::<Reading>().range(("attic", 100)..=("attic", 899)).snapshot().await.unwrap();
    assert_eq!(records.iter().map(|record| record.value).collect::<Vec<_>>(), (100..900).collect::<Vec<_>>());
    let (records, mut synced) = session.live::<Reading>().range(("attic", 1_190)..).synced().await.unwrap();
    assert_eq!(records.len(), 10);
    for time in [99, 900, 100, 1_195] {
        session.update::<Reading>().id(("attic", time)).set(|r| r.value.set(-1)).await.unwrap();
    }
    assert_eq!(next(&mut stream).await.data.value, -1);
    let event = timeout(Duration::from_secs(20), synced.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(&event, SyncEvent::Updated(reading) if reading.value == -1), "{event:?}");
}

#[async_test]
async fn live_queries_without_models_follow_every_target() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE item").await.unwrap();
    let db = session.untyped();
    let (items, b) = (Table::new("item"), RecordId::new("item", "b"));
    let mut table = db.live(&items).await.unwrap();
    let mut one = db.live(&b).await.unwrap();
    let mut range = db.live(items.clone().range("b"..)).await.unwrap();
    let mut large = db.live(&items).filter(surql!("size > $min", min = 1)).filter("size < 9").await.unwrap();
    let mut set = db.live(&items).filter(Condition::raw("size > $min").bind("min", 1)).as_set().await.unwrap();
    for (key, size) in [("a", 1), ("b", 2), ("c", 3), ("d", 9)] {
        db.create(RecordId::new("item", key))
            .content(std::collections::BTreeMap::from([("size", size)]))
            .await
            .unwrap();
    }
    session.execute("UPDATE item:b SET size = 0").await.unwrap();
    let created = |keys: &[&str]| keys.iter().map(|key| (Action::Create, format!("item:{key}"))).collect::<Changes>();
    let updated = (Action::Update, "item:b".to_owned());
    let with = |mut changes: Changes, last: (Action, String)| {
        changes.push(last);
        changes
    };
    assert_eq!(changes(&mut table, 5).await, with(created(&["a", "b", "c", "d"]), updated.clone()));
    assert_eq!(changes(&mut one, 2).await, with(created(&["b"]), updated.clone()));
    assert_eq!(changes(&mut range, 4).await, with(created(&["b", "c", "d"]), updated));
    assert_eq!(changes(&mut large, 2).await, created(&["b", "c"]));
    let left = (Action::Delete, "item:b".to_owned());
    assert_eq!(changes(&mut set, 4).await, with(created(&["b", "c", "d"]), left));
}

#[async_test]
async fn live_queries_without_models_give_differences_and_snapshots() {
    let (_db, session) = place().await;
    session
        .execute("CREATE item:a SET size = 1; CREATE item:b SET size = 2; CREATE item:c SET size = 3")
        .await
        .unwrap();
    let db = session.untyped();
    let (records, mut stream) = db.live(Table::new("item").range("b"..)).diff().snapshot().await.unwrap();
    assert_eq!(records.len(), 2);
    session.execute("UPDATE item:a SET size = 5; UPDATE item:b SET size = 7").await.unwrap();
    let change = next(&mut stream).await;
    assert_eq!(change.id, RecordId::new("item", "b"));
    assert_eq!((change.data[0].path(), change.data.len()), ("/size", 1));
    assert_eq!(change.data[0].action(), PatchAction::Replace);
    let (records, _stream) = db.live(RecordId::new("item", "c")).synced().await.unwrap();
    assert_eq!(records.len(), 1);
}

#[async_test]
async fn a_condition_that_does_not_parse_is_an_error() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE item").await.unwrap();
    let error = session.untyped().live(Table::new("item")).filter("size >").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation, "{error}");
}
