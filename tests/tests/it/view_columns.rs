//! Views with computed columns and with other views, in reads, live queries and the results of writes.

use serde::{Deserialize, Serialize};
use surreal_session::connection::Feature;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
    #[serde(rename = "postal code")]
    zip: Option<String>,
    place: Option<Place>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Place {
    x: i64,
    y: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(constructor)]
struct User {
    id: Id<User>,
    name: String,
    #[serde(rename = "home address")]
    address: Address,
    boxed: Box<Address>,
    others: Vec<Address>,
    second: Option<Address>,
    mentor: Id<User>,
    boss: Option<Id<User>>,
    friends: Vec<Id<User>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation, constructor)]
struct Knows {
    id: Id<Knows>,
    r#in: Id<User>,
    out: Id<User>,
    since: i64,
}

#[derive(Debug, Clone, PartialEq, Deserialize, View)]
#[record(of = Place)]
struct East {
    #[record(from = "x")]
    east: i64,
}

#[derive(Debug, Clone, PartialEq, Deserialize, View)]
#[record(of = Address)]
struct City {
    city: String,
    zip: Option<String>,
    place: Option<East>,
    #[record(expr = "string::uppercase(city)")]
    upper: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize, View)]
#[record(of = User)]
struct Name {
    name: String,
    #[record(expr = "count(<-knows)")]
    known: i64,
}

#[derive(Debug, Clone, PartialEq, Deserialize, View)]
#[record(of = User)]
struct Card {
    id: Id<User>,
    #[serde(rename = "n a m e")]
    name: String,
    address: City,
    boxed: City,
    others: Vec<City>,
    second: Option<City>,
    mentor: Option<Name>,
    boss: Option<Name>,
    friends: Vec<Name>,
    #[record(from = "boss.address")]
    office: Option<City>,
    #[record(from = "boss")]
    link: Option<Link<User>>,
    #[record(expr = "count(->knows) + count(<-knows)")]
    degree: i64,
}

/// Only computed, of an edge.
#[derive(Debug, Clone, PartialEq, Deserialize, View)]
#[record(of = Knows)]
struct Ends {
    #[record(expr = "[in.name, out.name]")]
    names: Vec<String>,
}

fn address(city: &str) -> Address {
    Address { city: city.into(), zip: Some("1".into()), place: Some(Place { x: 1, y: 2 }) }
}

fn city(city: &str) -> City {
    City { city: city.into(), zip: Some("1".into()), place: Some(East { east: 1 }), upper: city.to_uppercase() }
}

fn new(name: &str) -> NewUser {
    let friends = vec![Id::new("eve"), Id::new("nobody"), Id::new("ada")];
    let others = vec![address("a"), Address { place: None, ..address("b") }];
    NewUser::new(name, address("home"), Box::new(address("box")), others, Id::new("nobody"), friends)
}

/// `eve` knows `ada`, whose boss she is.
async fn people() -> (Surreal, Session) {
    let (db, session) = place().await;
    session.execute("DEFINE TABLE knows TYPE RELATION").await.unwrap();
    session
        .insert([("eve", new("Eve")), ("ada", new("Ada").boss(Id::new("eve")).second(address("two")))])
        .await
        .unwrap();
    session.relate(NewKnows::new(Id::new("eve"), Id::new("ada"), 2)).await.unwrap();
    (db, session)
}

fn name(name: &str, known: i64) -> Name {
    Name { name: name.into(), known }
}

fn check(card: &Card) {
    assert_eq!((card.id.key().as_str(), card.name.as_str(), card.degree), ("ada", "Ada", 1));
    assert_eq!((&card.address, &card.boxed), (&city("home"), &city("box")));
    assert_eq!(card.others, [city("a"), City { place: None, ..city("b") }]);
    assert_eq!((&card.second, &card.office), (&Some(city("two")), &Some(city("home"))));
    assert_eq!((&card.mentor, &card.boss), (&None, &Some(name("Eve", 0))));
    assert_eq!(card.friends, [name("Eve", 0), name("Ada", 1)]);
    assert_eq!(card.link.as_ref().unwrap().record().unwrap().name, "Eve");
}

