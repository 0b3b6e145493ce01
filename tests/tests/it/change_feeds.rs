//! Change feeds: positions, the kinds of changes, and feeds beside busy tables.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::live::{ChangePage, FeedChange, Versionstamp};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, is_version_in, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    size: i64,
    note: Option<String>,
}

fn item(key: &str, size: i64) -> Item {
    Item { id: Id::new(key), size, note: None }
}

fn sets(page: &ChangePage<Item>) -> Vec<Vec<FeedChange<Item>>> {
    page.sets.iter().map(|set| set.changes.clone()).collect()
}

#[async_test]
async fn a_feed_has_the_changes_of_each_transaction() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE item CHANGEFEED 1d; DEFINE TABLE other CHANGEFEED 1d").await.unwrap();
    let start = session.changes::<Item>().await.unwrap();
    assert_eq!(sets(&start), [vec![FeedChange::TableDefined]]);
    assert!(start.is_end);
    assert_eq!(session.changes::<Item>().since(start.next).await.unwrap().sets, []);

    session.execute("CREATE item:a SET size = 1; CREATE other:x; UPDATE item:a SET size = 2").await.unwrap();
    session.execute("UPDATE item:a SET size = 2").await.unwrap();
    session
        .execute("BEGIN; CREATE item:b SET size = 1; CREATE other:y; UPDATE item SET size += 1; COMMIT")
        .await
        .unwrap();
    let tx = session.begin_transaction().await.unwrap();
    tx.create::<Item>().id("c").content(NewItem { size: 1, note: None }).await.unwrap();
    tx.cancel().await.unwrap();
    session.execute("DELETE item:a").await.unwrap();
    let page = session.changes::<Item>().since(start.next).await.unwrap();
    let [a, b] = ["a", "b"].map(|key| move |size| FeedChange::Written(item(key, size)));
    let deleted = FeedChange::Deleted { id: Id::new("a"), record: None };
    let expected = [vec![a(1)], vec![a(2)], vec![b(1), a(3), b(2)], vec![deleted]];
    assert_eq!(sets(&page), expected);
    assert!(page.sets.is_sorted_by_key(|set| set.versionstamp) && page.is_end);

    // From every position, one by one and as a stream.
    for (index, set) in page.sets.iter().enumerate() {
        let rest = session.changes::<Item>().since(set.versionstamp).await.unwrap();
        assert_eq!(rest.sets, page.sets[index..]);
        let one = session.changes::<Item>().since(set.versionstamp).limit(1).await.unwrap();
        assert_eq!(one.sets, page.sets[index..=index]);
        let then = session.changes::<Item>().since(one.next).await.unwrap();
        assert_eq!(then.sets, page.sets[index + 1..]);
    }
    let mut stream = session.changes::<Item>().since(start.next).limit(1).stream();
    let mut streamed = Vec::new();
    while let Some(set) = stream.next().await {
        streamed.push(set.unwrap());
    }
    assert_eq!(streamed, page.sets);
    let untyped = session.untyped().changes(Table::new("other")).since(start.next).await.unwrap();
    assert_eq!(untyped.sets.len(), 2);
    let first = &untyped.sets[0].changes[0];
    assert!(matches!(first, FeedChange::Written(record) if record.to_string() == "{ id: other:x }"), "{first:?}");
}

