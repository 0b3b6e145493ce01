//! Flattened fields in patches and in new records.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Alpha { a: u8 },
    Beta { b: u8 },
    Unit,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Event {
    id: Id<Event>,
    name: String,
    #[serde(flatten)]
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    Mail { mail: String },
    Phone { phone: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Contact {
    id: Id<Contact>,
    #[serde(flatten)]
    way: Tagged,
}

fn refused<T: std::fmt::Debug>(result: surreal_session::Result<T>, name: &str) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Encode, Delivery::NotSent), "{error}");
    assert!(error.to_string().contains(name), "{error}");
}

#[async_test]
async fn flattened_enum_is_changed_by_difference_and_refused_in_set() {
    let (_db, session) = place().await;
    let kinds = [Kind::Alpha { a: 1 }, Kind::Alpha { a: 2 }, Kind::Beta { b: 1 }, Kind::Unit, Kind::Beta { b: 3 }];
    let new = NewEvent { name: "n".into(), kind: kinds[0].clone() };
    let mut event = session.create::<Event>().id("a").content(new).await.unwrap();
    refused(
        session.update::<Event>().id("a").merge(EventPatch { kind: set(Kind::Beta { b: 1 }), ..keep() }).await,
        "`kind`",
    );
    for kind in kinds {
        let after = Event { kind, ..event.clone() };
        let update = session.update::<Event>().id("a").merge(EventPatch::diff(&event, &after));
        let surql = update.to_surql();
        assert_eq!(update.await.unwrap(), after, "{surql}");
        event = after;
    }

    let ways =
        [Tagged::Mail { mail: "m".into() }, Tagged::Phone { phone: "1".into() }, Tagged::Mail { mail: "n".into() }];
    let mut contact = session.create::<Contact>().id("a").content(NewContact { way: ways[0].clone() }).await.unwrap();
    for way in ways {
        let after = Contact { way, ..contact.clone() };
        let patch = ContactPatch::diff(&contact, &after);
        assert_eq!(session.update::<Contact>().id("a").merge(patch).await.unwrap(), after);
        contact = after;
    }
    let stored: Value = session.query("RETURN object::keys(contact:a.*)").await.unwrap().take(0).unwrap();
    assert_eq!(stored.to_string(), "['id', 'mail', 'type']");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Geo {
    lat: i64,
    lon: i64,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Outer {
    a: u8,
    #[serde(flatten)]
    geo: Option<Geo>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Spot {
    id: Id<Spot>,
    name: String,
    #[serde(flatten)]
    geo: Option<Geo>,
    outer: Outer,
    maybe: Option<Outer>,
}

fn geo(lat: i64) -> Geo {
    Geo { lat, lon: 2, note: None }
}

#[async_test]
async fn flattened_option_is_added_changed_and_removed() {
    let (_db, session) = place().await;
    let outer = |geo| Outer { a: 1, geo };
    let new = NewSpot { name: "n".into(), geo: None, outer: outer(None), maybe: None };
    let mut spot = session.create::<Spot>().id("a").content(new).await.unwrap();
    for part in [Some(geo(1)), Some(geo(3)), None, Some(Geo { note: Some("x".into()), ..geo(4) }), Some(geo(4)), None] {
        let after = Spot { geo: part.clone(), outer: outer(part.clone()), maybe: Some(outer(part)), ..spot.clone() };
        let update = session.update::<Spot>().id("a").merge(SpotPatch::diff(&spot, &after));
        let surql = update.to_surql();
        assert_eq!(update.await.unwrap(), after, "{surql}");
        let nested = SpotPatch { outer: merge(OuterPatch::diff(&after.outer, &spot.outer)), ..keep() };
        let back = session.update::<Spot>().id("a").merge(nested).await.unwrap();
        assert_eq!(back, Spot { outer: spot.outer.clone(), ..after.clone() });
        session.update::<Spot>().id("a").merge(SpotPatch::diff(&back, &after)).await.unwrap();
        spot = after;
    }

    // The whole object.
    let update = || session.update::<Spot>().id("a");
    let with_note = Geo { note: Some("x".into()), ..geo(5) };
    for part in [Some(with_note), Some(geo(6)), None] {
        let patch = SpotPatch { geo: set(part.clone()), ..keep() };
        assert_eq!(update().merge(patch).await.unwrap().geo, part);
    }
    // A part of a missing object.
    let part = || SpotPatch { geo: merge(GeoPatch { lat: set(9), ..keep() }), ..keep() };
    assert_eq!(update().merge(part()).await.unwrap().geo, None);
    assert_eq!(update().set(|s| s.geo.lat.set(9)).await.unwrap().geo, None);
    let stored: Option<i64> = session.query("RETURN spot:a.lat").await.unwrap().take(0).unwrap();
    assert_eq!(stored, None);
    update().merge(SpotPatch { geo: set(Some(geo(6))), ..keep() }).await.unwrap();
    assert_eq!(update().merge(part()).await.unwrap().geo, Some(geo(9)));
    assert_eq!(update().set(|s| s.geo.lat.set(8)).await.unwrap().geo, Some(geo(8)));
    assert_eq!(update().merge(SpotPatch { geo: unset(), ..keep() }).await.unwrap().geo, None);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    role: String,
    #[record(default)]
    plan: String,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Edge {
    id: Id<Edge>,
    r#in: Id<User>,
    out: Id<User>,
    #[serde(flatten)]
    extra: HashMap<String, Value>,
}

fn extra(name: &str) -> BTreeMap<String, Value> {
    BTreeMap::from([(name.to_owned(), Value::from("evil"))])
}

#[async_test]
async fn flattened_map_with_the_name_of_a_field_is_refused() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE user; DEFINE TABLE edge TYPE RELATION").await.unwrap();
    let new = |name: &str| NewUser { role: "user".into(), plan: Some("free".into()), extra: extra(name) };
    for name in ["id", "role", "plan"] {
        let left_out = NewUser { plan: None, ..new(name) };
        refused(session.create::<User>().content(new(name)).await, name);
        refused(session.create::<User>().content(left_out.clone()).await, name);
        refused(session.create::<User>().id("a").content(left_out).await, name);
        refused(session.insert(vec![new(name)]).await, name);
        refused(session.insert(vec![("c", new(name))]).await, name);
        refused(session.upsert::<User>().id("a").content(new(name)).await, name);
        refused(session.update::<User>().all().replace(new(name)).await, name);
        refused(session.update::<User>().id("a").merge(UserPatch { extra: set(extra(name)), ..keep() }).await, name);
        let patch = UserPatch { role: set("user".into()), extra: set(extra(name)), ..keep() };
        refused(session.update::<User>().id("a").merge(patch).await, name);
    }
    assert_eq!(session.select::<User>().count().await.unwrap(), 0);
    let [a, b] = ["a", "b"].map(Id::<User>::new);
    for name in ["in", "out", "id"] {
        let edge = NewEdge { r#in: a.clone(), out: b.clone(), extra: extra(name).into_iter().collect() };
        refused(session.relate(edge.clone()).await, name);
        refused(session.relate(edge.clone()).id("x").await, name);
        refused(session.insert(vec![edge]).relation().await, name);
    }

    let user = session.create::<User>().id("a").content(new("other")).await.unwrap();
    assert_eq!(user.extra, extra("other"));
    let more = session.update::<User>().id("a").merge(UserPatch { extra: set(extra("more")), ..keep() }).await.unwrap();
    assert_eq!(more.extra.keys().collect::<Vec<_>>(), ["more", "other"]);
    refused(session.update::<User>().id("a").merge(UserPatch { extra: set(BTreeMap::new()), ..keep() }).await, "extra");
    let fewer = UserPatch::diff(&more, &User { extra: extra("more"), ..more.clone() });
    assert_eq!(session.update::<User>().id("a").merge(fewer).await.unwrap().extra, extra("more"));
}

#[async_test]
async fn duplicate_key_is_an_error_that_names_it() {
    #[derive(Debug, Clone, Serialize)]
    struct Two {
        #[serde(flatten)]
        one: BTreeMap<String, i64>,
        #[serde(flatten)]
        other: BTreeMap<String, i64>,
    }

    #[derive(Debug, Clone, Serialize)]
    #[serde(tag = "kind")]
    enum Twice {
        A(Inner),
    }

    #[derive(Debug, Clone, Serialize)]
    struct Inner {
        kind: String,
    }

    let (_db, session) = place().await;
    let many: BTreeMap<String, i64> = (0..40).map(|n| (format!("key{n}"), n)).collect();
    let last = BTreeMap::from([("key39".to_owned(), 1)]);
    let two = Two { one: many.clone(), other: last };
    refused(session.query("RETURN $a").bind("a", &two).await, "`key39`");
    refused(session.untyped().create(Table::new("t")).content(&two).await, "`key39`");
    let few = Two { one: BTreeMap::from([("a".into(), 1)]), other: BTreeMap::from([("a".into(), 1)]) };
    refused(session.query("RETURN $a").bind("a", &few).await, "`a`");
    refused(session.query("RETURN $a").bind("a", Twice::A(Inner { kind: "B".into() })).await, "`kind`");
    let fine = Two { one: many, other: BTreeMap::from([("key".into(), 1), ("key3".into(), 2)]) };
    refused(session.query("RETURN $a").bind("a", &fine).await, "`key3`");
    let fine = Two { other: BTreeMap::from([("key".into(), 1), ("k".into(), 2)]), ..fine };
    let keys: usize = session.query("RETURN object::len($a)").bind("a", &fine).await.unwrap().take(0).unwrap();
    assert_eq!(keys, 42);
}