#[async_test]
async fn selects_read_nested_and_computed_columns() {
    let (_db, session) = people().await;
    let users = || session.select::<User>();
    check(&users().id("ada").view::<Card>().await.unwrap().unwrap());
    check(&users().filter(|u| u.name.eq("Ada")).one().view::<Card>().await.unwrap());
    check(&users().order_by(|u| u.name.asc()).limit(1).view::<Card>().await.unwrap()[0]);
    if session.supports(Feature::OrderedReads).await.unwrap() {
        check(&users().order_by(|u| u.boss.name.desc()).view::<Card>().await.unwrap()[0]);
    }
    let [ada, eve] = &users().view::<Name>().order_by(|u| u.name.asc()).await.unwrap()[..] else { panic!("two") };
    assert_eq!((ada, eve), (&name("Ada", 1), &name("Eve", 0)));
    let eve = users().id("eve").view::<Card>().await.unwrap().unwrap();
    assert_eq!((eve.second, eve.boss, eve.office, eve.link), (None, None, None, None));
    let ends = session.select::<Knows>().view::<Ends>().await.unwrap();
    assert_eq!(ends[0].names, ["Eve", "Ada"]);
}

#[async_test]
async fn writes_return_views() {
    let (_db, session) = people().await;
    check(&session.update::<User>().id("ada").merge(keep()).view::<Card>().await.unwrap());
    check(&session.upsert::<User>().id("ada").merge(keep()).view::<Card>().optional().await.unwrap().unwrap());
    check(&session.update::<User>().id("ada").merge(keep()).optional().view::<Card>().await.unwrap().unwrap());
    check(&session.update::<User>().filter(|u| u.name.eq("Ada")).merge(keep()).view::<Card>().await.unwrap()[0]);
    let renamed = || session.update::<User>().id("ada").set(|u| u.name.set("A"));
    assert_eq!(renamed().return_before().view::<Name>().await.unwrap(), name("Ada", 1));
    assert_eq!(renamed().view::<Name>().await.unwrap(), name("A", 1));
    assert_eq!(renamed().view::<Name>().return_before().await.unwrap().name, "A");
    renamed().view::<Name>().return_none().await.unwrap();

    assert_eq!(session.create::<User>().content(new("New")).view::<Name>().await.unwrap(), name("New", 0));
    let with_id = session.create::<User>().id("bob").content(new("Bob")).view::<Name>();
    assert_eq!(with_id.await.unwrap(), name("Bob", 0));
    let inserted = session.insert(vec![new("C"), new("D"), new("E")]).chunk(2).view::<Name>().await.unwrap();
    assert_eq!(inserted, [name("C", 0), name("D", 0), name("E", 0)]);
    let again = session.insert([("bob", new("Bob"))]).on_duplicate(|u| u.name.set("B")).view::<Name>();
    assert_eq!(again.await.unwrap(), [name("B", 0)]);
    let edge = session.relate(NewKnows::new(Id::new("bob"), Id::new("ada"), 3)).view::<Ends>();
    assert_eq!(edge.await.unwrap().names, ["B", "A"]);
    let missing = session.update::<User>().id("x").merge(keep()).view::<Name>();
    assert!(missing.await.unwrap_err().is_not_found());
    let batch = session.batch((renamed().view::<Name>(), session.delete::<User>().id("bob").view::<Name>()));
    assert_eq!(batch.atomic().await.unwrap(), (name("A", 2), name("B", 0)));
    // The edges of a deleted record are gone.
    assert_eq!(session.delete::<User>().id("ada").view::<Name>().await.unwrap(), name("A", 0));
    let deleted = session.delete::<User>().filter(|u| u.name.eq("Eve")).view::<Card>().await.unwrap();
    assert_eq!((deleted[0].name.as_str(), &deleted[0].address), ("Eve", &city("home")));
}

#[async_test]
async fn live_queries_show_views() {
    let (_db, session) = people().await;
    session.update::<User>().id("ada").set(|u| u.name.set("A")).await.unwrap();
    let mut cards = session.live::<User>().view::<Card>().await.unwrap();
    session.update::<User>().id("ada").set(|u| u.name.set("Ada")).await.unwrap();
    let Some(Ok(LiveEvent::Change(change))) = cards.next().await else { panic!("no change") };
    check(&change.data);
}
