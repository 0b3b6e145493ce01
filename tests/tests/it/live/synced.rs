//! Boards that equal the table, whatever happens to events.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, login, place, unique};
use tokio::time::{Instant, timeout};

use super::{Item, NewItem, elsewhere, nothing_is_registered, registered, with_items};

/// The numbers of the items, by their keys.
pub(super) type Board = BTreeMap<String, i64>;

pub(super) fn board_of(items: Vec<Item>) -> Board {
    items.into_iter().map(|item| (item.id.key().clone(), item.number)).collect()
}

/// The next event, which must arrive.
pub(super) async fn next(stream: &mut SyncedStream<Item>) -> SyncEvent<Item> {
    let event = timeout(Duration::from_secs(20), stream.next()).await.expect("no event came");
    event.expect("the stream is over").unwrap()
}

/// Applies an event. Each must be a true change of the board.
pub(super) fn apply(board: &mut Board, event: SyncEvent<Item>) {
    match event {
        SyncEvent::Created(item) => {
            let before = board.insert(item.id.key().clone(), item.number);
            assert_eq!(before, None, "created again: {item:?}");
        }
        SyncEvent::Updated(item) => {
            let before = board.insert(item.id.key().clone(), item.number);
            assert!(before.is_some_and(|before| before != item.number), "updated to the same: {item:?}");
        }
        SyncEvent::Deleted(id) => assert!(board.remove(id.key()).is_some(), "deleted again: {id}"),
        other => panic!("{other:?}"),
    }
}

/// Applies events until the board is as expected.
pub(super) async fn follow_until(board: &mut Board, stream: &mut SyncedStream<Item>, expected: &Board) {
    let until = Instant::now() + Duration::from_secs(20);
    while board != expected {
        let event = timeout(until - Instant::now(), stream.next()).await;
        let event = event.unwrap_or_else(|_| panic!("the board stays at {board:?} instead of {expected:?}"));
        apply(board, event.expect("the stream is over").unwrap());
    }
}

fn board<const N: usize>(items: [(&str, i64); N]) -> Board {
    items.map(|(key, number)| (key.to_owned(), number)).into()
}

#[async_test(not_send)]
async fn records_come_first_and_then_their_changes() {
    let (_db, session) = with_items().await;
    session.execute("CREATE item:a SET number = 1; CREATE item:b SET number = 2").await.unwrap();
    let (items, mut stream) = session.live::<Item>().synced().await.unwrap();
    let mut seen = board_of(items);
    assert_eq!(seen, board([("a", 1), ("b", 2)]));
    let other = elsewhere(&session).await;
    other.execute("CREATE item:c SET number = 3").await.unwrap();
    assert!(matches!(next(&mut stream).await, SyncEvent::Created(Item { number: 3, .. })));
    session.execute("UPDATE item:a SET number = 4").await.unwrap();
    assert!(matches!(next(&mut stream).await, SyncEvent::Updated(Item { number: 4, .. })));
    session.execute("DELETE item:b").await.unwrap();
    assert_eq!(next(&mut stream).await, SyncEvent::Deleted(Id::new("b")));
    // An update without a change is no event, nor is a record that is gone before it was read.
    session.execute("UPDATE item:a SET number = 4").await.unwrap();
    session.execute("BEGIN; CREATE item:d SET number = 1; DELETE item:d; COMMIT").await.unwrap();
    session.execute("CREATE item:e SET number = 5").await.unwrap();
    assert!(matches!(next(&mut stream).await, SyncEvent::Created(Item { number: 5, .. })));
    seen = board([("a", 4), ("c", 3), ("e", 5)]);
    assert_eq!(board_of(session.select::<Item>().await.unwrap()), seen);
    assert_eq!(registered(&session).await, 1);
    drop(stream);
    nothing_is_registered(&session).await;
}

#[async_test(not_send)]
async fn killed_stream_leaves_nothing() {
    let (_db, session) = with_items().await;
    let (_, stream) = session.live::<Item>().synced().await.unwrap();
    stream.kill().await.unwrap();
    assert_eq!(registered(&session).await, 0);
    let (_, mut stream) = session.live::<Item>().synced().await.unwrap();
    session.execute("REMOVE TABLE item").await.unwrap();
    assert_eq!(next(&mut stream).await, SyncEvent::Ended(EndReason::TableRemoved));
    assert!(stream.next().await.is_none());
}

