//! Live queries: every change arrives once, or the stream says that it did not.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use ciborium::Value as Cbor;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{LiveId, PatchOp};
use surreal_session_tests::{Peer, Proxy, connect, eventually, login, place, poll_times, unique};
use tokio::time::{Instant, timeout};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    number: i64,
}

/// A session with the table `item`.
async fn with_items() -> (Surreal, Session) {
    let (db, session) = place().await;
    session.query("DEFINE TABLE item").await.unwrap().check().unwrap();
    (db, session)
}

/// How many live queries the server has on the table.
async fn registered(session: &Session) -> usize {
    let info: Value = session.query("INFO FOR TABLE item").await.unwrap().take(0).unwrap();
    let Value::Object(info) = info else { panic!("{info}") };
    let Some(Value::Object(lives)) = info.get("lives") else { panic!("{info:?}") };
    lives.len()
}

async fn nothing_is_registered(session: &Session) {
    eventually("no live query is left", async || registered(session).await == 0).await;
}

/// The next event, which has to come.
async fn next<T, D>(stream: &mut LiveStream<T, D>) -> LiveEvent<T, D>
where
    T: surreal_session::Identified,
    D: serde::de::DeserializeOwned,
{
    let event = timeout(Duration::from_secs(20), stream.next()).await.expect("no event came");
    event.expect("the stream is over").unwrap()
}

async fn change(stream: &mut LiveStream<Item>) -> Notification<Item> {
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
            LiveEvent::Change(_) | LiveEvent::Gap(_) => {}
        }
    }
}

#[tokio::test]
async fn changes_arrive_from_every_session_and_socket() {
    let (db, session) = with_items().await;
    let mut items = session.live::<Item>().await.unwrap();
    let twin = session.fork().await.unwrap();
    let other = elsewhere(&session).await;

    let a = twin.create::<Item>().id("a").content(NewItem { number: 1 }).await.unwrap();
    let created = change(&mut items).await;
    assert_eq!((created.action, &created.id, &created.data), (Action::Create, &a.id, &a));
    other.query("UPDATE item:a SET number = 2").await.unwrap().check().unwrap();
    let updated = change(&mut items).await;
    assert_eq!((updated.action, updated.data.number), (Action::Update, 2));
    session.query("DELETE item:a").await.unwrap().check().unwrap();
    let deleted = change(&mut items).await;
    assert_eq!((deleted.action, deleted.id, deleted.data.number), (Action::Delete, a.id, 2));
    assert_eq!((items.received(), items.missed()), (3, 0));
    drop(items);
    nothing_is_registered(&session).await;
    drop(db);
}

#[tokio::test]
async fn live_query_of_one_record_sees_only_that() {
    let (_db, session) = with_items().await;
    let mut items = session.live::<Item>().id("b").await.unwrap();
    session.query("CREATE item:a SET number = 1; CREATE item:b SET number = 2").await.unwrap().check().unwrap();
    assert_eq!(change(&mut items).await.id, Id::new("b"));
    drop(items);
    nothing_is_registered(&session).await;
}

#[tokio::test]
async fn filter_reports_what_enters_and_not_what_leaves() {
    let (_db, session) = with_items().await;
    let live = session.live::<Item>().filter(|i| i.number.gte(10)).filter(|i| i.number.ne(12));
    let mut items = live.await.unwrap();
    for number in [1, 10, 5, 12, 11] {
        let text = "UPSERT item:a SET number = $number";
        session.query(text).bind("number", number).await.unwrap().check().unwrap();
    }
    session.query("DELETE item:a").await.unwrap().check().unwrap();
    // The order of commits is not promised.
    let mut seen = Vec::new();
    for _ in 0..3 {
        let change = change(&mut items).await;
        seen.push((change.data.number, change.action == Action::Delete));
    }
    seen.sort_unstable();
    assert_eq!(seen, [(10, false), (11, false), (11, true)]);
    drop(items);
    nothing_is_registered(&session).await;
}

#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = Item)]
struct Number {
    number: i64,
}

#[tokio::test]
async fn view_gives_its_fields_and_the_id() {
    let (_db, session) = with_items().await;
    let mut numbers = session.live::<Item>().fields::<Number>().await.unwrap();
    session.create::<Item>().id("a").content(NewItem { number: 1 }).await.unwrap();
    let LiveEvent::Change(change) = next(&mut numbers).await else { panic!("no change") };
    assert_eq!((change.id, change.data), (Id::new("a"), Number { number: 1 }));
    drop(numbers);
    nothing_is_registered(&session).await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Part {
    id: Id<Part>,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "item")]
struct Rich {
    id: Id<Rich>,
    text: String,
    tags: Vec<String>,
    nickname: Option<String>,
}

