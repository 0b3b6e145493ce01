//! Every type of value in every position of a stored object, typed and as a `Value`.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::value::{Bytes, Decimal, Duration, File, Geometry, Range, Set, Uuid};
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Positions<T> {
    field: T,
    some: Option<T>,
    list: Vec<T>,
    queue: VecDeque<Option<T>>,
    map: BTreeMap<String, T>,
    pair: (T, Vec<T>),
    array: [T; 2],
    boxed: Box<T>,
    newtype: Newtype<T>,
    external: [External<T>; 3],
    internal: Internal<T>,
    adjacent: [Adjacent<T>; 3],
    untagged: [Untagged<T>; 2],
    #[serde(flatten)]
    flattened: Flattened<T>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Newtype<T>(T);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flattened<T> {
    inner: T,
    inner_list: Vec<T>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum External<T> {
    Newtype(T),
    Tuple(T, i64),
    Struct { value: T },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Internal<T> {
    Struct { value: T },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "content")]
enum Adjacent<T> {
    Newtype(T),
    Tuple(T, i64),
    Struct { value: T },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged<T> {
    Struct { value: T },
    Tuple(T, i64),
}

impl<T: Clone> Positions<T> {
    fn of(value: &T) -> Self {
        let value = || value.clone();
        Self {
            field: value(),
            some: Some(value()),
            list: vec![value(), value()],
            queue: VecDeque::from([Some(value())]),
            map: BTreeMap::from([("a".to_owned(), value()), (String::new(), value())]),
            pair: (value(), vec![]),
            array: [value(), value()],
            boxed: Box::new(value()),
            newtype: Newtype(value()),
            external: [External::Newtype(value()), External::Tuple(value(), 1), External::Struct { value: value() }],
            internal: Internal::Struct { value: value() },
            adjacent: [Adjacent::Newtype(value()), Adjacent::Tuple(value(), 1), Adjacent::Struct { value: value() }],
            untagged: [Untagged::Struct { value: value() }, Untagged::Tuple(value(), 1)],
            flattened: Flattened { inner: value(), inner_list: vec![value()] },
        }
    }
}

/// Stores a value in every position, reads it typed and as a `Value`, and stores the `Value` again.
async fn check<T>(session: &Session, value: T)
where
    T: Debug + Clone + PartialEq + Serialize + DeserializeOwned,
{
    let sent = Positions::of(&value);
    let written = session.query("CREATE ONLY p:1 CONTENT $v; DELETE p:1").bind("v", &sent).await.unwrap();
    let written = written.check().unwrap();
    assert_eq!(written.take::<Positions<T>>(0).unwrap(), sent);
    let any: Value = written.take(0).unwrap();
    let again = session.query("CREATE ONLY p:1 CONTENT $v; DELETE p:1").bind("v", &any).await.unwrap();
    assert_eq!(again.take::<Value>(0).unwrap(), any);
    assert_eq!(again.take::<Positions<T>>(0).unwrap(), sent);
}

#[surreal_session_embedded::test]
async fn every_type_keeps_its_value_in_every_position(session: Session) {
    check(&session, true).await;
    check(&session, -7_i64).await;
    check(&session, 1.5_f64).await;
    check(&session, "text".to_owned()).await;
    check(&session, 'c').await;
    check(&session, "1.50".parse::<Decimal>().unwrap()).await;
    check(&session, Bytes::new([0, 255])).await;
    check(&session, "2024-01-01T00:00:00.5Z".parse::<Datetime>().unwrap()).await;
    check(&session, "1h30m".parse::<Duration>().unwrap()).await;
    check(&session, Uuid::new_v4()).await;
    check(&session, Table::new("user")).await;
    check(&session, RecordId::new("user", 1)).await;
    check(&session, RecordId::new("table", vec![Value::from(1), Uuid::new_v4().into()])).await;
    check(&session, Set::from(vec![1, 2])).await;
    check(&session, Range::from(1..5)).await;
    check(&session, Geometry::Collection(vec![Geometry::Point([1.0, 2.0])])).await;
    check(&session, File::new("bucket", "/key")).await;
}

#[surreal_session_embedded::test]
async fn foreign_types_and_keys_keep_their_value_in_every_position(session: Session) {
    check(&session, "127.0.0.1".parse::<IpAddr>().unwrap()).await;
    check(&session, "::1".parse::<IpAddr>().unwrap()).await;
    check(&session, "[::1]:80".parse::<SocketAddr>().unwrap()).await;
    check(&session, BTreeMap::from([("127.0.0.1".parse::<IpAddr>().unwrap(), Uuid::new_v4())])).await;
    check(&session, BTreeMap::from([(Uuid::new_v4(), 1), (Uuid::new_v4(), 2)])).await;
    check(&session, BTreeMap::from([(RecordId::new("user", 1), 1), (RecordId::new("user", "1"), 2)])).await;
    check(&session, BTreeMap::from([("2024-01-01T00:00:00Z".parse::<Datetime>().unwrap(), 1)])).await;
    check(&session, BTreeMap::from([('c', 1)])).await;
    check(&session, serde_json::json!({ "n": [1, 1.5, "x", true, null], "o": {} })).await;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Ledger {
    id: Id<Ledger>,
    years: BTreeMap<i64, i64>,
    flags: BTreeMap<bool, String>,
    owners: BTreeMap<Id<Ledger>, i64>,
    more: Vec<BTreeMap<u8, i64>>,
}

#[surreal_session_embedded::test]
async fn maps_with_non_text_keys_come_back_equal(session: Session) {
    let new = NewLedger {
        years: BTreeMap::from([(-1, 1), (2024, 2)]),
        flags: BTreeMap::from([(true, "yes".to_owned()), (false, "no".to_owned())]),
        owners: BTreeMap::from([(Id::new("a"), 1), (Id::new("1"), 2)]),
        more: vec![BTreeMap::from([(255, 1)])],
    };
    let written = session.create::<Ledger>().id("l").content(new.clone()).await.unwrap();
    assert_eq!(session.select::<Ledger>().id("l").one().await.unwrap(), written);
    assert_eq!((written.years, written.flags), (new.years, new.flags));
    assert_eq!((written.owners, written.more), (new.owners, new.more));
    let keys: Vec<String> = session.query("RETURN object::keys(ledger:l.years)").await.unwrap().take(0).unwrap();
    assert_eq!(keys, ["-1", "2024"]);
}

#[async_test]
async fn special_type_read_as_json_is_an_error_not_an_object() {
    #[derive(Debug, Serialize, Deserialize, Record)]
    struct Note {
        id: Id<Note>,
        meta: serde_json::Value,
    }
    let (_db, session) = place().await;
    let text = "CREATE note:a SET meta = { by: person:ada, at: d'2024-01-01T00:00:00Z', list: [u'00000000-0000-0000-0000-000000000001'] }";
    let response = session.query(text).await.unwrap();
    let error = session.select::<Note>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    assert!(error.to_string().contains("note:a.meta.at: found a datetime"), "{error}");
    assert_eq!(response.take::<serde_json::Value>(0).unwrap_err().kind(), ErrorKind::Decode);
    let json = serde_json::to_value(response.take::<Vec<Value>>(0).unwrap()).unwrap();
    let meta = serde_json::json!({
        "by": "person:ada", "at": "2024-01-01T00:00:00Z", "list": ["00000000-0000-0000-0000-000000000001"]
    });
    assert_eq!(json[0]["meta"], meta);
    let meta = serde_json::json!({ "n": 1.5 });
    let note = session.create::<Note>().id("b").content(NewNote { meta: meta.clone() }).await.unwrap();
    assert_eq!(note.meta, meta);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Node {
    value: i64,
    left: Option<Box<Node>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct City {
    name: String,
    zip: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Forest {
    id: Id<Forest>,
    root: Node,
    city: Box<City>,
    shared: Option<Box<City>>,
}

#[surreal_session_embedded::test]
async fn objects_behind_pointers_have_paths_and_patches(session: Session) {
    let leaf = Node { value: 3, left: None };
    let root = Node { value: 1, left: Some(Box::new(Node { value: 2, left: Some(Box::new(leaf)) })) };
    let city = City { name: "Bonn".to_owned(), zip: None };
    let new = NewForest { root, city: Box::new(city.clone()), shared: Some(Box::new(city)) };
    let before = session.create::<Forest>().id("f").content(new).await.unwrap();

    let found = session.select::<Forest>().filter(|f| f.root.left.left.value.eq(3) & f.city.name.eq("Bonn")).await;
    assert_eq!(found.unwrap(), std::slice::from_ref(&before));
    let patch = ForestPatch { city: merge(CityPatch { name: set("Ulm".to_owned()), ..keep() }), ..keep() };
    let after = session.update::<Forest>().id("f").merge(patch).await.unwrap();
    assert_eq!((after.city.name.as_str(), after.root == before.root), ("Ulm", true));

    let mut wanted = after.clone();
    wanted.root.left.as_mut().unwrap().left.as_mut().unwrap().value = 4;
    let patched = session.update::<Forest>().id("f").merge(ForestPatch::diff(&after, &wanted)).await.unwrap();
    assert_eq!(patched, wanted);
}