#[async_test(not_send)]
async fn filter_is_a_set() {
    let (_db, session) = with_items().await;
    session.execute("DEFINE INDEX number ON item FIELDS number").await.unwrap();
    for (key, number) in [("a", 1), ("b", 20), ("c", 30), ("d", 11)] {
        session.create::<Item>().id(key).content(NewItem { number }).await.unwrap();
    }
    let live = session.live::<Item>().filter(|i| i.number.gte(10)).synced();
    let (items, mut stream) = live.filter(|i| i.number.lt(25)).await.unwrap();
    let mut seen = board_of(items);
    assert_eq!(seen, board([("b", 20), ("d", 11)]));
    for (key, number) in [("a", 12), ("b", 5), ("c", 29), ("d", 12)] {
        let text = "UPDATE type::record('item', $key) SET number = $number";
        session.execute(text).bind("key", key).bind("number", number).await.unwrap();
    }
    follow_until(&mut seen, &mut stream, &board([("a", 12), ("d", 12)])).await;
    session.execute("UPDATE item:b SET number = 10; UPDATE item:c SET number = 30; DELETE item:d").await.unwrap();
    follow_until(&mut seen, &mut stream, &board([("a", 12), ("b", 10)])).await;
}

#[async_test(not_send)]
async fn single_record_can_be_followed() {
    let (_db, session) = with_items().await;
    let (items, mut stream) = session.live::<Item>().id("b").synced().await.unwrap();
    assert!(items.is_empty());
    session.execute("CREATE item:a SET number = 1; CREATE item:b SET number = 2").await.unwrap();
    assert!(matches!(next(&mut stream).await, SyncEvent::Created(Item { number: 2, .. })));
    session.execute("DELETE item").await.unwrap();
    assert_eq!(next(&mut stream).await, SyncEvent::Deleted(Id::new("b")));
}

#[derive(Debug, Clone, PartialEq, Deserialize, View)]
#[record(of = Item)]
struct Key {
    id: Id<Item>,
}

use serde::{Deserialize, Serialize};