#[tokio::test]
async fn differences_applied_to_the_record_give_the_record() {
    let (_db, session) = with_items().await;
    let mut changes = session.live::<Rich>().id("a").diff().await.unwrap();
    let text = "the quick brown fox jumps over the lazy dog, twice — éè";
    session
        .create::<Rich>()
        .id("b")
        .content(NewRich { text: String::new(), tags: vec![], nickname: None })
        .await
        .unwrap();
    let new = NewRich { text: text.into(), tags: vec!["x".into(), "y".into()], nickname: None };
    let mut rich = session.create::<Rich>().id("a").content(new).await.unwrap();
    let LiveEvent::Change(created) = next(&mut changes).await else { panic!("no change") };
    assert_eq!((created.action, created.id), (Action::Create, rich.id.clone()));
    assert_eq!((created.data.len(), created.data[0].path()), (1, ""));
    for statement in [
        "UPDATE item:a SET text = string::replace(text, 'quick', 'very slow')",
        "UPDATE item:a SET text = text + '!', nickname = 'n', tags += 'z'",
        "UPDATE item:a SET text = '', tags = []",
        "UPDATE item:a SET text = 'ünïcode 100% + new\nline', nickname = NONE, tags = ['z', 'y', 'x', 'w']",
        "UPDATE item:a SET text = string::uppercase(text), tags = ['y']",
        // The model has no such field.
        "UPDATE item:a SET extra = { text: 'one' }, nickname = 'm'",
        "UPDATE item:a SET extra.text = 'one and two', nickname = NONE",
        "UPDATE item:a SET extra = NONE, text = 'end'",
    ] {
        session.query(statement).await.unwrap().check().unwrap();
        let LiveEvent::Change(change) = next(&mut changes).await else { panic!("no change") };
        let before = rich.clone();
        rich.apply(&change.data).unwrap();
        let stored = session.select::<Rich>().id("a").await.unwrap();
        assert_eq!(Some(&rich), stored.as_ref(), "{:?}", change.data);
        // The operations are for one state of the record alone, as far as they say what they take away.
        if !before.text.is_empty() && change.data.iter().any(|op| op.path() == "/text") {
            let mut other = Rich { text: format!("other {}", before.text), ..before };
            other.apply(&change.data).unwrap_err();
        }
    }
    session.query("DELETE item:a").await.unwrap().check().unwrap();
    let LiveEvent::Change(deleted) = next(&mut changes).await else { panic!("no change") };
    assert_eq!(deleted.action, Action::Delete);
    assert_eq!(rich.clone().apply(&deleted.data).unwrap_err().kind(), ErrorKind::Decode);
    drop(changes);
    nothing_is_registered(&session).await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "item")]
struct Assembly {
    id: Id<Assembly>,
    #[serde(rename = "main `part`")]
    main: Option<Id<Part>>,
    parts: Vec<Id<Part>>,
}

#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = Assembly)]
struct Overview {
    #[serde(rename = "the \"main\" part")]
    #[record(from = "main.name")]
    name: Option<String>,
    #[serde(rename = "main `part`")]
    main: Option<Link<Part>>,
}

async fn with_parts() -> (Surreal, Session) {
    let (db, session) = with_items().await;
    session.query("CREATE part:a SET name = 'axle'; CREATE part:b SET name = 'bolt'").await.unwrap().check().unwrap();
    (db, session)
}

fn part(key: &str) -> Id<Part> {
    Id::new(key)
}

fn whole(key: &str, name: &str) -> Link<Part> {
    Link::Record(Part { id: part(key), name: name.into() })
}

#[tokio::test]
async fn linked_records_come_beside_each_change() {
    let (_db, session) = with_parts().await;
    let mut items = session.live::<Assembly>().fetch(|a| (a.main, a.parts)).await.unwrap();
    let first = NewAssembly { main: Some(part("a")), parts: vec![part("b"), part("gone")] };
    let created = session.create::<Assembly>().id("x").content(first).await.unwrap();
    let LiveEvent::Change(change) = next(&mut items).await else { panic!("no change") };
    assert_eq!((change.action, &change.id), (Action::Create, &created.id));
    let parts = vec![whole("b", "bolt"), Link::Dangling(part("gone"))];
    assert_eq!(change.data, (created.clone(), Some(whole("a", "axle")), parts));

    // A change of what is linked is no event, and seen with the next one.
    session.query("UPDATE part:a SET name = 'axis'").await.unwrap().check().unwrap();
    let patch = AssemblyPatch { parts: set(vec![]), ..keep() };
    let updated = session.update::<Assembly>().id("x").merge(patch).await.unwrap();
    let LiveEvent::Change(change) = next(&mut items).await else { panic!("no change") };
    assert_eq!((change.action, change.data), (Action::Update, (updated, Some(whole("a", "axis")), vec![])));
    let updated = session.update::<Assembly>().id("x").set(|a| a.main.unset()).await.unwrap();
    let LiveEvent::Change(change) = next(&mut items).await else { panic!("no change") };
    assert_eq!(change.data, (updated.clone(), None, vec![]));
    session.delete::<Assembly>().id("x").await.unwrap();
    let LiveEvent::Change(change) = next(&mut items).await else { panic!("no change") };
    assert_eq!((change.action, change.data), (Action::Delete, (updated, None, vec![])));
    drop(items);
    nothing_is_registered(&session).await;
}

