//! Pages: cursors that belong to another select, and records that come and go between two pages.

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::{Cursor, Select};
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item, i64>,
    name: String,
    price: Option<f64>,
    owner: Option<Id<Owner>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Owner {
    id: Id<Owner>,
    name: String,
}

async fn with_items(count: i64) -> (Surreal, Session) {
    let (db, session) = place().await;
    session.execute("DEFINE TABLE item; DEFINE TABLE owner").await.unwrap();
    let new = |key: i64| NewItem { name: format!("n{}", key % 3), price: None, owner: None };
    session.insert((0..count).map(|key| (key * 10, new(key))).collect::<Vec<_>>()).await.unwrap();
    (db, session)
}

async fn walk(select: Select<Item>, size: i64) -> Vec<i64> {
    let (mut keys, mut cursor) = (Vec::new(), None);
    loop {
        let page = select.clone().page(size, cursor).await.unwrap();
        assert!(page.rows.len() <= usize::try_from(size).unwrap());
        keys.extend(page.rows.iter().map(|item| *item.id.key()));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return keys,
        }
    }
}

#[async_test]
async fn records_that_come_and_go_move_no_page() {
    let (_db, session) = with_items(9).await;
    let by_name = || session.select::<Item>().order_by(|i| i.name.asc());
    let first = by_name().page(3, None).await.unwrap();
    assert_eq!(first.rows.iter().map(|item| *item.id.key()).collect::<Vec<_>>(), [0, 30, 60]);
    assert!(first.previous.is_none());
    // The record of the cursor, one before it, and one behind it.
    session.delete::<Item>().id(60).await.unwrap();
    session.create::<Item>().id(5).content(NewItem { name: "n0".into(), price: None, owner: None }).await.unwrap();
    session.create::<Item>().id(11).content(NewItem { name: "n1".into(), price: None, owner: None }).await.unwrap();
    let second = by_name().page(3, first.next).await.unwrap();
    assert_eq!(second.rows.iter().map(|item| *item.id.key()).collect::<Vec<_>>(), [10, 11, 40]);
    let back = by_name().page(9, second.previous).await.unwrap();
    assert_eq!(back.rows.iter().map(|item| *item.id.key()).collect::<Vec<_>>(), [0, 5, 30]);
    assert!(back.previous.is_none() && back.next.is_some());
}

#[async_test]
async fn cursor_survives_json_and_belongs_to_its_select() {
    let (_db, session) = with_items(5).await;
    let by_name = || session.select::<Item>().order_by(|i| i.name.asc());
    let next = by_name().page(2, None).await.unwrap().next.unwrap();
    let json = serde_json::to_string(&next).unwrap();
    let read: Cursor = serde_json::from_str(&json).unwrap();
    assert_eq!(read, next);
    assert_eq!(by_name().filter(|i| i.price.is_none()).page(2, Some(read)).await.unwrap().rows.len(), 2);
    let mut damaged = next.to_string();
    damaged.replace_range(12..13, if damaged.as_bytes()[12] == b'A' { "B" } else { "A" });
    let damaged: Cursor = damaged.parse().unwrap();
    for page in [
        by_name().page(2, Some(damaged)),
        session.select::<Item>().page(2, Some(next.clone())),
        session.select::<Item>().order_by(|i| i.name.desc()).page(2, Some(next.clone())),
        session.select::<Item>().order_by(|i| (i.name.asc(), i.price.asc())).page(2, Some(next.clone())),
    ] {
        let error = page.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("cursor"), "{error}");
    }
    let error = session.select::<Owner>().order_by(|o| o.name.asc()).page(2, Some(next)).await.unwrap_err();
    assert!(error.to_string().contains("another table"), "{error}");
    assert!("not a cursor!".parse::<Cursor>().is_err());
}

#[async_test]
async fn pages_that_cannot_be_are_refused() {
    let (_db, session) = with_items(1).await;
    let items = || session.select::<Item>();
    for (page, reason) in [
        (items().page(0, None), "at least one"),
        (items().page(-1, None), "not between"),
        (items().limit(3).page(2, None), "limit"),
        (items().start(3).page(2, None), "limit"),
        (items().order_by(|i| i.name.asc().collate()).page(2, None), "collate"),
        (items().order_random().page(2, None), "chance"),
    ] {
        let error = page.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(reason), "{error}");
    }
    for (page, reason) in [
        (items().page_at(0, 1), "size"),
        (items().page_at(2, 0), "number"),
        (items().page_at(2, -1), "number"),
        (items().limit(2).page_at(2, 1), "limit"),
    ] {
        let error = page.await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[async_test]
async fn pages_go_through_ranges_links_odd_numbers_and_no_records() {
    let (_db, session) = with_items(12).await;
    assert_eq!(walk(session.select::<Item>().range(20..=70), 2).await, [20, 30, 40, 50, 60, 70]);
    assert_eq!(walk(session.select::<Item>().range(20..70).order_by(|i| i.id.desc()), 2).await, [60, 50, 40, 30, 20]);
    session.execute("CREATE owner:a SET name = 'Z'; CREATE owner:b SET name = 'A'").await.unwrap();
    session.execute("UPDATE item:0, item:50 SET owner = owner:a; UPDATE item:20 SET owner = owner:b; UPDATE item:30 SET owner = owner:c")
        .await
        .unwrap();
    let by_owner = session.select::<Item>().order_by(|i| i.owner.name.desc());
    assert_eq!(walk(by_owner, 2).await[..3], [0, 50, 20]);
    session.execute("UPDATE item:0 SET price = 1; UPDATE item:10 SET price = NaN; UPDATE item:20 SET price = -NaN; UPDATE item:30 SET price = 1.0; UPDATE item:40 SET price = NULL; UPDATE item:60 SET price = -0.0; UPDATE item:70 SET price = 0").await.unwrap();
    for order in
        [session.select::<Item>().order_by(|i| i.price.asc()), session.select::<Item>().order_by(|i| i.price.desc())]
    {
        let whole = order.clone().order_by(|i| i.id.asc()).await.unwrap();
        let whole: Vec<i64> = whole.iter().map(|item| *item.id.key()).collect();
        for size in 1..5 {
            assert_eq!(walk(order.clone(), size).await, whole, "pages of {size}");
        }
    }
    session.delete::<Item>().all().await.unwrap();
    let page = session.select::<Item>().page(3, None).await.unwrap();
    assert_eq!((page.rows.len(), page.next, page.previous), (0, None, None));
    let page = session.select::<Item>().page_at(3, 2).await.unwrap();
    assert_eq!((page.rows.len(), page.total, page.pages()), (0, 0, 0));
}
