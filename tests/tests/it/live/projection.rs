//! The data of the events: records, views, links, values.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, login};

use super::{Item, NewItem, next_change, nothing_is_registered, registered, with_items};

#[derive(Debug, PartialEq, Deserialize, View)]
#[record(of = Item)]
struct Number {
    number: i64,
}

#[async_test(not_send)]
async fn view_contains_its_fields_and_the_id() {
    let (_db, session) = with_items().await;
    let mut numbers = session.live::<Item>().view::<Number>().await.unwrap();
    session.create::<Item>().id("a").content(NewItem { number: 1 }).await.unwrap();
    let change = next_change(&mut numbers).await;
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

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation, table = "goes `into` ⟨it⟩")]
struct GoesInto {
    id: Id<GoesInto, (String, i64)>,
    r#in: Id<Part>,
    out: Id<Item>,
    #[serde(rename = "how many, `exactly`")]
    count: i64,
    #[record(readonly)]
    double: i64,
}

#[async_test]
async fn edges_with_any_name_and_computed_fields_are_followed_like_records() {
    let (_db, session) = with_parts().await;
    let schema = r"DEFINE TABLE `goes \`into\` ⟨it⟩` TYPE RELATION IN part OUT item;
        DEFINE FIELD double ON `goes \`into\` ⟨it⟩` COMPUTED `how many, \`exactly\`` * 2";
    session.execute(schema).await.unwrap();
    let edge = |count| NewGoesInto { r#in: part("a"), out: Id::new("x"), count };
    session.relate(edge(1)).id(("a".to_owned(), 1)).await.unwrap();
    let (edges, mut changes) = session.live::<GoesInto>().filter(|g| g.count.gt(0)).snapshot().await.unwrap();
    assert_eq!(edges.iter().map(|edge| edge.double).collect::<Vec<_>>(), [2]);
    let (mut board, mut differences) =
        session.live::<GoesInto>().id(("a".to_owned(), 1)).diff().snapshot().await.unwrap();
    assert_eq!(board, edges);

    let patch = GoesIntoPatch { count: set(5) };
    let five = session.update::<GoesInto>().id(("a".to_owned(), 1)).merge(patch).await.unwrap();
    let change = next_change(&mut changes).await;
    assert_eq!((change.id, change.data), (five.id.clone(), five.clone()));
    let change = next_change(&mut differences).await;
    board[0].apply(&change.data).unwrap();
    assert_eq!(board, [five]);

    let made = session.insert(vec![(("b".to_owned(), 2), edge(3))]).relation().await.unwrap();
    let change = next_change(&mut changes).await;
    assert_eq!((change.action, [change.data]), (Action::Create, [made[0].clone()]));
    // The edges go with the record that they come from.
    session.execute("DELETE part:a").await.unwrap();
    let mut gone = Vec::new();
    for _ in 0..2 {
        let change = next_change(&mut changes).await;
        assert_eq!(change.action, Action::Delete);
        gone.push(change.id.key().1);
    }
    gone.sort_unstable();
    assert_eq!(gone, [1, 2]);
    let change = next_change(&mut differences).await;
    assert_eq!((change.action, change.data[0].path()), (Action::Delete, ""));
}

async fn with_parts() -> (Surreal, Session) {
    let (db, session) = with_items().await;
    session.execute("CREATE part:a SET name = 'axle'; CREATE part:b SET name = 'bolt'").await.unwrap();
    (db, session)
}

fn part(key: &str) -> Id<Part> {
    Id::new(key)
}

fn whole(key: &str, name: &str) -> Link<Part> {
    Link::Record(Part { id: part(key), name: name.into() })
}

#[async_test(not_send)]
async fn linked_records_come_beside_each_change() {
    let (_db, session) = with_parts().await;
    let mut items = session.live::<Assembly>().fetch(|a| (a.main, a.parts)).await.unwrap();
    let first = NewAssembly { main: Some(part("a")), parts: vec![part("b"), part("gone")] };
    let created = session.create::<Assembly>().id("x").content(first).await.unwrap();
    let change = next_change(&mut items).await;
    assert_eq!((change.action, &change.id), (Action::Create, &created.id));
    let parts = vec![whole("b", "bolt"), Link::Dangling(part("gone"))];
    assert_eq!(change.data, (created.clone(), Some(whole("a", "axle")), parts));

    // A change of a linked record is no event, and visible in the next one.
    session.execute("UPDATE part:a SET name = 'axis'").await.unwrap();
    let patch = AssemblyPatch { parts: set(vec![]), ..keep() };
    let updated = session.update::<Assembly>().id("x").merge(patch).await.unwrap();
    let change = next_change(&mut items).await;
    assert_eq!((change.action, change.data), (Action::Update, (updated, Some(whole("a", "axis")), vec![])));
    let updated = session.update::<Assembly>().id("x").set(|a| a.main.unset()).await.unwrap();
    let change = next_change(&mut items).await;
    assert_eq!(change.data, (updated.clone(), None, vec![]));
    session.delete::<Assembly>().id("x").await.unwrap();
    let change = next_change(&mut items).await;
    assert_eq!((change.action, change.data), (Action::Delete, (updated, None, vec![])));
    drop(items);
    nothing_is_registered(&session).await;
}

#[async_test(not_send)]
async fn snapshots_of_views_and_links_repeat_no_change() {
    let (_db, session) = with_parts().await;
    let text = r"CREATE item:x SET parts = []; CREATE item:y SET parts = [part:b], `main \`part\`` = part:a";
    session.execute(text).await.unwrap();
    let (views, mut view) = session.live::<Assembly>().view::<Overview>().snapshot().await.unwrap();
    let named = Overview { name: Some("axle".into()), main: Some(whole("a", "axle")) };
    assert_eq!(views, [Overview { name: None, main: None }, named]);
    let (pairs, mut pair) = session.live::<Assembly>().fetch(|a| a.main).snapshot().await.unwrap();
    let mains: Vec<_> = pairs.iter().map(|(item, main)| (item.id.key().as_str(), main.clone())).collect();
    assert_eq!(mains, [("x", None), ("y", Some(whole("a", "axle")))]);
    // Written again without a change: the server sends no event.
    session.execute("UPDATE item SET parts = parts; UPDATE item:x SET parts = [part:b]").await.unwrap();
    // Its view is unchanged, and is not reported again.
    session.execute(r"UPDATE item:y SET `main \`part\`` = part:b").await.unwrap();
    let change = next_change(&mut view).await;
    assert_eq!((change.id.key().as_str(), change.data.name.as_deref()), ("y", Some("bolt")));
    for (key, expected) in [("x", None), ("y", Some(whole("b", "bolt")))] {
        let change = next_change(&mut pair).await;
        assert_eq!((change.id.key().as_str(), change.data.1), (key, expected));
    }
    drop((view, pair));
    nothing_is_registered(&session).await;
}

#[async_test]
async fn untyped_live_query_yields_values_on_connection_and_session() {
    let (db, session) = with_items().await;
    let login = login().await;
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    db.use_ns(session.namespace().unwrap()).use_db("test").await.unwrap();
    let mut of_session = session.untyped().live(Table::new("item")).await.unwrap();
    let mut of_connection = db.untyped().live(Table::new("item")).await.unwrap();
    session.execute("CREATE item:a SET number = 1, extra = true").await.unwrap();
    for stream in [&mut of_session, &mut of_connection] {
        let change = next_change(stream).await;
        assert_eq!((change.action, change.id), (Action::Create, RecordId::new("item", "a")));
        assert_eq!(change.data.to_string(), "{ extra: true, id: item:a, number: 1 }");
    }
    assert_eq!(registered(&session).await, 2);
    db.kill(of_connection.id()).await.unwrap();
    of_session.kill().await.unwrap();
    assert_eq!(registered(&session).await, 0);
}
