//! Live queries: every change arrives once, or the stream says that it did not.

mod differences;
mod ending;
mod identity;
mod inner;
mod load;
mod order;
mod outage;
mod projection;
mod races;
mod set;
mod sharing;
mod snapshot;
mod sockets;
mod synced;

use std::fmt::Debug;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use surreal_session::live::Identified;
use surreal_session::prelude::*;
use surreal_session_embedded::Embedded;
use surreal_session_tests::{async_test, connect, eventually, login, place, poll_times};
use tokio::time::timeout;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    number: i64,
}

/// A session with the table `item`.
async fn with_items() -> (Surreal, Session) {
    let (db, session) = place().await;
    session.execute("DEFINE TABLE item").await.unwrap();
    (db, session)
}

/// The number of live queries that the server has on the table.
async fn registered(session: &Session) -> usize {
    let info: Value = session.query("INFO FOR TABLE item").await.unwrap().take(0).unwrap();
    let Value::Object(info) = info else { panic!("{info}") };
    let Some(Value::Object(lives)) = info.get("lives") else { panic!("{info:?}") };
    lives.len()
}

async fn nothing_is_registered(session: &Session) {
    eventually("no live query is left", async || registered(session).await == 0).await;
}

/// The next event, which must arrive.
async fn next<T, D>(stream: &mut LiveStream<T, D>) -> LiveEvent<T, D>
where
    T: Identified,
    D: DeserializeOwned,
{
    let event = timeout(Duration::from_secs(20), stream.next()).await.expect("no event came");
    event.expect("the stream is over").unwrap()
}

async fn next_change<T, D>(stream: &mut LiveStream<T, D>) -> Notification<T, D>
where
    T: Identified + Debug,
    D: DeserializeOwned + Debug,
{
    match next(stream).await {
        LiveEvent::Change(change) => change,
        other => panic!("{other:?}"),
    }
}

async fn end(stream: &mut LiveStream<Item>) -> EndReason {
    loop {
        match next(stream).await {
            LiveEvent::Ended(reason) => {
                assert!(stream.next().await.is_none(), "something follows the end");
                return reason;
            }
            other => assert!(matches!(other, LiveEvent::Change(_) | LiveEvent::Gap(_))),
        }
    }
}

#[async_test(not_send, blocking)]
async fn changes_arrive_from_every_session_and_socket() {
    let (db, session) = with_items().await;
    let mut items = session.live::<Item>().await.unwrap();
    let twin = session.fork().await.unwrap();
    let other = elsewhere(&session).await;

    let a = twin.create::<Item>().id("a").content(NewItem { number: 1 }).await.unwrap();
    let created = next_change(&mut items).await;
    assert_eq!((created.action, &created.id, &created.data), (Action::Create, &a.id, &a));
    other.execute("UPDATE item:a SET number = 2").await.unwrap();
    let updated = next_change(&mut items).await;
    assert_eq!((updated.action, updated.data.number), (Action::Update, 2));
    session.execute("DELETE item:a").await.unwrap();
    let deleted = next_change(&mut items).await;
    assert_eq!((deleted.action, deleted.id, deleted.data.number), (Action::Delete, a.id, 2));
    assert_eq!((items.received(), items.missed()), (3, 0));
    drop(items);
    nothing_is_registered(&session).await;
    drop(db);
}

#[async_test(not_send, blocking)]
async fn live_query_of_one_record_sees_only_that() {
    let (_db, session) = with_items().await;
    let mut items = session.live::<Item>().id("b").await.unwrap();
    session.execute("CREATE item:a SET number = 1; CREATE item:b SET number = 2").await.unwrap();
    assert_eq!(next_change(&mut items).await.id, Id::new("b"));
    drop(items);
    nothing_is_registered(&session).await;
}

#[async_test(not_send, blocking)]
async fn filter_reports_records_that_enter_but_not_that_leave() {
    let (_db, session) = with_items().await;
    let live = session.live::<Item>().filter(|i| i.number.gte(10)).filter(|i| i.number.ne(12));
    let mut items = live.await.unwrap();
    let mut seen = Vec::new();
    for number in [1, 10, 5, 12, 11] {
        let text = "UPSERT item:a SET number = $number";
        session.execute(text).bind("number", number).await.unwrap();
        // Before the next write of the record: the order in which two commits are reported is not promised.
        if [10, 11].contains(&number) {
            let change = next_change(&mut items).await;
            seen.push((change.data.number, change.action == Action::Delete));
        }
    }
    session.execute("DELETE item:a").await.unwrap();
    let change = next_change(&mut items).await;
    seen.push((change.data.number, change.action == Action::Delete));
    assert_eq!(seen, [(10, false), (11, false), (11, true)]);
    drop(items);
    nothing_is_registered(&session).await;
}