#[async_test]
async fn a_feed_with_originals_tells_creates_from_updates() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE item CHANGEFEED 1d INCLUDE ORIGINAL").await.unwrap();
    let start = session.changes::<Item>().await.unwrap().next;
    let text =
        "CREATE item:a SET size = 1; UPDATE item:a SET size = 2, note = 'n'; UPSERT item:b SET size = 5; DELETE item:a";
    session.execute(text).await.unwrap();
    let page = session.changes::<Item>().since(start).await.unwrap();
    let changes: Vec<_> = page.sets.into_iter().flat_map(|set| set.changes).collect();
    assert_eq!(changes[0], FeedChange::Written(item("a", 1)));
    let after = Item { note: Some("n".into()), ..item("a", 2) };
    match &changes[1] {
        FeedChange::Updated { record, undo } => {
            assert_eq!(record, &after);
            let mut before = record.clone();
            before.apply(undo).unwrap();
            assert_eq!(before, item("a", 1));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(changes[2], FeedChange::Written(item("b", 5)));
    assert_eq!(changes[3], FeedChange::Deleted { id: Id::new("a"), record: Some(after) });
}

#[async_test]
async fn changes_are_found_behind_those_of_busy_tables() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE item CHANGEFEED 1d; DEFINE TABLE busy CHANGEFEED 1d").await.unwrap();
    let start = session.changes::<Item>().await.unwrap().next;
    session.execute("CREATE item:a SET size = 1").await.unwrap();
    let writes = "CREATE busy;".repeat(350);
    for _ in 0..4 {
        session.execute(Surql::dynamic(writes.clone())).deadline(Duration::from_mins(1)).await.unwrap();
    }
    session.execute("CREATE item:b SET size = 2").await.unwrap();
    let page = session.changes::<Item>().since(start).await.unwrap();
    assert_eq!(sets(&page), [vec![FeedChange::Written(item("a", 1))], vec![FeedChange::Written(item("b", 2))]]);
    let shown = session.query(Surql::dynamic(format!("SHOW CHANGES FOR TABLE item SINCE {} LIMIT 1000", start.next())));
    let shown: Vec<Value> = shown.await.unwrap().take(0).unwrap();
    let finds_all = is_version_in("4.0"..).await;
    assert!(finds_all || shown.len() < 2, "the server finds only changes in the first thousand entries of all tables");

    // A transaction whose entries would be cut by the limit of the first request.
    let tables: Vec<String> = (0..150).map(|number| format!("t{number}")).collect();
    let define: String = tables.iter().flat_map(|table| ["DEFINE TABLE ", table, " CHANGEFEED 1d;"]).collect();
    session.execute(Surql::dynamic(define)).deadline(Duration::from_mins(1)).await.unwrap();
    let create: String = tables.iter().flat_map(|table| ["CREATE ", table, ";"]).collect();
    let text = format!("BEGIN; CREATE item:c SET size = 3; {create} UPDATE item:c SET size = 4; COMMIT");
    session.execute(Surql::dynamic(text)).deadline(Duration::from_mins(1)).await.unwrap();
    let page = session.changes::<Item>().since(page.next).limit(1).await.unwrap();
    let expected = vec![FeedChange::Written(item("c", 3)), FeedChange::Written(item("c", 4))];
    assert_eq!(sets(&page), [expected]);
}

#[async_test]
async fn positions_can_be_times_and_can_be_stored() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE item CHANGEFEED 1d; CREATE item:a SET size = 1").await.unwrap();
    let time: Datetime = session.query("SLEEP 20ms; RETURN time::now()").await.unwrap().take(1).unwrap();
    session.execute("SLEEP 20ms; CREATE item:b SET size = 2").await.unwrap();
    let page = session.changes::<Item>().since(time).await.unwrap();
    assert_eq!(sets(&page), [vec![FeedChange::Written(item("b", 2))]]);
    let stored = serde_json::to_string(&page.next).unwrap();
    let position: Versionstamp = serde_json::from_str(&stored).unwrap();
    assert_eq!(position, Versionstamp::new(page.next.number()));
    assert_eq!(session.changes::<Item>().since(position).await.unwrap().next, position);
    assert!(session.changes::<Item>().to_surql().starts_with("SHOW CHANGES FOR DATABASE SINCE 0 LIMIT "));
}

#[async_test]
async fn what_cannot_be_read_is_an_error() {
    let (db, session) = place().await;
    let text = "DEFINE TABLE item CHANGEFEED 1d; DEFINE TABLE person; CREATE item:a SET size = 'large';
        DEFINE ACCESS account ON DATABASE TYPE RECORD SIGNUP (CREATE person) SIGNIN (NONE)";
    session.execute(text).await.unwrap();
    let error = session.changes::<Item>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("item:a.size"), "{error}");
    assert_eq!(session.untyped().changes(Table::new("item")).await.unwrap().sets.len(), 2);
    assert_eq!(session.untyped().changes(Table::new("person")).await.unwrap().sets, []);
    let none = session.changes::<Item>().limit(0).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::InvalidArgument);
    let parameters = std::collections::BTreeMap::<String, i64>::new();
    let access = RecordAccess::new(session.namespace().unwrap(), session.database().unwrap(), "account", parameters);
    let guest = db.new_session().signup(access).await.unwrap();
    let error = guest.changes::<Item>().await.unwrap_err();
    assert!(error.is_forbidden(), "{error:?}");
}
