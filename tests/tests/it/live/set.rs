//! Live queries that follow the set of the records that pass a filter.

use std::collections::BTreeMap;

use surreal_session::prelude::*;
use surreal_session_tests::async_test;

use super::{Item, NewItem, next_change, nothing_is_registered, with_items};

/// Changes of `item:a`, and the action on the set of the items of 10 and more that each causes.
const CHANGES: [(&str, Option<Action>); 11] = [
    ("CREATE item:a SET number = 1", None),
    ("UPDATE item:a SET number = 10", Some(Action::Create)),
    ("UPDATE item:a SET number = 11", Some(Action::Update)),
    ("UPDATE item:a SET number = 5", Some(Action::Delete)),
    ("UPDATE item:a SET number = 6", None),
    ("DELETE item:a", None),
    ("CREATE item:a SET number = 20", Some(Action::Create)),
    ("UPDATE item:a SET number = 21, other = true", Some(Action::Update)),
    ("UPDATE item:a SET number = 2", Some(Action::Delete)),
    ("UPDATE item:a SET number = 30", Some(Action::Create)),
    ("DELETE item:a", Some(Action::Delete)),
];

/// Makes the changes, and waits for those that are reported.
async fn follow(session: &Session, mut told: impl AsyncFnMut() -> Action) {
    for (statement, expected) in CHANGES {
        session.execute(statement).await.unwrap();
        if let Some(expected) = expected {
            assert_eq!(told().await, expected, "{statement}");
        }
    }
}

#[async_test(not_send)]
async fn set_reports_records_that_enter_and_leave() {
    let (_db, session) = with_items().await;
    let named = || Condition::raw("number >= $least").bind("least", 10);
    let mut items = session.live::<Item>().filter(|_| named()).filter(|i| i.number.lt(100)).as_set().await.unwrap();
    let mut numbers = Vec::new();
    follow(&session, async || {
        let change = next_change(&mut items).await;
        numbers.push(change.data.number);
        change.action
    })
    .await;
    // A record that left by a change is reported in its state after that, a deleted one in its last state.
    assert_eq!(numbers, [10, 11, 5, 20, 21, 2, 30, 30]);
    drop(items);
    nothing_is_registered(&session).await;
}

#[async_test(not_send)]
async fn differences_of_a_set_create_and_remove_its_records() {
    let (_db, session) = with_items().await;
    session.create::<Item>().id("b").content(NewItem { number: 50 }).await.unwrap();
    let set = session.live::<Item>().filter(|i| i.number.gte(10)).diff().as_set();
    let (items, mut changes) = set.snapshot().await.unwrap();
    let mut board: BTreeMap<String, Item> = items.into_iter().map(|item| (item.id.key().clone(), item)).collect();
    assert_eq!(board.keys().collect::<Vec<_>>(), ["b"]);
    follow(&session, async || {
        let change = next_change(&mut changes).await;
        let key = change.id.key().clone();
        match change.action {
            Action::Create => drop(board.insert(key, Item::from_ops(&change.data).unwrap())),
            Action::Update => board.get_mut(&key).unwrap().apply(&change.data).unwrap(),
            Action::Delete => {
                assert!(board.get_mut(&key).unwrap().apply(&change.data).is_err(), "nothing is left");
                board.remove(&key);
            }
        }
        let stored = session.select::<Item>().filter(|i| i.number.gte(10)).await.unwrap();
        assert_eq!(board.values().cloned().collect::<Vec<_>>(), stored);
        change.action
    })
    .await;
    drop(changes);
    nothing_is_registered(&session).await;
}

#[async_test(not_send)]
async fn snapshot_of_a_set_is_followed_by_its_changes() {
    let (_db, session) = with_items().await;
    for (key, number) in [("a", 1), ("b", 20), ("c", 30)] {
        session.create::<Item>().id(key).content(NewItem { number }).await.unwrap();
    }
    let (items, mut changes) = session.live::<Item>().filter(|i| i.number.gte(10)).as_set().snapshot().await.unwrap();
    assert_eq!(items.iter().map(|item| item.number).collect::<Vec<_>>(), [20, 30]);
    session.execute("UPDATE item:b SET number = 2; UPDATE item:a SET number = 10").await.unwrap();
    // Two statements are two commits, of different records: they come in any order.
    let mut told = [next_change(&mut changes).await, next_change(&mut changes).await]
        .map(|change| (change.id.key().clone(), change.action == Action::Delete, change.data.number));
    told.sort_unstable();
    assert_eq!(told, [("a".to_owned(), false, 10), ("b".to_owned(), true, 2)]);
    // One record, or all of them, are sets as well.
    let mut all = session.live::<Item>().as_set().await.unwrap();
    let mut one = session.live::<Item>().id("c").as_set().await.unwrap();
    session.execute("UPDATE item:c SET number = 3").await.unwrap();
    assert_eq!(next_change(&mut all).await.action, Action::Update);
    assert_eq!(next_change(&mut one).await.action, Action::Update);
    assert_eq!(next_change(&mut changes).await.action, Action::Delete);
    drop((changes, all, one));
    nothing_is_registered(&session).await;
}
