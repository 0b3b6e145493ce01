//! Comparisons use the stored form of a value, and orders follow the requested field.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
    zip: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Firm {
    id: Id<Firm>,
    name: String,
    head: Id<Person>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Person {
    id: Id<Person>,
    age: i64,
    address: Option<Address>,
    firm: Option<Id<Firm>>,
    past: Vec<Address>,
}

fn address(city: &str) -> Address {
    Address { city: city.into(), zip: None }
}

/// Three people; their firms' names sort in the opposite order of their ids.
async fn with_people() -> (Surreal, Session) {
    let (db, session) = place().await;
    for (key, name) in [("a", "Zeta"), ("b", "Mid"), ("c", "Alpha")] {
        session.create::<Firm>().id(key).content(NewFirm { name: name.into(), head: Id::new("a") }).await.unwrap();
    }
    for (key, age, city) in [("a", 1, "Z"), ("b", 2, "Y"), ("c", 3, "X")] {
        let new = NewPerson { age, address: Some(address(city)), firm: Some(Id::new(key)), past: vec![address(city)] };
        session.create::<Person>().id(key).content(new).await.unwrap();
    }
    (db, session)
}

fn keys(people: &[Person]) -> String {
    people.iter().map(|person| person.id.key().as_str()).collect()
}

#[async_test]
async fn objects_that_differ_only_in_missing_fields_are_equal() {
    let (_db, session) = with_people().await;
    let z = address("Z");
    let count =
        async |condition: Condition<Person>| session.select::<Person>().filter(|_| condition).count().await.unwrap();
    let p: Fields<Person> = *Person::fields();
    assert_eq!(count(p.address.eq(&z)).await, 1);
    assert_eq!(count(p.address.eq(Some(z.clone()))).await, 1);
    assert_eq!(count(p.address.ne(&z)).await, 2);
    assert_eq!(count(p.address.is_in([&z, &address("Q")])).await, 1);
    assert_eq!(count(p.past.eq(vec![z.clone()])).await, 1);
    assert_eq!(count(p.past.contains(&z)).await, 1);
    assert_eq!(count(p.past.contains_any([&z])).await, 1);
    assert_eq!(count(p.past.contains_all([&z])).await, 1);
    assert_eq!(count(p.past.any(|past| past.eq(&z))).await, 1);

    let tested = session.update::<Person>().id("a").patch(|p| [PatchOp::test(p.address, z.clone())]).await;
    assert_eq!(tested.unwrap().age, 1);
    let tested = session.update::<Person>().id("a").patch(|_| [PatchOp::test("/address", &z)]).await;
    assert_eq!(tested.unwrap().age, 1);
    assert_eq!(session.update::<Person>().id("a").set(|p| p.past.remove(&z)).await.unwrap().past, []);
    let others = session.delete::<Person>().filter(|p| p.address.ne(&z)).await.unwrap();
    assert_eq!(keys(&others), "bc");
}

#[async_test]
async fn records_are_ordered_by_fields_of_linked_records() {
    let (_db, session) = with_people().await;
    let people = session.select::<Person>().order_by(|p| p.firm.name.asc()).await.unwrap();
    assert_eq!(keys(&people), "cba");
    let two = session.select::<Person>().order_by(|p| (p.firm.name.desc(), p.id)).start(1).limit(2).await.unwrap();
    assert_eq!(keys(&two), "bc");
    let first = session.select::<Person>().filter(|p| p.age.lt(3)).order_by(|p| p.firm.name.asc()).first();
    assert_eq!(first.await.unwrap().unwrap().id, Id::new("b"));
    let fetched = session.select::<Person>().order_by(|p| p.firm.name.asc()).fetch(|p| p.firm).await.unwrap();
    let names: Vec<_> =
        fetched.iter().map(|(_, firm)| firm.as_ref().unwrap().record().unwrap().name.as_str()).collect();
    assert_eq!(names, ["Alpha", "Mid", "Zeta"]);
    let by_ids = session.select::<Person>().ids(["a", "c"]).order_by(|p| p.firm.name.asc()).await.unwrap();
    assert_eq!(keys(&by_ids), "ca");
}

/// Its field `age` reads the city, which is text.
#[derive(Debug, Clone, PartialEq, Deserialize, View)]
#[record(of = Person)]
struct Row {
    id: Id<Person>,
    #[record(from = "address.city")]
    age: Option<String>,
    #[record(from = "firm.head")]
    head: Option<Link<Person>>,
}

#[async_test]
async fn view_does_not_change_the_order() {
    let (_db, session) = with_people().await;
    let unemployed = NewPerson { age: 0, address: None, firm: None, past: vec![] };
    session.create::<Person>().id("d").content(unemployed).await.unwrap();
    let rows = session.select::<Person>().order_by(|p| p.age.asc()).limit(2).view::<Row>().await.unwrap();
    assert_eq!((&rows[0].id, &rows[0].age, &rows[0].head), (&Id::new("d"), &None, &None));
    assert_eq!((&rows[1].id, rows[1].age.as_deref()), (&Id::new("a"), Some("Z")));
    assert!(rows[1].head.as_ref().is_some_and(|head| !head.is_dangling()));
    let rows = session.select::<Person>().order_by(|p| p.firm.name.desc()).limit(1).view::<Row>().await.unwrap();
    assert_eq!(rows[0].id, Id::new("a"));
}

#[async_test]
async fn paging_by_id_is_complete_whatever_index_serves_the_filter() {
    let (_db, session) = with_people().await;
    let schema = "DEFINE INDEX by_age ON person FIELDS age; UPDATE person:a SET age = 9";
    session.execute(schema).await.unwrap();
    let filtered = || session.select::<Person>().filter(|p| p.age.gt(0));
    assert_eq!(filtered().first().await.unwrap().unwrap().id, Id::new("a"));
    assert_eq!(keys(&filtered().limit(2).await.unwrap()), "ab");
    assert_eq!(keys(&filtered().start(1).await.unwrap()), "bc");
    let (people, changes) = session.live::<Person>().filter(|p| p.age.gt(0)).snapshot().await.unwrap();
    assert_eq!(keys(&people), "abc");
    drop(changes);
}
