//! Tables whose `DEFINE EVENT`s change the changed record again.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};
use tokio::time::timeout;

use super::{next, nothing_is_registered};

/// Longer than any event may take.
const HANGS: Duration = Duration::from_secs(20);

/// The time without an event after which none is expected.
const QUIET: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "item")]
struct Item {
    id: Id<Item>,
    number: i64,
    at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, View)]
#[record(of = Item)]
struct Short {
    id: Id<Item>,
    at: Option<i64>,
}

/// Definitions of events, each with a description.
const EVENTS: [(&str, &str); 9] = [
    ("create, update", "DEFINE EVENT e ON item WHEN $event = 'CREATE' THEN { UPDATE $after.id SET at = 1 }"),
    (
        "update, update",
        "DEFINE EVENT e ON item WHEN $event = 'UPDATE' AND $after.at = $before.at \
         THEN { UPDATE $after.id SET at = (at ?? 0) + 1 }",
    ),
    ("create, delete", "DEFINE EVENT e ON item WHEN $event = 'CREATE' AND $after.number = 2 THEN { DELETE $after.id }"),
    (
        "update, delete",
        "DEFINE EVENT e ON item WHEN $event = 'UPDATE' AND $after.number = 20 THEN { DELETE $after.id }",
    ),
    (
        "delete, create",
        "DEFINE EVENT e ON item WHEN $event = 'DELETE' THEN { CREATE $before.id SET number = 70, at = 7 }",
    ),
    (
        "several levels",
        "DEFINE EVENT e ON item WHEN $event != 'DELETE' AND ($after.at ?? 0) < 3 \
         THEN { UPDATE $after.id SET at = (at ?? 0) + 1 }",
    ),
    (
        "two events",
        "DEFINE EVENT e ON item WHEN $event = 'CREATE' THEN { UPDATE $after.id SET at = 1 }; \
         DEFINE EVENT f ON item WHEN $event = 'CREATE' THEN { UPDATE $after.id SET number += 100 }",
    ),
    (
        "through another table",
        "DEFINE TABLE log; DEFINE EVENT e ON item WHEN $event != 'DELETE' AND $after.at = $before.at \
         THEN { CREATE log SET of = $after.id }; \
         DEFINE EVENT e ON log WHEN $event = 'CREATE' THEN { UPDATE $after.of SET at = (at ?? 0) + 1 }",
    ),
    (
        "with a changefeed and a computed field",
        "DEFINE TABLE OVERWRITE item CHANGEFEED 1h; DEFINE FIELD twice ON item TYPE int COMPUTED number * 2; \
         DEFINE EVENT e ON item WHEN $event = 'CREATE' THEN { UPDATE $after.id SET at = number }",
    ),
];

const WORK: [&str; 8] = [
    "CREATE item:a SET number = 1",
    "CREATE item:b SET number = 2",
    "CREATE item:c SET number = 30",
    "UPDATE item:a SET number = 10",
    "UPDATE item:c SET number = 20",
    "UPDATE item SET number += 1",
    "DELETE item:a",
    "UPSERT item:d SET number = 50",
];

type Board<R> = BTreeMap<String, R>;

async fn work(session: &Session) {
    for text in WORK {
        session.execute(text).await.unwrap();
    }
}