#[tokio::test]
async fn snapshots_of_views_and_links_repeat_nothing_they_have_shown() {
    let (_db, session) = with_parts().await;
    let text = "CREATE item:x SET parts = []; CREATE item:y SET parts = [part:b], `main \\`part\\`` = part:a";
    session.query(text).await.unwrap().check().unwrap();
    let (views, mut view) = session.live::<Assembly>().fields::<Overview>().snapshot().await.unwrap();
    let named = Overview { name: Some("axle".into()), main: Some(whole("a", "axle")) };
    assert_eq!(views, [Overview { name: None, main: None }, named]);
    let (pairs, mut pair) = session.live::<Assembly>().fetch(|a| a.main).snapshot().await.unwrap();
    let mains: Vec<_> = pairs.iter().map(|(item, main)| (item.id.key().as_str(), main.clone())).collect();
    assert_eq!(mains, [("x", None), ("y", Some(whole("a", "axle")))]);
    // Written again as it was: the server makes no event of it.
    session.query("UPDATE item SET parts = parts; UPDATE item:x SET parts = [part:b]").await.unwrap().check().unwrap();
    // The view of it is as it was, which is not told again.
    session.query("UPDATE item:y SET `main \\`part\\`` = part:b").await.unwrap().check().unwrap();
    let LiveEvent::Change(change) = next(&mut view).await else { panic!("no change") };
    assert_eq!((change.id.key().as_str(), change.data.name.as_deref()), ("y", Some("bolt")));
    for (key, expected) in [("x", None), ("y", Some(whole("b", "bolt")))] {
        let LiveEvent::Change(change) = next(&mut pair).await else { panic!("no change") };
        assert_eq!((change.id.key().as_str(), change.data.1), (key, expected));
    }
    drop((view, pair));
    nothing_is_registered(&session).await;
}

/// Writes nothing of what is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "item")]
struct Sparse {
    id: Id<Sparse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
}

#[test]
fn operations_fit_what_the_model_leaves_out() {
    let sparse = Sparse { id: Id::new("a"), nickname: None, tags: vec![] };
    for (op, nickname) in [
        (PatchOp::replace("/nickname", "n"), Some("n")),
        (PatchOp::add("/nickname", "n"), Some("n")),
        (PatchOp::remove("/nickname"), None),
        (PatchOp::replace("/elsewhere/a", 1), None),
        (PatchOp::add("/elsewhere", 1), None),
    ] {
        let mut applied = sparse.clone();
        applied.apply(std::slice::from_ref(&op)).unwrap();
        assert_eq!(applied, Sparse { nickname: nickname.map(str::to_owned), ..sparse.clone() }, "{op:?}");
    }
    assert_eq!(Sparse::from_ops(&[PatchOp::replace("", &sparse)]).unwrap(), sparse);
    for op in [PatchOp::replace("/tags/0", "t"), PatchOp::test("/nickname", "n"), PatchOp::copy("/elsewhere", "/tags")]
    {
        let error = sparse.clone().apply(std::slice::from_ref(&op)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{op:?}");
    }
}

#[tokio::test]
async fn untyped_live_query_gives_values_on_connection_and_session() {
    let (db, session) = with_items().await;
    let login = login().await;
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    db.use_ns(session.namespace().unwrap()).use_db("test").await.unwrap();
    let mut of_session = session.untyped().live(Table::new("item")).await.unwrap();
    let mut of_connection = db.untyped().live(Table::new("item")).await.unwrap();
    session.query("CREATE item:a SET number = 1, extra = true").await.unwrap().check().unwrap();
    for stream in [&mut of_session, &mut of_connection] {
        let LiveEvent::Change(change) = next(stream).await else { panic!("no change") };
        assert_eq!((change.action, change.id), (Action::Create, RecordId::new("item", "a")));
        assert_eq!(change.data.to_string(), "{ extra: true, id: item:a, number: 1 }");
    }
    assert_eq!(registered(&session).await, 2);
    db.kill(of_connection.id()).await.unwrap();
    of_session.kill().await.unwrap();
    assert_eq!(registered(&session).await, 0);
}

#[tokio::test]
async fn live_query_of_a_missing_table_is_not_found() {
    let (_db, session) = place().await;
    session.query("DEFINE TABLE other").await.unwrap().check().unwrap();
    let error = session.live::<Item>().await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(error.statement(), Some(2));
}

#[tokio::test]
async fn record_that_does_not_fit_is_named_and_the_stream_goes_on() {
    let (_db, session) = with_items().await;
    let mut items = session.live::<Item>().await.unwrap();
    session.query("CREATE item:bad SET number = 'one'").await.unwrap().check().unwrap();
    let error = items.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("item:bad.number"), "{error}");
    session.query("CREATE item:good SET number = 1").await.unwrap().check().unwrap();
    assert_eq!(change(&mut items).await.data.number, 1);
    drop(items);
    nothing_is_registered(&session).await;
}

