//! Writes to parts of missing objects, and content without a value for every field.

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::Assign;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Geo {
    lat: i64,
    lon: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Addr {
    city: String,
    zip: Option<String>,
    floor: i64,
    tags: Vec<String>,
    geo: Option<Geo>,
    since: Option<Datetime>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Cust {
    id: Id<Cust>,
    name: String,
    addr: Option<Addr>,
    lines: Vec<Addr>,
    nick: Option<String>,
    at: Option<Datetime>,
}

fn addr() -> Addr {
    Addr { city: "P".into(), zip: None, floor: 2, tags: vec!["a".into()], geo: None, since: None }
}

fn new(addr: Option<Addr>) -> NewCust {
    NewCust { name: "n".into(), addr, lines: vec![], nick: None, at: None }
}

/// Three customers: without an address, with NULL, and with one.
async fn customers() -> (Surreal, Session) {
    let (db, session) = place().await;
    let rows = [("none", new(None)), ("null", new(None)), ("some", new(Some(addr())))];
    session.insert(rows).await.unwrap();
    session.execute("UPDATE cust:null SET addr = NULL").await.unwrap();
    (db, session)
}

async fn addresses(session: &Session) -> Vec<Option<Addr>> {
    session.select::<Cust>().await.unwrap().into_iter().map(|cust| cust.addr).collect()
}

#[async_test]
async fn part_of_a_missing_object_is_not_written() {
    type Change = fn(Fields<Cust>) -> Assign<Cust>;

    let datetime: Datetime = "2024-01-01T00:00:00Z".parse().unwrap();
    let since = Addr { since: Some(datetime), ..addr() };
    let changes: [(Change, Addr); 9] = [
        (|c| c.addr.city.set("Q"), Addr { city: "Q".into(), ..addr() }),
        (|c| c.addr.zip.set("1"), Addr { zip: Some("1".into()), ..addr() }),
        (|c| c.addr.zip.unset(), addr()),
        (|c| c.addr.floor.add(1).into(), Addr { floor: 3, ..addr() }),
        (|c| c.addr.floor.sub(1).into(), Addr { floor: 1, ..addr() }),
        (|c| c.addr.floor.mul(5).into(), Addr { floor: 10, ..addr() }),
        (|c| c.addr.tags.push("b"), Addr { tags: vec!["a".into(), "b".into()], ..addr() }),
        (|c| c.addr.tags.remove("a"), Addr { tags: vec![], ..addr() }),
        (|c| c.addr.geo.lat.set(1), addr()),
    ];
    let (_db, session) = customers().await;
    for (change, expected) in changes {
        session.update::<Cust>().id("some").set(|c| c.addr.set(addr())).await.unwrap();
        let update = session.update::<Cust>().all().set(change);
        let surql = update.to_surql();
        update.await.unwrap();
        assert_eq!(addresses(&session).await, [None, None, Some(expected)], "{surql}");
    }
    session.update::<Cust>().all().set(|c| c.addr.since.set(datetime)).await.unwrap();
    assert_eq!(addresses(&session).await, [None, None, Some(since)]);
}

#[async_test]
async fn merge_into_a_missing_object_changes_nothing() {
    let (_db, session) = customers().await;
    let inner = || AddrPatch { zip: set(Some("1".into())), geo: merge(GeoPatch { lat: set(7), ..keep() }), ..keep() };
    let patch = || CustPatch { addr: merge(inner()), ..keep() };
    for key in ["none", "null"] {
        assert_eq!(session.update::<Cust>().id(key).merge(patch()).await.unwrap().addr, None);
    }
    let some = session.update::<Cust>().id("some").merge(patch()).await.unwrap();
    assert_eq!(some.addr, Some(Addr { zip: Some("1".into()), ..addr() }));
    let geo = Geo { lat: 1, lon: 2 };
    let with_geo = Addr { geo: Some(geo.clone()), ..addr() };
    session.update::<Cust>().id("some").set(|c| c.addr.set(with_geo)).await.unwrap();
    let some = session.update::<Cust>().id("some").merge(patch()).await.unwrap();
    assert_eq!(some.addr.unwrap().geo, Some(Geo { lat: 7, ..geo }));

    // The object existed when the difference was made, and has gone since.
    let before = session.select::<Cust>().id("some").one().await.unwrap();
    let mut after = before.clone();
    after.addr.as_mut().unwrap().city = "Q".into();
    session.update::<Cust>().id("some").set(|c| c.addr.unset()).await.unwrap();
    let patched = session.update::<Cust>().id("some").merge(CustPatch::diff(&before, &after)).await.unwrap();
    assert_eq!(patched.addr, None);
}

#[async_test]
async fn patch_of_a_part_of_a_missing_object_fails() {
    let (_db, session) = customers().await;
    for key in ["none", "null"] {
        let update = || session.update::<Cust>().id(key);
        let error = update().patch(|c| [PatchOp::replace(c.addr.city, "x")]).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Thrown, Delivery::Answered), "{error}");
        update().patch(|c| [PatchOp::replace(c.addr.geo.lat, 1)]).await.unwrap_err();
        update().patch(|c| [PatchOp::copy(c.name, c.addr.city)]).await.unwrap_err();
        update().patch(|c| [PatchOp::copy(c.addr.city, c.name)]).await.unwrap_err();
        update().patch(|c| [PatchOp::copy(c.nick, c.name)]).await.unwrap_err();
        update().patch(|c| [PatchOp::move_to(c.nick, c.name)]).await.unwrap_err();
        update().patch(|c| [PatchOp::replace(c.lines.at::<0>().city, "x")]).await.unwrap_err();
        update().patch(|c| [PatchOp::replace(c.lines.at::<0>(), addr())]).await.unwrap_err();
        update().patch(|c| [PatchOp::remove(c.addr.zip)]).await.unwrap();
    }
    assert_eq!(addresses(&session).await, [None, None, Some(addr())]);

    let update = || session.update::<Cust>().id("none");
    let gone = update().patch(|c| [PatchOp::remove(c.addr), PatchOp::replace(c.addr.city, "x")]).await.unwrap_err();
    assert_eq!((gone.kind(), gone.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent));
    let made = update().patch(|c| [PatchOp::add(c.addr, addr()), PatchOp::replace(c.addr.city, "x")]).await.unwrap();
    assert_eq!(made.addr.unwrap().city, "x");
    let line = update().patch(|c| [PatchOp::add(c.lines, vec![addr()])]).await;
    assert!(line.is_ok(), "{line:?}");
}

