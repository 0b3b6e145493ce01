//! Models of the derives on the server: defaults, paths, patches, keys, links and views.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::value::Uuid;
use surreal_session_tests::{async_test, place};

/// Stores a time as whole seconds.
mod seconds {
    use super::{Deserialize, Duration, SystemTime, UNIX_EPOCH};

    pub(super) fn serialize<S: serde::Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        let since = time.duration_since(UNIX_EPOCH).map_err(serde::ser::Error::custom)?;
        serializer.serialize_u64(since.as_secs())
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        Ok(at(u64::deserialize(deserializer)?))
    }

    pub(super) fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    street: String,
    #[serde(rename = "the `city`")]
    city: String,
    geo: Option<Geo>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Geo {
    lat: f64,
    lon: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Contact {
    mail: String,
    phone: Option<String>,
}

#[derive(Debug, Clone, PartialEq, LinkTo)]
enum Owner {
    User(Id<User>),
    Device(Id<Device, Uuid>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    address: Address,
    #[serde(flatten)]
    contact: Contact,
    #[serde(with = "seconds")]
    born: SystemTime,
    #[serde(with = "seconds")]
    joined: SystemTime,
    #[record(default)]
    level: u8,
    #[serde(with = "seconds")]
    #[record(default)]
    seen: SystemTime,
    nickname: Option<String>,
    settings: BTreeMap<String, u8>,
    #[record(readonly)]
    created_at: Datetime,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Device {
    id: Id<Device, Uuid>,
    owner: Option<Owner>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Spot {
    room: String,
    #[serde(rename = "the `no`")]
    number: u32,
    at: (Datetime, bool),
    by: Id<Device, Uuid>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, Spot>,
    value: f64,
}

fn ada() -> NewUser {
    NewUser {
        name: "Ada".into(),
        address: Address { street: "Main St".into(), city: "London".into(), geo: None },
        contact: Contact { mail: "ada@example.com".into(), phone: None },
        born: seconds::at(10),
        joined: seconds::at(20),
        level: None,
        seen: None,
        nickname: None,
        settings: BTreeMap::from([("a b".into(), 1), ("c".into(), 2)]),
    }
}

async fn with_users() -> (Surreal, Session) {
    let (db, session) = place().await;
    let schema = "DEFINE TABLE user; DEFINE TABLE device;
        DEFINE FIELD created_at ON user TYPE datetime READONLY DEFAULT time::now();
        DEFINE FIELD level ON user TYPE int DEFAULT 7;
        DEFINE FIELD seen ON user TYPE int DEFAULT 99;
        DEFINE FIELD nickname ON user TYPE option<string> DEFAULT 'nick'";
    session.execute(schema).await.unwrap();
    (db, session)
}

#[async_test]
async fn omitted_fields_get_their_default() {
    let (_db, session) = with_users().await;
    let left_out = session.create::<User>().content(ada()).await.unwrap();
    assert_eq!((left_out.level, left_out.seen), (7, seconds::at(99)));
    // An optional field needs no attribute for that.
    assert_eq!(left_out.nickname.as_deref(), Some("nick"));
    let given = NewUser { level: Some(0), seen: Some(seconds::at(5)), nickname: Some("a".into()), ..ada() };
    let given = session.create::<User>().content(given).await.unwrap();
    assert_eq!((given.level, given.seen, given.nickname.as_deref()), (0, seconds::at(5), Some("a")));
}

#[async_test]
async fn conditions_on_adapted_fields_use_the_stored_form() {
    let (_db, session) = with_users().await;
    let user = session.create::<User>().id("ada").content(ada()).await.unwrap();
    assert_eq!((user.born, user.joined), (seconds::at(10), seconds::at(20)));
    let count = |select: surreal_session::query::Select<User>| async move { select.count().await.unwrap() };
    assert_eq!(count(session.select::<User>().filter(|u| u.born.eq(seconds::at(10)))).await, 1);
    assert_eq!(count(session.select::<User>().filter(|u| u.born.eq(seconds::at(11)))).await, 0);
    assert_eq!(count(session.select::<User>().filter(|u| u.born.eq(u.joined))).await, 0);
    let patch = UserPatch { joined: set(seconds::at(10)), ..keep() };
    assert_eq!(session.update::<User>().id("ada").merge(patch).await.unwrap().joined, seconds::at(10));
    assert_eq!(count(session.select::<User>().filter(|u| u.born.eq(u.joined))).await, 1);
    let stored: i64 = session.query("RETURN user:ada.joined").await.unwrap().take(0).unwrap();
    assert_eq!(stored, 10);
}

#[async_test]
async fn paths_reach_nested_and_flattened_objects() {
    let (_db, session) = with_users().await;
    let geo = Geo { lat: 51.5, lon: 0.0 };
    let at_home = Address { geo: Some(geo), ..ada().address };
    session.create::<User>().id("ada").content(NewUser { address: at_home, ..ada() }).await.unwrap();
    session.create::<User>().id("bob").content(ada()).await.unwrap();
    for (select, expected) in [
        (session.select::<User>().filter(|u| u.address.city.eq("London")), 2),
        (session.select::<User>().filter(|u| u.address.geo.lat.gt(51.0)), 1),
        (session.select::<User>().filter(|u| u.address.geo.is_none()), 1),
        (session.select::<User>().filter(|u| u.contact.mail.ends_with("example.com")), 2),
        (session.select::<User>().filter(|u| u.contact.phone.is_some()), 0),
    ] {
        let surql = select.to_surql();
        assert_eq!(select.count().await.unwrap(), expected, "{surql}");
    }
}

#[async_test]
async fn patch_changes_a_leaf_and_keeps_the_rest() {
    let (_db, session) = with_users().await;
    let before = session.create::<User>().id("ada").content(ada()).await.unwrap();
    let patch = UserPatch {
        address: merge(AddressPatch {
            city: set("Paris".into()),
            geo: set(Some(Geo { lat: 1.0, lon: 2.0 })),
            ..keep()
        }),
        contact: merge(ContactPatch { phone: set(Some("1".into())), ..keep() }),
        nickname: unset(),
        ..keep()
    };
    let after = session.update::<User>().id("ada").merge(patch).await.unwrap();
    let geo = Some(Geo { lat: 1.0, lon: 2.0 });
    let address = Address { city: "Paris".into(), geo, ..before.address.clone() };
    let contact = Contact { phone: Some("1".into()), ..before.contact.clone() };
    // A default applies to new records only.
    assert_eq!(after, User { address, contact, nickname: None, ..before.clone() });

    let contact = Contact { mail: "a@b".into(), phone: None };
    let patch = UserPatch { contact: set(contact.clone()), ..keep() };
    assert_eq!(session.update::<User>().id("ada").merge(patch).await.unwrap().contact, contact);
}

#[async_test]
async fn flattened_object_is_set_and_unset_as_a_whole() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
    struct Shop {
        id: Id<Shop>,
        #[serde(flatten)]
        contact: Option<Contact>,
    }

    let (_db, session) = place().await;
    let contact = Contact { mail: "a@b".into(), phone: Some("1".into()) };
    let shop = session.create::<Shop>().id("a").content(NewShop { contact: Some(contact.clone()) }).await.unwrap();
    assert_eq!(shop.contact, Some(contact.clone()));
    let update = || session.update::<Shop>().id("a");
    assert_eq!(update().merge(ShopPatch { contact: unset() }).await.unwrap().contact, None);
    let shop = update().merge(ShopPatch { contact: set(Some(contact.clone())) }).await.unwrap();
    assert_eq!(shop.contact, Some(contact.clone()));
    let patch = ShopPatch { contact: merge(ContactPatch { phone: unset(), ..keep() }) };
    let shop = session.update::<Shop>().id("a").merge(patch).await.unwrap();
    assert_eq!(shop.contact, Some(Contact { phone: None, ..contact }));
}

#[async_test]
async fn difference_changes_only_the_fields_that_differ() {
    let (_db, session) = with_users().await;
    let before = session.create::<User>().id("ada").content(ada()).await.unwrap();
    let mut after = before.clone();
    after.address.city = "Paris".into();
    after.contact.phone = Some("1".into());
    after.joined = seconds::at(30);
    after.settings = BTreeMap::from([("a b".into(), 3), ("d`e".into(), 4)]);
    after.nickname = None;
    // A program can change neither of them.
    after.id = Id::new("somebody else");
    after.created_at = Datetime::now();

    // Meanwhile another client changes a neighbouring field.
    let meanwhile = "UPDATE user:ada SET address.street = 'Side St', name = 'Ada L.', born = 11";
    session.execute(meanwhile).await.unwrap();
    let diff = UserPatch::diff(&before, &after);
    let update = session.update::<User>().id("ada").merge(diff);
    let surql = update.to_surql();
    for absent in ["street", " name =", "born", "level", "mail", "created_at", " id ="] {
        assert!(!surql.contains(absent), "{absent}: {surql}");
    }
    let stored = update.await.unwrap();
    assert_eq!((stored.name.as_str(), stored.address.street.as_str()), ("Ada L.", "Side St"));
    assert_eq!((stored.address.city.as_str(), stored.contact.phone.as_deref()), ("Paris", Some("1")));
    assert_eq!((stored.born, stored.joined), (seconds::at(11), seconds::at(30)));
    assert_eq!((&stored.settings, stored.created_at), (&after.settings, before.created_at));

    let nothing = UserPatch::diff(&stored, &stored);
    assert_eq!(session.update::<User>().id("ada").merge(nothing).await.unwrap(), stored);
}

#[async_test]
async fn structs_work_as_keys() {
    let (_db, session) = place().await;
    let by = Id::generate();
    let spot = Spot { room: "attic ⟨1⟩".into(), number: 7, at: (Datetime::now(), true), by };
    let reading = session.create::<Reading>().id(spot.clone()).content(NewReading { value: 0.5 }).await.unwrap();
    assert_eq!(reading.id.key(), &spot);
    assert_eq!(session.select::<Reading>().id(spot.clone()).await.unwrap().as_ref(), Some(&reading));
    assert_eq!(session.select::<Reading>().id(&reading.id).await.unwrap().as_ref(), Some(&reading));
    let other = Spot { number: 8, ..spot };
    assert_eq!(session.select::<Reading>().id(other).await.unwrap(), None);
    let text = reading.id.to_string();
    assert_eq!(text.parse::<Id<Reading, Spot>>().unwrap(), reading.id);
    assert_eq!(serde_json::from_str::<Id<Reading, Spot>>(&serde_json::to_string(&text).unwrap()).unwrap(), reading.id);
    let untyped: RecordId = session.query(Surql::dynamic(format!("RETURN {text}"))).await.unwrap().take(0).unwrap();
    assert_eq!(untyped, reading.id.to_record_id());
}

#[async_test]
async fn key_with_extra_or_wrong_fields_is_a_decode_error() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
    struct Place {
        room: String,
        number: u8,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
    struct Chair {
        id: Id<Chair, Place>,
    }

    #[derive(Debug, Deserialize)]
    struct Row {
        #[serde(flatten)]
        inner: Inner,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        id: Id<Chair, Place>,
    }

    let (_db, session) = place().await;
    let read = |key: &'static str| {
        let session = session.clone();
        async move {
            let response = session
                .query(Surql::dynamic(format!("RETURN [chair:{key}]; RETURN [{{ id: chair:{key} }}]")))
                .await
                .unwrap();
            let plain = response.take::<Vec<Id<Chair, Place>>>(0).map(|mut ids| ids.remove(0));
            let flattened = response.take::<Vec<Row>>(1).map(|mut rows| rows.remove(0).inner.id);
            assert_eq!(plain.as_ref().ok(), flattened.as_ref().ok(), "{key}");
            plain
        }
    };
    let place = Place { room: "a".into(), number: 1 };
    assert_eq!(read("{ room: 'a', number: 1 }").await.unwrap(), Id::new(place));
    for key in [
        "{ room: 'a', number: 1, more: 1 }",
        "{ room: 'a' }",
        "{ room: 'a', number: 256 }",
        "{ room: 1, number: 1 }",
        "['a', 1]",
        "a",
    ] {
        let error = read(key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{key}");
        assert!(format!("chair:{key}").parse::<Id<Chair, Place>>().is_err(), "{key}");
    }
}

#[async_test]
async fn generated_ids_sort_in_order_of_creation() {
    #[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
    struct Event {
        id: Id<Event>,
        number: u32,
    }

    let (_db, session) = place().await;
    for number in 0..20 {
        session.create::<Event>().id(Id::generate()).content(NewEvent { number }).await.unwrap();
    }
    let events = session.select::<Event>().await.unwrap();
    assert_eq!(events.iter().map(|event| event.number).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
    // The same form, and the same order, as the server's own.
    let ulid: String = session.query("RETURN rand::ulid()").await.unwrap().take(0).unwrap();
    let last = events.last().unwrap().id.key();
    assert_eq!((ulid.len(), ulid[..6] >= last[..6]), (last.len(), true), "{ulid} {last}");
}

#[async_test]
async fn links_to_several_tables_read_by_table() {
    let (_db, session) = with_users().await;
    let user = session.create::<User>().id("ada").content(ada()).await.unwrap();
    let first = session.create::<Device>().id(Uuid::new_v7());
    let first = first.content(NewDevice { owner: Some(user.id.clone().into()) }).await.unwrap();
    assert_eq!(first.owner, Some(Owner::User(user.id)));
    let second = session.create::<Device>().id(Uuid::new_v7());
    let second = second.content(NewDevice { owner: Some(first.id.into()) }).await.unwrap();
    assert_eq!(second.owner, Some(Owner::Device(first.id)));
    let owned = session.select::<Device>().filter(|d| d.owner.eq(Owner::Device(first.id))).one().await.unwrap();
    assert_eq!(owned, second);
    let is_record: bool =
        session.query("RETURN type::is_record($d.owner)").bind("d", second.id).await.unwrap().take(0).unwrap();
    assert!(is_record);

    session.execute("UPDATE $d SET owner = house:1").bind("d", second.id).await.unwrap();
    let error = session.select::<Device>().id(second.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("expected an id of table `user` or `device`, found `house:1`"), "{error}");
}

#[async_test]
async fn views_read_their_fields() {
    #[derive(Debug, PartialEq, Deserialize, View)]
    #[record(of = User)]
    struct Card {
        id: Id<User>,
        #[serde(rename = "the `name`")]
        name: String,
        #[record(from = "address.city")]
        city: String,
        #[record(from = "address.geo.lat")]
        lat: Option<f64>,
        #[record(from = "contact.mail")]
        mail: String,
        #[serde(with = "seconds")]
        born: SystemTime,
    }

    let (_db, session) = with_users().await;
    session.create::<User>().id("ada").content(ada()).await.unwrap();
    let cards = session.select::<User>().view::<Card>().await.unwrap();
    let expected = Card {
        id: Id::new("ada"),
        name: "Ada".into(),
        city: "London".into(),
        lat: None,
        mail: "ada@example.com".into(),
        born: seconds::at(10),
    };
    assert_eq!(cards, [expected]);
}