#[tokio::test]
async fn stream_of_futures_crates_is_the_same() {
    use futures_util::StreamExt;
    let (_db, session) = with_items().await;
    let items = session.live::<Item>().await.unwrap();
    session.query("FOR $n IN 1..=3 { CREATE item SET number = $n }").await.unwrap().check().unwrap();
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

#[tokio::test]
async fn slow_consumer_is_told_how_many_events_it_missed() {
    let (db, session) = with_items().await;
    let mut slow = session.live::<Item>().capacity(10).await.unwrap();
    let mut quick = session.live::<Item>().capacity(1_000).await.unwrap();
    let writer = session.fork().await.unwrap();
    for number in 0..100 {
        writer.create::<Item>().content(NewItem { number }).await.unwrap();
    }
    // A slow stream does not hold up another, nor calls.
    for _ in 0..100 {
        change(&mut quick).await;
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
    assert_eq!(change(&mut slow).await.id, Id::new("after"));
    drop((slow, quick));
    nothing_is_registered(&session).await;
}

/// A session of its own connection, signed in and in the same place.
async fn elsewhere(session: &Session) -> Session {
    let login = login().await;
    let root = Root::new(login.username, login.password);
    let place = session.namespace().unwrap();
    connect().await.new_session().signin(root).use_ns(place).use_db("test").await.unwrap()
}

/// Creates items one by one: the server (3.3.5) closes a socket for which more than a hundred events wait.
async fn write(session: Session, changes: u64) {
    for _ in 0..changes {
        session.query("CREATE item SET number = 1 RETURN NONE").await.unwrap().check().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_many_writers_arrives_exactly_once() {
    const WRITERS: u64 = 8;
    const CHANGES: u64 = 10_000;
    let (_db, session) = with_items().await;
    let (twin, other, third) = (session.fork().await.unwrap(), elsewhere(&session).await, elsewhere(&session).await);
    let mut readers = Vec::new();
    for (index, session) in [&session, &twin, &other, &third].into_iter().enumerate() {
        // One of them is too small, and always late.
        let is_slow = index == 3;
        let mut stream = session.live::<Item>().capacity(if is_slow { 16 } else { 20_000 }).await.unwrap();
        readers.push(tokio::spawn(async move {
            let (mut seen, mut twice) = (HashSet::new(), 0);
            while (seen.len() as u64) + stream.missed() < CHANGES {
                match next(&mut stream).await {
                    LiveEvent::Change(change) => twice += u64::from(!seen.insert(change.id)),
                    LiveEvent::Gap(_) => {}
                    other @ LiveEvent::Ended(_) => panic!("{other:?}"),
                }
                if is_slow {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            (seen.len() as u64, stream.missed(), twice)
        }));
    }
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let session = if writer % 2 == 0 { twin.fork().await.unwrap() } else { elsewhere(&session).await };
        writers.push(tokio::spawn(write(session, CHANGES / WRITERS)));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    for (index, reader) in readers.into_iter().enumerate() {
        let (received, missed, twice) = reader.await.unwrap();
        println!("stream {index}: {received} of {CHANGES} received, {missed} missed, {twice} twice");
        assert_eq!((received + missed, twice), (CHANGES, 0));
        assert_eq!(missed > 0, index == 3, "stream {index} missed {missed}");
    }
    nothing_is_registered(&session).await;
}

#[tokio::test]
async fn hundred_streams_share_a_socket() {
    let (_db, session) = with_items().await;
    let registrations = (0..100).map(|number| session.live::<Item>().id(format!("n{number}")).into_future());
    let mut streams = futures_util::future::try_join_all(registrations).await.unwrap();
    assert_eq!(registered(&session).await, 100);
    for number in [0, 57, 99] {
        session.create::<Item>().id(format!("n{number}")).content(NewItem { number }).await.unwrap();
        assert_eq!(change(&mut streams[usize::try_from(number).unwrap()]).await.data.number, number);
    }
    // All are killed at once. Fact of the server (3.3.5): kills conflict with each other.
    drop(streams);
    nothing_is_registered(&session).await;
}

/// The items by their keys.
type Board = BTreeMap<String, Item>;

fn board_of(items: Vec<Item>) -> Board {
    items.into_iter().map(|item| (item.id.key().clone(), item)).collect()
}

/// One write: the item, and when it was under way.
struct Write {
    key: String,
    from: Instant,
    to: Instant,
}

/// Some random changes of a few items; every state of an item is new.
async fn scribble(session: Session, mut seed: u64, round: i64) -> Vec<Write> {
    let mut writes = Vec::new();
    for number in round * 100..round * 100 + 8 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let key = format!("i{}", (seed >> 33) % 3);
        let text = if (seed >> 60) >= 4 { "UPSERT $id SET number = $number" } else { "DELETE $id" };
        let id: Id<Item> = Id::new(&key);
        let write = || session.query(text).bind("id", &id).bind("number", number).into_future();
        let from = Instant::now();
        // Fact of the server (3.3.5): a write may conflict with a live query that is registered or killed meanwhile.
        while let Err(error) = write().await.unwrap().check() {
            assert!(error.is_conflict(), "{error:?}");
        }
        writes.push(Write { key, from, to: Instant::now() });
    }
    writes
}

/// Begins streams with a snapshot while another session writes, puts what they tell onto the snapshot, in the order in
/// which it comes, and compares it with the table. Gives the number of changes that were left out as superseded.
async fn follow_writes<D: serde::de::DeserializeOwned + std::fmt::Debug>(
    rounds: u64,
    open: impl AsyncFn(&Session) -> surreal_session::Result<(Vec<Item>, LiveStream<Item, D>)>,
    tell: impl Fn(&mut Board, &Board, Notification<Item, D>),
) -> u64 {
    let (_db, session) = with_items().await;
    let scribe = elsewhere(&session).await;
    let mut superseded = 0;
    for round in 0..rounds {
        let writing = tokio::spawn(scribble(scribe.clone(), round, i64::try_from(round).unwrap()));
        let from = Instant::now();
        let (items, mut changes) = open(&session).await.unwrap();
        let to = Instant::now();
        let writes = writing.await.unwrap();
        let end = session.create::<Item>().id(format!("end{round}")).content(NewItem { number: 0 }).await.unwrap();
        let table = board_of(session.select::<Item>().await.unwrap());
        let snapshot = board_of(items);
        let mut board = snapshot.clone();
        // Fact of the server (3.3.5): what was under way when the live query was registered is not reported.
        let is_unreported =
            |key: &str| writes.iter().any(|write| write.key == key && write.from <= to && write.to >= from);
        let differs = |board: &Board| {
            let differs = |key: &str| board.get(key) != table.get(key) && !is_unreported(key);
            ["i0", "i1", "i2"].into_iter().any(differs) || !board.contains_key(end.id.key())
        };
        while differs(&board) {
            match next(&mut changes).await {
                LiveEvent::Change(change) => tell(&mut board, &snapshot, change),
                LiveEvent::Gap(Gap::Superseded { missed }) => superseded += missed,
                other => panic!("{other:?}"),
            }
        }
    }
    nothing_is_registered(&session).await;
    superseded
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshot_and_changes_together_are_the_table() {
    let open = async |session: &Session| session.live::<Item>().snapshot().await;
    let superseded = follow_writes(200, open, |board, snapshot, change| {
        let key = change.id.key().clone();
        if change.action == Action::Delete {
            board.remove(&key);
        } else {
            assert_ne!(Some(&change.data), snapshot.get(&key), "it was read, and is told again");
            board.insert(key, change.data);
        }
    });
    println!("{} changes came too late", superseded.await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshot_and_differences_together_are_the_table() {
    let open = async |session: &Session| session.live::<Item>().diff().snapshot().await;
    let superseded = follow_writes(100, open, |board, _, change| {
        let key = change.id.key().clone();
        match (change.action, board.get_mut(&key)) {
            (Action::Delete, _) => drop(board.remove(&key)),
            (Action::Create, _) => drop(board.insert(key, Item::from_ops(&change.data).unwrap())),
            (Action::Update, Some(item)) => item.apply(&change.data).unwrap(),
            // Created while the live query was registered, which is not reported.
            (Action::Update, None) => {}
        }
    });
    println!("{} changes came too late", superseded.await);
}

#[tokio::test]
async fn snapshot_of_nothing_is_empty_and_followed_by_changes() {
    let (_db, session) = with_items().await;
    let (items, mut changes) = session.live::<Item>().id("a").snapshot().await.unwrap();
    assert_eq!(items, []);
    session.query("CREATE item:a SET number = 1; CREATE item:b SET number = 2").await.unwrap().check().unwrap();
    assert_eq!(change(&mut changes).await.data.number, 1);
    drop(changes);
    nothing_is_registered(&session).await;
}

#[tokio::test]
async fn killed_streams_end_with_who_killed_them() {
    let (_db, session) = with_items().await;
    let items = session.live::<Item>().await.unwrap();
    items.kill().await.unwrap();
    assert_eq!(registered(&session).await, 0);

    let mut items = session.live::<Item>().await.unwrap();
    session.kill(items.id()).await.unwrap();
    let reason = end(&mut items).await;
    // The event and the reply of a kill come in either order.
    assert!(matches!(reason, EndReason::Killed | EndReason::KilledByServer), "{reason:?}");

    let mut items = session.live::<Item>().await.unwrap();
    session.fork().await.unwrap().query("KILL $id").bind("id", items.id()).await.unwrap().check().unwrap();
    assert_eq!(end(&mut items).await, EndReason::KilledByServer);

    let mut items = session.live::<Item>().await.unwrap();
    session.query("REMOVE TABLE item").await.unwrap().check().unwrap();
    assert_eq!(end(&mut items).await, EndReason::TableRemoved);

    let unknown: LiveId = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    let error = session.kill(unknown).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Answered, "{error:?}");
}

#[tokio::test]
async fn removed_database_and_revoked_user_end_the_stream() {
    let (db, session) = with_items().await;
    let namespace = session.namespace().unwrap();
    session.query("DEFINE USER other ON NAMESPACE PASSWORD 'o' ROLES OWNER").await.unwrap().check().unwrap();
    let other = db.new_session().signin(Namespace::new(&namespace, "other", "o")).use_db("test").await.unwrap();
    let mut of_other = other.live::<Item>().await.unwrap();
    let mut items = session.live::<Item>().await.unwrap();
    session.query("REMOVE USER other ON NAMESPACE").await.unwrap().check().unwrap();
    assert_eq!(end(&mut of_other).await, EndReason::KilledByServer);
    session.query("REMOVE DATABASE test").await.unwrap().check().unwrap();
    assert_eq!(end(&mut items).await, EndReason::TableRemoved);
}

#[tokio::test]
async fn streams_end_when_their_session_is_closed_or_emptied() {
    let (db, session) = with_items().await;
    let mut streams = Vec::new();
    let twin = session.fork().await.unwrap();
    streams.push((twin.live::<Item>().await.unwrap(), EndReason::SessionClosed));
    twin.close_session().await.unwrap();
    let twin = session.fork().await.unwrap();
    streams.push((twin.live::<Item>().await.unwrap(), EndReason::IdentityChanged));
    twin.invalidate().await.unwrap();
    let twin = session.fork().await.unwrap();
    streams.push((twin.live::<Item>().await.unwrap(), EndReason::IdentityChanged));
    twin.reset().await.unwrap();
    for (stream, expected) in &mut streams {
        assert_eq!(end(stream).await, *expected);
    }
    nothing_is_registered(&session).await;

    let mut last = session.live::<Item>().await.unwrap();
    db.close().await.unwrap();
    assert_eq!(end(&mut last).await, EndReason::ConnectionClosed);
    let error = session.live::<Item>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn stream_lives_through_a_new_token_of_the_same_user_only() {
    let (_db, session) = with_items().await;
    let login = login().await;
    session.query("DEFINE USER other ON NAMESPACE PASSWORD 'o' ROLES OWNER").await.unwrap().check().unwrap();
    let mut items = session.live::<Item>().await.unwrap();
    let ns = session.namespace().unwrap();
    let tokens = session.signin(Root::new(login.username, login.password)).await.unwrap();
    session.authenticate(tokens).await.unwrap();
    session.create::<Item>().id("a").content(NewItem { number: 1 }).await.unwrap();
    assert_eq!(change(&mut items).await.data.number, 1);

    session.signin(Root::new("root", "wrong")).await.unwrap_err();
    session.create::<Item>().id("b").content(NewItem { number: 2 }).await.unwrap();
    assert_eq!(change(&mut items).await.data.number, 2);

    session.signin(Namespace::new(ns, "other", "o")).await.unwrap();
    assert_eq!(end(&mut items).await, EndReason::IdentityChanged);
    drop(items);
    nothing_is_registered(&session).await;
}

/// Somebody who may see their own items, for as long as `session` says.
async fn with_accounts(duration: &str) -> (Surreal, Session) {
    let (db, session) = place().await;
    let schema = format!(
        "DEFINE TABLE account; \
         DEFINE TABLE item PERMISSIONS FOR select WHERE owner = $auth FOR create, update, delete FULL; \
         DEFINE ACCESS account ON DATABASE TYPE RECORD \
             SIGNUP (CREATE account SET name = $name) SIGNIN (SELECT * FROM account WHERE name = $name) \
             WITH REFRESH DURATION FOR TOKEN 1h, FOR SESSION {duration}"
    );
    session.query(schema).await.unwrap().check().unwrap();
    (db, session)
}

fn account(session: &Session, name: &str) -> RecordAccess<BTreeMap<&'static str, String>> {
    let params = BTreeMap::from([("name", name.to_owned())]);
    RecordAccess::new(session.namespace().unwrap(), "test", "account", params)
}

#[tokio::test]
async fn record_users_see_their_own_records_alone() {
    let (db, session) = with_accounts("1h").await;
    let ada = db.new_session().await.unwrap();
    ada.signup(account(&session, "ada")).await.unwrap();
    let bob = db.new_session().await.unwrap();
    let tokens = bob.signup(account(&session, "bob")).await.unwrap();
    let (mut of_ada, mut of_bob) = (ada.live::<Item>().await.unwrap(), bob.live::<Item>().await.unwrap());
    for (name, number) in [("ada", 1), ("bob", 2), ("ada", 3)] {
        let text =
            "CREATE item SET number = $number, owner = (SELECT VALUE id FROM ONLY account WHERE name = $name LIMIT 1)";
        session.query(text).bind("number", number).bind("name", name).await.unwrap().check().unwrap();
    }
    assert_eq!(change(&mut of_ada).await.data.number, 1);
    assert_eq!(change(&mut of_ada).await.data.number, 3);
    assert_eq!(change(&mut of_bob).await.data.number, 2);
    // Renewed as the same user, the stream goes on; as another one, it ends.
    bob.refresh(&tokens).await.unwrap();
    bob.query("CREATE item SET number = 4, owner = $auth").await.unwrap().check().unwrap();
    assert_eq!(change(&mut of_bob).await.data.number, 4);
    bob.signin(account(&session, "ada")).await.unwrap();
    assert_eq!(end(&mut of_bob).await, EndReason::IdentityChanged);
    drop((of_ada, of_bob));
    nothing_is_registered(&session).await;
}

#[tokio::test]
async fn stream_ends_when_its_session_expires() {
    let (db, session) = with_accounts("1s").await;
    let ada = db.new_session().await.unwrap();
    ada.signup(account(&session, "ada")).await.unwrap();
    let mut items = ada.live::<Item>().await.unwrap();
    ada.query("CREATE item SET number = 1, owner = $auth").await.unwrap().check().unwrap();
    assert_eq!(change(&mut items).await.data.number, 1);
    assert_eq!(end(&mut items).await, EndReason::Expired);
    // Fact of the server (3.3.5): it sends nothing more, and does not say so.
    let text = "CREATE item SET number = 2, owner = (SELECT VALUE id FROM ONLY account WHERE name = 'ada' LIMIT 1)";
    session.query(text).await.unwrap().check().unwrap();
    // Nor does it kill for an expired session: the live query goes with that.
    drop((items, ada));
    nothing_is_registered(&session).await;
}

#[tokio::test]
async fn live_query_made_with_text_can_be_followed_by_several() {
    let (_db, session) = with_items().await;
    let response = session.query("LIVE SELECT * FROM item WHERE number > 1").await.unwrap();
    let id: LiveId = response.take(0).unwrap();
    // What happens before somebody follows it is kept.
    session.query("CREATE item:a SET number = 1; CREATE item:b SET number = 2").await.unwrap().check().unwrap();
    let mut first = session.subscribe_live::<Item>(id).await.unwrap();
    assert_eq!(change(&mut first).await.id, Id::new("b"));
    let mut second = session.subscribe_live::<Value>(id).await.unwrap();
    session.query("UPDATE item:a SET number = 3").await.unwrap().check().unwrap();
    assert_eq!(change(&mut first).await.data.number, 3);
    let LiveEvent::Change(change) = next(&mut second).await else { panic!("no change") };
    assert_eq!((change.action, change.id.to_string()), (Action::Update, "item:a".to_owned()));
    drop(first);
    session.query("UPDATE item:a SET number = 4").await.unwrap().check().unwrap();
    assert!(matches!(next(&mut second).await, LiveEvent::Change(_)));
    assert_eq!(registered(&session).await, 1);
    drop(second);
    nothing_is_registered(&session).await;
    let mut late = session.subscribe_live::<Item>(id).await.unwrap();
    assert_eq!(end(&mut late).await, EndReason::KilledByServer);
}

#[tokio::test]
async fn dropped_registrations_leave_no_live_query() {
    let (db, session) = with_items().await;
    for polls in 0..100 {
        let stream = poll_times(polls, session.live::<Item>().into_future()).await;
        let completed = stream.is_some();
        drop(stream);
        db.ping().await.unwrap();
        nothing_is_registered(&session).await;
        if completed {
            return;
        }
    }
    panic!("never ready");
}

#[tokio::test]
async fn dropped_waits_lose_no_event() {
    let (_db, session) = with_items().await;
    let mut items = session.live::<Item>().await.unwrap();
    for number in 0..20 {
        session.create::<Item>().content(NewItem { number }).await.unwrap();
    }
    let mut numbers = Vec::new();
    while numbers.len() < 20 {
        // Polled once at most, and dropped; or polled until it is ready.
        match poll_times(1, items.next()).await {
            Some(Some(Ok(LiveEvent::Change(change)))) => numbers.push(change.data.number),
            Some(other) => panic!("{other:?}"),
            None => numbers.push(change(&mut items).await.data.number),
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    drop(items);
    nothing_is_registered(&session).await;
}

#[tokio::test]
async fn lost_connection_ends_the_stream() {
    let login = login().await;
    let proxy = Proxy::start(&login.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let root = Root::new(login.username, login.password);
    let place = unique("ns");
    let session = db.new_session().signin(root.clone()).use_ns(&place).use_db("test").await.unwrap();
    session.query("DEFINE TABLE item").await.unwrap().check().unwrap();
    let mut items = session.live::<Item>().await.unwrap();
    proxy.cut();
    assert_eq!(end(&mut items).await, EndReason::ConnectionLost);
    assert_eq!(session.live::<Item>().await.unwrap_err().kind(), ErrorKind::Disconnected);
    let elsewhere = connect().await.new_session().signin(root).use_ns(place).use_db("test").await.unwrap();
    nothing_is_registered(&elsewhere).await;
}

fn uuid(byte: u8) -> Cbor {
    Cbor::Tag(37, Box::new(Cbor::Bytes(vec![byte; 16])))
}

/// An event of a live query, made `nanos` after some second.
fn event_at(live: u8, action: &str, number: i64, nanos: u32) -> Cbor {
    let id = Cbor::Tag(8, Box::new(Cbor::Array(vec!["item".into(), "a".into()])));
    let record = Cbor::Map(vec![("id".into(), id.clone()), ("number".into(), number.into())]);
    let time = Cbor::Tag(12, Box::new(Cbor::Array(vec![1.into(), nanos.into()])));
    let result = vec![
        ("action".into(), action.into()),
        ("id".into(), uuid(live)),
        ("record".into(), id),
        ("result".into(), Cbor::Array(vec![time, record])),
        ("session".into(), Cbor::Null),
    ];
    Cbor::Map(vec![("result".into(), Cbor::Map(result))])
}

fn event(live: u8, action: &str, number: i64) -> Cbor {
    event_at(live, action, number, 0)
}

fn statement(result: Cbor) -> Cbor {
    Cbor::Map(vec![("status".into(), "OK".into()), ("time".into(), "1ms".into()), ("result".into(), result)])
}

/// The reply to the registration of the live query `live`.
fn registration(live: u8) -> Cbor {
    let who = Cbor::Map(vec![("identity".into(), Cbor::Array(vec![]))]);
    Cbor::Array(vec![statement(who), statement(Cbor::Array(vec![])), statement(uuid(live))])
}

#[tokio::test]
async fn events_before_the_reply_and_after_the_kill_are_put_where_they_belong() {
    let peer = Peer::start(async |mut conversation| {
        while let Some((id, method)) = conversation.request().await {
            if method == "query" {
                conversation.send(&event(1, "CREATE", 1)).await;
                conversation.send(&event(2, "CREATE", 7)).await;
                conversation.send(&event(1, "UPDATE", 2)).await;
                conversation.reply(id, registration(1)).await;
                conversation.send(&event(1, "UPDATE", 3)).await;
            } else {
                conversation.reply(id, Cbor::Null).await;
                conversation.send(&event(1, "UPDATE", 4)).await;
            }
        }
    })
    .await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let mut items = db.live::<Item>().await.unwrap();
    for (action, number) in [(Action::Create, 1), (Action::Update, 2), (Action::Update, 3)] {
        let change = change(&mut items).await;
        assert_eq!((change.action, change.data.number), (action, number));
    }
    db.kill(items.id()).await.unwrap();
    assert_eq!(end(&mut items).await, EndReason::Killed);
    db.ping().await.unwrap();
}

#[tokio::test]
async fn change_that_was_overtaken_is_left_out_and_told() {
    let peer = Peer::start(async |mut conversation| {
        let Some((id, _)) = conversation.request().await else { return };
        conversation.reply(id, registration(1)).await;
        for (number, nanos) in [(1, 100), (3, 300), (2, 200), (4, 400)] {
            conversation.send(&event_at(1, "UPDATE", number, nanos)).await;
        }
        conversation.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let mut items = db.live::<Item>().await.unwrap();
    assert_eq!((change(&mut items).await.data.number, change(&mut items).await.data.number), (1, 3));
    assert_eq!(next(&mut items).await, LiveEvent::Gap(Gap::Superseded { missed: 1 }));
    assert_eq!(change(&mut items).await.data.number, 4);
    assert_eq!((items.received(), items.missed()), (3, 1));
}

#[tokio::test]
async fn server_that_denies_the_functions_says_so_instead_of_staying_silent() {
    let server = surreal_session_embedded::Embedded::builder().deny_function("time::now").start().await.unwrap();
    let db = server.connect().await.unwrap();
    db.use_ns("test").use_db("test").await.unwrap();
    db.query("DEFINE TABLE item").await.unwrap().check().unwrap();
    let error = db.live::<Item>().await.unwrap_err();
    assert_eq!((error.kind(), error.statement()), (ErrorKind::NotAllowed, Some(1)), "{error:?}");
    assert!(error.to_string().contains("time::now"), "{error}");
    nothing_is_registered(&db).await;
    // Fact of the server (3.3.5): without asking, the events would just not come.
    let id: LiveId = db.query("LIVE SELECT VALUE time::now() FROM item").await.unwrap().take(0).unwrap();
    let mut times = db.subscribe_live::<Value>(id).await.unwrap();
    let id: LiveId = db.query("LIVE SELECT * FROM item").await.unwrap().take(0).unwrap();
    let mut items = db.subscribe_live::<Item>(id).await.unwrap();
    db.query("CREATE item:a SET number = 1").await.unwrap().check().unwrap();
    assert_eq!(change(&mut items).await.data.number, 1);
    assert!(poll_times(1, times.next()).await.is_none());
    server.shutdown().await;
}

#[tokio::test]
async fn malformed_events_are_errors_and_the_stream_goes_on() {
    let peer = Peer::start(async |mut conversation| {
        let Some((id, _)) = conversation.request().await else { return };
        conversation.reply(id, registration(1)).await;
        conversation.send(&event(1, "ERROR", 1)).await;
        conversation.send(&event(1, "CREATE", 2)).await;
        conversation.ignore().await;
    })
    .await;
    let db = Surreal::connect(peer.url()).await.unwrap();
    let mut items = db.live::<Item>().await.unwrap();
    assert_eq!(items.next().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(change(&mut items).await.data.number, 2);
}