/// Applies the events of the work, until the board is complete and no further event comes. An event may be left out, as a
/// later one came first.
async fn follow<D: DeserializeOwned + Debug, B>(
    stream: &mut LiveStream<Item, D>,
    board: &mut B,
    mut apply: impl FnMut(&mut B, Notification<Item, D>),
    is_complete: impl Fn(&B) -> bool,
) {
    loop {
        let wait = if is_complete(board) { QUIET } else { HANGS };
        let Ok(Some(event)) = timeout(wait, stream.next()).await else { return };
        match event.unwrap() {
            LiveEvent::Change(change) => apply(board, change),
            LiveEvent::Gap(Gap::Superseded { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
}

fn put<R>(board: &mut Board<R>, change: Notification<Item, R>) {
    match change.action {
        Action::Delete => drop(board.remove(change.id.key())),
        Action::Create | Action::Update => drop(board.insert(change.id.key().clone(), change.data)),
    }
}

fn apply(board: &mut Board<Item>, change: Notification<Item, Vec<PatchOp>>) {
    let is_whole = change.data.first().is_some_and(|op| op.path().is_empty());
    match change.action {
        Action::Delete => drop(board.remove(change.id.key())),
        _ if is_whole => drop(board.insert(change.id.key().clone(), Item::from_ops(&change.data).unwrap())),
        _ => board.get_mut(change.id.key()).unwrap().apply(&change.data).unwrap(),
    }
}

fn by_key(items: Vec<Item>) -> Board<Item> {
    items.into_iter().map(|item| (item.id.key().clone(), item)).collect()
}

#[async_test(not_send)]
async fn streams_end_with_the_state_after_the_events_of_the_table() {
    for (what, events) in EVENTS {
        let (_db, session) = place().await;
        session.execute(Surql::dynamic(format!("DEFINE TABLE item; {events}"))).await.unwrap();
        session.execute("CREATE item:z SET number = 9, at = 9").await.unwrap();
        let mut items = session.live::<Item>().await.unwrap();
        let mut short = session.live::<Item>().view::<Short>().await.unwrap();
        let mut set = session.live::<Item>().filter(|i| i.at.lt(3)).as_set().await.unwrap();
        let (rows, mut behind) = session.live::<Item>().snapshot().await.unwrap();
        let (diffed, mut changes) = session.live::<Item>().diff().snapshot().await.unwrap();
        let mut filtered = session.live::<Item>().filter(|i| i.number.gt(5)).await.unwrap();
        work(&session).await;

        let stored = by_key(session.select::<Item>().await.unwrap());
        let (mut board, mut snapshot, mut patched) = (by_key(rows.clone()), by_key(rows), by_key(diffed));
        follow(&mut items, &mut board, put, |board| *board == stored).await;
        assert_eq!(board, stored, "{what}");
        follow(&mut behind, &mut snapshot, put, |board| *board == stored).await;
        assert_eq!(snapshot, stored, "{what}");
        follow(&mut changes, &mut patched, apply, |board| *board == stored).await;
        assert_eq!(patched, stored, "{what}");
        let expected = |views: &Board<Short>| -> Board<Short> {
            let told = stored.iter().filter(|(key, _)| *key != "z" || views.contains_key("z"));
            told.map(|(key, item)| (key.clone(), Short { id: item.id.clone(), at: item.at })).collect()
        };
        let mut views = Board::new();
        follow(&mut short, &mut views, put, |views| *views == expected(views)).await;
        assert_eq!(views, expected(&views), "{what}");
        let is_member = |item: &Item| item.at.is_some_and(|at| at < 3);
        let expected: Board<_> = stored.clone().into_iter().filter(|(_, item)| is_member(item)).collect();
        let mut members = Board::new();
        follow(&mut set, &mut members, put, |members| *members == expected).await;
        assert_eq!(members, expected, "{what}");
        let is_right = |(): &mut (), change: Notification<Item>| assert!(change.data.number > 5, "{what}: {change:?}");
        follow(&mut filtered, &mut (), is_right, |()| true).await;
        drop((items, short, set, behind, changes, filtered));
        nothing_is_registered(&session).await;
    }
}

#[async_test(not_send)]
async fn event_of_the_table_shows_in_both_changes() {
    let (_db, session) = place().await;
    session.execute(Surql::dynamic(format!("DEFINE TABLE item; {}", EVENTS[0].1))).await.unwrap();
    let mut items = session.live::<Item>().await.unwrap();
    let mut changes = session.live::<Item>().diff().await.unwrap();
    session.create::<Item>().id("a").content(NewItem { number: 1, at: None }).await.unwrap();
    // The server computes the inner change first.
    for action in [Action::Update, Action::Create] {
        let LiveEvent::Change(change) = next(&mut items).await else { panic!("no change") };
        assert_eq!((change.action, change.data.at), (action, Some(1)));
    }
    // The whole record takes the place of the differences before it.
    let LiveEvent::Change(change) = next(&mut changes).await else { panic!("no change") };
    assert_eq!(change.action, Action::Create);
    assert_eq!(Item::from_ops(&change.data).unwrap().at, Some(1));
    drop((items, changes));
    nothing_is_registered(&session).await;
}