#[async_test(not_send)]
async fn view_hides_changes_of_other_fields() {
    let (_db, session) = with_items().await;
    session.execute("CREATE item:a SET number = 1").await.unwrap();
    let (keys, mut stream) = session.live::<Item>().view::<Key>().synced().await.unwrap();
    assert_eq!(keys, [Key { id: Id::new("a") }]);
    session.execute("UPDATE item:a SET number = 2; CREATE item:b SET number = 2").await.unwrap();
    let event = timeout(Duration::from_secs(20), stream.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(event, SyncEvent::Created(Key { id: Id::new("b") }));
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Tagged {
    id: Id<Tagged>,
    item: Id<Item>,
}

#[derive(Debug, Clone, Deserialize, View)]
#[record(of = Tagged)]
struct Followed {
    #[expect(dead_code, reason = "never read")]
    item: Link<Item>,
}

#[async_test]
async fn links_are_refused() {
    fn refused<T: Debug>(result: surreal_session::Result<T>) {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error:?}");
        assert!(error.to_string().contains("cannot follow links"), "{error}");
    }
    let (_db, session) = place().await;
    let tagged = || session.live::<Tagged>();
    refused(tagged().filter(|t| t.item.number.eq(1)).synced().await);
    refused(tagged().fetch(|t| t.item).synced().await);
    refused(tagged().view::<Followed>().synced().await);
}

#[async_test]
async fn several_endpoints_need_sweeps() {
    let login = login().await;
    let db = Surreal::connect([&login.url, &login.url]).await.unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").await.unwrap();
    session.execute("DEFINE TABLE item").await.unwrap();
    let error = session.live::<Item>().synced().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
    assert!(error.to_string().contains("resync_every"), "{error}");
    drop(session.live::<Item>().synced().resync_every(Duration::from_secs(1)).await.unwrap());
}

#[async_test(not_send)]
async fn thousands_of_records_come_in_pages() {
    let (_db, session) = with_items().await;
    session.execute("DEFINE INDEX number ON item FIELDS number").await.unwrap();
    let rows: Vec<_> = (0..2_300).map(|number| (format!("{number:05}"), NewItem { number: number % 7 })).collect();
    session.insert(rows).return_none().await.unwrap();
    let table = board_of(session.select::<Item>().await.unwrap());
    let (items, mut stream) = session.live::<Item>().synced().await.unwrap();
    assert_eq!(items.len(), 2_300);
    let mut seen = board_of(items);
    assert_eq!(seen, table);
    let (items, mut filtered) = session.live::<Item>().filter(|i| i.number.lt(5)).synced().await.unwrap();
    let small = |board: &Board| -> Board { board.clone().into_iter().filter(|(_, number)| *number < 5).collect() };
    assert_eq!(board_of(items), small(&table));
    // One statement that changes so many records ends an old socket, so it is cut into pieces.
    for from in (0..2_300).step_by(40) {
        let text = "UPDATE type::record('item', $from..$to) SET number += 1 RETURN NONE";
        let keys = (format!("{from:05}"), format!("{:05}", from + 40));
        session.execute(text).bind("from", keys.0).bind("to", keys.1).await.unwrap();
    }
    let after: Board = table.iter().map(|(key, number)| (key.clone(), number + 1)).collect();
    follow_until(&mut seen, &mut stream, &after).await;
    let mut few = small(&table);
    follow_until(&mut few, &mut filtered, &small(&after)).await;
}

#[async_test(not_send)]
async fn too_many_records_end_the_stream() {
    let (_db, session) = with_items().await;
    session.execute("CREATE item:a SET number = 1; CREATE item:b SET number = 1").await.unwrap();
    let error = session.live::<Item>().synced().max_records(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyRecords, "{error:?}");
    let (_, mut stream) = session.live::<Item>().synced().max_records(2).await.unwrap();
    session.execute("DELETE item:a").await.unwrap();
    assert_eq!(next(&mut stream).await, SyncEvent::Deleted(Id::new("a")));
    session.execute("CREATE item:c SET number = 1").await.unwrap();
    assert!(matches!(next(&mut stream).await, SyncEvent::Created(_)));
    session.execute("CREATE item:d SET number = 1").await.unwrap();
    assert!(matches!(next(&mut stream).await, SyncEvent::Created(_)));
    assert_eq!(next(&mut stream).await, SyncEvent::Ended(EndReason::TooManyRecords));
    assert!(stream.next().await.is_none());
    nothing_is_registered(&session).await;
}

/// Fact of the server (3.3.5): it does not report a transaction that is older than the registration.
#[async_test(not_send)]
async fn older_transaction_is_found_by_the_next_sweep() {
    let (_db, session) = with_items().await;
    let older = session.begin_transaction().await.unwrap();
    older.create::<Item>().id("old").content(NewItem { number: 1 }).await.unwrap();
    let (_, mut unswept) = session.live::<Item>().synced().await.unwrap();
    let (items, mut stream) = session.live::<Item>().synced().resync_every(Duration::from_secs(1)).await.unwrap();
    assert!(items.is_empty());
    older.commit().await.unwrap();
    session.execute("CREATE item:new SET number = 2").await.unwrap();
    assert!(matches!(next(&mut unswept).await, SyncEvent::Created(Item { number: 2, .. })));
    assert_eq!(unswept.sweeps(), 0);
    let mut seen = Board::new();
    let expected = board([("old", 1), ("new", 2)]);
    follow_until(&mut seen, &mut stream, &expected).await;
    // Ten seconds after the registration.
    assert!(matches!(next(&mut unswept).await, SyncEvent::Created(Item { number: 1, .. })));
    assert_eq!(unswept.sweeps(), 1);
}

/// Fact of the server (3.3.5): it does not report the change that hides a record.
#[async_test(not_send)]
async fn hidden_record_is_found_by_the_next_sweep() {
    let (db, root) = with_items().await;
    let schema = "DEFINE TABLE OVERWRITE item PERMISSIONS FOR select WHERE number < 10; \
        DEFINE TABLE account; \
        DEFINE ACCESS account ON DATABASE TYPE RECORD SIGNUP (CREATE account)";
    root.execute(schema).await.unwrap();
    root.execute("CREATE item:a SET number = 1; CREATE item:b SET number = 2").await.unwrap();
    let user = db.new_session().await.unwrap();
    let access = RecordAccess::new(root.namespace().unwrap(), "test", "account", Board::new());
    user.signup(access).await.unwrap();
    let (items, mut stream) = user.live::<Item>().synced().resync_every(Duration::from_secs(1)).await.unwrap();
    let mut seen = board_of(items);
    assert_eq!(seen, board([("a", 1), ("b", 2)]));
    root.execute("UPDATE item:a SET number = 11; UPDATE item:b SET number = 3").await.unwrap();
    follow_until(&mut seen, &mut stream, &board([("b", 3)])).await;
}

#[async_test(not_send)]
async fn undecodable_record_is_named_and_the_stream_continues() {
    let (_db, session) = with_items().await;
    let (_, mut stream) = session.live::<Item>().synced().await.unwrap();
    session.execute("CREATE item:bad SET number = 'one'").await.unwrap();
    let error = timeout(Duration::from_secs(20), stream.next()).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("item:bad.number"), "{error}");
    session.execute("UPDATE item:bad SET number = 1").await.unwrap();
    assert!(matches!(next(&mut stream).await, SyncEvent::Updated(Item { number: 1, .. })));
}