#[async_test]
async fn assigning_a_part_after_the_whole_is_refused() {
    let (_db, session) = customers().await;
    let update = || session.update::<Cust>().id("some");
    for error in [
        update().set(|c| (c.addr.unset(), c.addr.zip.set("1"))).await.unwrap_err(),
        update().set(|c| (c.addr.set(None::<Addr>), c.addr.floor.add(1))).await.unwrap_err(),
        update().set(|c| (c.addr.set(addr()), c.addr.geo.lat.set(1))).await.unwrap_err(),
        update().set(|c| (c.addr.floor.add(1), c.addr.floor.add(1))).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error}");
    }
    let whole =
        session.update::<Cust>().id("none").set(|c| (c.addr.set(addr()), c.addr.floor.add(1), c.addr.zip.set("1")));
    assert_eq!(whole.await.unwrap().addr, Some(Addr { zip: Some("1".into()), floor: 3, ..addr() }));
    let both = update().set(|c| (c.addr.zip.set("1"), c.addr.floor.add(1), c.name.set("x"))).await.unwrap();
    assert_eq!(both.addr, Some(Addr { zip: Some("1".into()), floor: 3, ..addr() }));
}

#[async_test]
async fn add_leaves_a_missing_datetime_missing() {
    let (_db, session) = customers().await;
    let hour = std::time::Duration::from_hours(1);
    let later = || session.update::<Cust>().id("some").set(|c| c.at.add(hour));
    assert_eq!(later().await.unwrap().at, None);
    let datetime: Datetime = "2024-01-01T00:00:00Z".parse().unwrap();
    session.update::<Cust>().id("some").set(|c| c.at.set(datetime)).await.unwrap();
    assert_eq!(later().await.unwrap().at, Some("2024-01-01T01:00:00Z".parse().unwrap()));
}

#[async_test]
async fn on_duplicate_leaves_a_missing_object_missing() {
    let (_db, session) = customers().await;
    let rows = ["none", "null", "some", "new"].map(|key| (key, new(None)));
    let changed = session.insert(rows).on_duplicate(|c| (c.addr.city.set("D"), c.addr.floor.add(5))).await.unwrap();
    let expected = Addr { city: "D".into(), floor: 7, ..addr() };
    assert_eq!(changed.into_iter().map(|cust| cust.addr).collect::<Vec<_>>(), [None, None, Some(expected), None]);
    session.select::<Cust>().await.unwrap();
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Plan {
    id: Id<Plan>,
    name: String,
    #[record(default)]
    plan: String,
    #[record(readonly)]
    made: i64,
    #[serde(skip_serializing)]
    seen: i64,
}

#[async_test]
async fn content_keeps_fields_that_it_has_no_value_for() {
    for schema in [
        "DEFINE FIELD plan ON plan DEFAULT 'free'; DEFINE FIELD made ON plan DEFAULT 7; DEFINE FIELD seen ON plan DEFAULT 9",
        "DEFINE FIELD plan ON plan TYPE string DEFAULT 'free'; DEFINE FIELD made ON plan TYPE int VALUE $before.made ?? 7 \
         READONLY; DEFINE FIELD seen ON plan COMPUTED 9",
    ] {
        let (_db, session) = place().await;
        session.execute(Surql::dynamic(format!("DEFINE TABLE plan; {schema}"))).await.unwrap();
        let new = |plan: Option<&str>| NewPlan { name: "n".into(), plan: plan.map(str::to_owned) };
        let expected = |plan: &str| Plan { id: Id::new("a"), name: "n".into(), plan: plan.into(), made: 7, seen: 9 };
        let upsert = || session.upsert::<Plan>().id("a");
        let update = || session.update::<Plan>().id("a");
        assert_eq!(upsert().content(new(None)).await.unwrap(), expected("free"));
        assert_eq!(update().content(new(Some("gold"))).await.unwrap(), expected("gold"));
        assert_eq!(update().content(new(None)).await.unwrap(), expected("gold"));
        assert_eq!(upsert().content(new(None)).await.unwrap(), expected("gold"));
        assert_eq!(update().replace(new(None)).await.unwrap(), expected("gold"));
        assert_eq!(session.update::<Plan>().all().content(new(None)).await.unwrap(), [expected("gold")]);
        session.execute("UPDATE plan SET other = 1").await.unwrap();
        update().content(new(None)).await.unwrap();
        let other: Option<i64> = session.query("RETURN plan:a.other").await.unwrap().take(0).unwrap();
        assert_eq!(other, None);
    }
}