#[async_test(blocking)]
async fn live_query_of_a_missing_table_is_not_found() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE other").await.unwrap();
    let error = session.live::<Item>().await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(error.statement(), Some(2));
}

#[async_test(not_send, blocking)]
async fn undecodable_record_is_named_and_the_stream_continues() {
    let (_db, session) = with_items().await;
    let mut items = session.live::<Item>().await.unwrap();
    session.execute("CREATE item:bad SET number = 'one'").await.unwrap();
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("item:bad.number"), "{error}");
    session.execute("CREATE item:good SET number = 1").await.unwrap();
    assert_eq!(next_change(&mut items).await.data.number, 1);
    drop(items);
    nothing_is_registered(&session).await;
}

#[async_test(not_send, blocking)]
async fn stream_of_futures_crates_is_the_same() {
    use futures_util::StreamExt;
    let (_db, session) = with_items().await;
    let items = session.live::<Item>().await.unwrap();
    session.execute("FOR $n IN 1..=3 { CREATE item SET number = $n }").await.unwrap();
    let numbers: Vec<i64> = items
        .take(3)
        .map(|event| match event.unwrap() {
            LiveEvent::Change(change) => change.data.number,
            other => panic!("{other:?}"),
        })
        .collect()
        .await;
    assert_eq!(numbers.iter().sum::<i64>(), 6);
    nothing_is_registered(&session).await;
}

/// A session of another connection, signed in, with the same namespace and database.
async fn elsewhere(session: &Session) -> Session {
    let login = login().await;
    let root = Root::new(login.username, login.password);
    let place = session.namespace().unwrap();
    connect().await.new_session().signin(root).use_ns(place).use_db("test").await.unwrap()
}

#[async_test(not_send, blocking)]
async fn live_query_made_with_text_can_be_followed_by_several() {
    let (_db, session) = with_items().await;
    let response = session.query("LIVE SELECT * FROM item WHERE number > 1").await.unwrap();
    let id: LiveId = response.take(0).unwrap();
    // The events before the first stream are kept.
    session.execute("CREATE item:a SET number = 1; CREATE item:b SET number = 2").await.unwrap();
    let mut first = session.subscribe_live::<Item>(id).await.unwrap();
    assert_eq!(next_change(&mut first).await.id, Id::new("b"));
    let mut second = session.subscribe_live::<Value>(id).await.unwrap();
    session.execute("UPDATE item:a SET number = 3").await.unwrap();
    assert_eq!(next_change(&mut first).await.data.number, 3);
    let change = next_change(&mut second).await;
    assert_eq!((change.action, change.id.to_string()), (Action::Update, "item:a".to_owned()));
    drop(first);
    session.execute("UPDATE item:a SET number = 4").await.unwrap();
    assert!(matches!(next(&mut second).await, LiveEvent::Change(_)));
    assert_eq!(registered(&session).await, 1);
    drop(second);
    nothing_is_registered(&session).await;
    let mut late = session.subscribe_live::<Item>(id).await.unwrap();
    assert_eq!(end(&mut late).await, EndReason::KilledByServer);
}

#[async_test(not_send, blocking)]
async fn denied_functions_fail_the_registration() {
    let server = Embedded::builder().deny_function("rand::uuid::v7").start().await.unwrap();
    let db = server.connect().await.unwrap();
    db.use_ns("test").use_db("test").await.unwrap();
    db.execute("DEFINE TABLE item").await.unwrap();
    let error = db.live::<Item>().await.unwrap_err();
    assert_eq!((error.kind(), error.statement()), (ErrorKind::NotAllowed, Some(1)), "{error:?}");
    assert!(error.to_string().contains("rand::uuid::v7"), "{error}");
    nothing_is_registered(&db).await;
    // Fact of the server (3.3.5): if the client did not ask, the events would silently not arrive.
    let id: LiveId = db.query("LIVE SELECT VALUE rand::uuid::v7() FROM item").await.unwrap().take(0).unwrap();
    let mut times = db.subscribe_live::<Value>(id).await.unwrap();
    let id: LiveId = db.query("LIVE SELECT * FROM item").await.unwrap().take(0).unwrap();
    let mut items = db.subscribe_live::<Item>(id).await.unwrap();
    db.execute("CREATE item:a SET number = 1").await.unwrap();
    assert_eq!(next_change(&mut items).await.data.number, 1);
    assert!(poll_times(1, times.next()).await.is_none());
    server.shutdown().await;
}