/// A record without data, and one that holds NONE.
#[async_test(not_send)]
async fn records_without_data_are_followed() {
    let (_db, session) = with_items().await;
    session.execute("CREATE item:a").await.unwrap();
    let (items, mut stream) = session.untyped().live(Table::new("item")).synced().await.unwrap();
    let next = async |stream: &mut SyncedStream<Value>| {
        timeout(Duration::from_secs(20), stream.next()).await.unwrap().unwrap().unwrap()
    };
    assert_eq!(items.len(), 1);
    session.execute("CREATE item:b SET number = NONE").await.unwrap();
    let event = next(&mut stream).await;
    assert!(matches!(&event, SyncEvent::Created(Value::Object(fields)) if fields.len() == 1), "{event:?}");
    session.execute("DELETE item:a").await.unwrap();
    assert_eq!(next(&mut stream).await, SyncEvent::Deleted(RecordId::new("item", "a")));
}

/// A consumer that takes nothing holds up neither the events nor the repair, and gets the last states.
#[async_test(not_send)]
async fn slow_consumer_gets_the_last_states() {
    let (_db, session) = with_items().await;
    let (items, mut stream) = session.live::<Item>().synced().capacity(16).await.unwrap();
    for round in 0..30 {
        let text = "FOR $key IN 0..60 { UPSERT type::record('item', <string> $key) SET number = $round RETURN NONE }";
        session.execute(text).bind("round", round).await.unwrap();
    }
    session.execute("DELETE item:`7`").await.unwrap();
    let mut expected: Board = (0..60).map(|key| (key.to_string(), 29)).collect();
    expected.remove("7");
    let mut seen = board_of(items);
    follow_until(&mut seen, &mut stream, &expected).await;
    // A last marker, so that everything before it was taken.
    session.execute("CREATE item:end SET number = 0").await.unwrap();
    expected.insert("end".to_owned(), 0);
    follow_until(&mut seen, &mut stream, &expected).await;
}

/// Keys of every type, whose order in the store differs from the order of their values.
#[async_test(not_send)]
async fn pages_find_keys_of_every_type() {
    let (_db, session) = place().await;
    let table = unique("keys");
    let text = "FOR $n IN 0..400 { \
        CREATE type::record($table, $n); \
        CREATE type::record($table, <string> $n); \
        CREATE type::record($table, rand::uuid()); \
        CREATE type::record($table, [$n % 3, time::from_millis(1000 + 250 * $n)]); \
        CREATE type::record($table, { a: $n }) }";
    session.execute(text).bind("table", &table).await.unwrap();
    let (records, _stream) = session.untyped().live(Table::new(&table)).synced().await.unwrap();
    let ids: std::collections::BTreeSet<_> = records.iter().map(ToString::to_string).collect();
    assert_eq!((records.len(), ids.len()), (2_000, 2_000));
}
