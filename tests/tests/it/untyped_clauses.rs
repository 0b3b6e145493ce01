//! Clauses of the verbs without models: fields, conditions, orders, pages, links and counts.

use std::collections::BTreeMap;

use serde::Deserialize;
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

const PEOPLE: &str = "
    CREATE person:ada SET name = 'Ada', age = 36, address = { city: 'London', zip: 'W1' }, friends = [person:bob];
    CREATE person:bob SET name = 'Bob', age = 7, address = { city: 'Bath', zip: 'BA1' }, friends = [];
    CREATE person:cyd SET name = 'Cyd', age = 20, address = NONE, `odd one` = 5, `a.b` = 6, friends = [person:none];
    CREATE person:dan SET name = 'Dan', age = 20, address = { city: 'Bath', zip: 'BA2' }, friends = [];
";

fn people() -> Table {
    Table::new("person")
}

fn names(values: &[Value]) -> Vec<&str> {
    values.iter().filter_map(|value| value.get("name")?.as_str()).collect()
}

#[async_test]
async fn selects_have_fields_conditions_orders_and_pages() {
    let (_db, session) = place().await;
    session.execute(PEOPLE).await.unwrap();
    let select = || session.untyped().select(people());
    let adults = select().filter(surql!("age >= $min", min = 18));
    assert_eq!(names(&adults.clone().await.unwrap()), ["Ada", "Cyd", "Dan"]);
    assert_eq!(names(&adults.clone().order_by("age").order_by_desc("name").await.unwrap()), ["Dan", "Cyd", "Ada"]);
    assert_eq!(names(&adults.clone().limit(1).start(1).await.unwrap()), ["Cyd"]);
    assert_eq!(adults.clone().count().await.unwrap(), 3);
    assert_eq!(adults.clone().limit(2).count().await.unwrap(), 2);
    assert_eq!(adults.clone().start(2).count().await.unwrap(), 1);
    let first = adults.clone().order_by_desc("name").first().await.unwrap();
    assert_eq!(names(first.as_slice()), ["Dan"]);
    assert_eq!(adults.clone().filter("name = 'Zoe'").first().await.unwrap(), None);
    assert_eq!(adults.filter("name = 'Zoe'").count().await.unwrap(), 0);

    let cities = select().fields(["name", "address.city"]).order_by("address.zip").limit(3).await.unwrap();
    let texts: Vec<String> = cities.iter().map(Value::to_string).collect();
    assert_eq!(
        texts,
        [
            "{ address: { city: NONE }, name: 'Cyd' }",
            "{ address: { city: 'Bath' }, name: 'Bob' }",
            "{ address: { city: 'Bath' }, name: 'Dan' }",
        ]
    );
    let odd = session.untyped().select(RecordId::new("person", "cyd")).fields(["odd one", "`a.b`"]).await.unwrap();
    assert_eq!(odd.unwrap().to_string(), "{ \"a.b\": 6, \"odd one\": 5 }");
    let hostile = select().fields(["name FROM person; DELETE person; SELECT 1"]).await.unwrap();
    assert_eq!(hostile.len(), 4);
    assert_eq!(select().await.unwrap().len(), 4);
}

#[async_test]
async fn conditions_join_and_bind() {
    let (_db, session) = place().await;
    session.execute(PEOPLE).await.unwrap();
    let select = || session.untyped().select(people());
    let old = || Condition::raw("age > $min").bind("min", 18);
    assert_eq!(names(&select().filter(!old()).await.unwrap()), ["Bob"]);
    let both = old() & Condition::raw("address.city = $city").bind_all(BTreeMap::from([("city", "Bath")]));
    assert_eq!(names(&select().filter(both).await.unwrap()), ["Dan"]);
    let dynamic = Surql::dynamic(format!("{} = $wanted", "name")).bind("wanted", "Ada");
    assert_eq!(names(&select().filter(dynamic).await.unwrap()), ["Ada"]);
    let one = session.untyped().select(RecordId::new("person", "ada"));
    assert!(one.clone().filter("age = 36").await.unwrap().is_some());
    assert_eq!(one.filter("age = 1").await.unwrap(), None);
    let range = session.untyped().select(people().range("b"..));
    assert_eq!(range.clone().count().await.unwrap(), 3);
    assert_eq!(names(&range.filter("age = 20").order_by_desc("name").await.unwrap()), ["Dan", "Cyd"]);
    let twice = select().filter(old()).filter(old()).await.unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::InvalidArgument);
    let ends = select().filter("true; DELETE person").await.unwrap_err();
    assert_eq!(ends.kind(), ErrorKind::Validation, "{ends}");
}

#[async_test]
async fn links_are_fetched_and_records_decoded() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Friend {
        name: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Person {
        name: String,
        friends: Vec<Option<Friend>>,
    }

    let (_db, session) = place().await;
    session.execute(PEOPLE).await.unwrap();
    let select = session.untyped().select(people()).fields(["name", "friends"]).fetch(["friends"]).order_by("name");
    let people: Vec<Person> = select.limit(3).decode().await.unwrap();
    assert_eq!(people[0], Person { name: "Ada".into(), friends: vec![Some(Friend { name: "Bob".into() })] });
    assert_eq!(people[2].friends, [None], "the record does not exist");
    let ada = session.untyped().select(RecordId::new("person", "ada")).fetch(["friends"]).decode::<Person>();
    assert_eq!(ada.await.unwrap().unwrap(), people[0]);
    let first = session.untyped().select(Table::new("person")).order_by("age").decode::<Friend>().first();
    assert_eq!(first.await.unwrap().unwrap().name, "Bob");
}

#[async_test]
async fn wrong_paths_and_numbers_are_refused_before_anything_is_sent() {
    let (_db, session) = place().await;
    let select = || session.untyped().select(people());
    for select in [
        select().fields([""]),
        select().fields(["a..b"]),
        select().order_by("`a"),
        select().fetch(["a."]),
        select().limit(-1),
        select().start(u64::MAX),
    ] {
        let error = select.await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent), "{error}");
    }
    let text = select().fields(["a b"]).filter(surql!("c = $c", c = "secret")).limit(5).to_surql();
    assert_eq!(text, "SELECT `a b` FROM (SELECT * FROM $_0 WHERE (c = $c) ORDER BY id LIMIT $_1) -- $_0, $_1, $c");
}

#[async_test]
async fn writes_have_conditions() {
    let (_db, session) = place().await;
    session.execute(PEOPLE).await.unwrap();
    let db = session.untyped();
    let grown = |by: i64| BTreeMap::from([("grown", by)]);
    let written = db.update(people()).filter(surql!("age >= $min", min = 20)).filter("name != 'Dan'").merge(grown(1));
    assert_eq!(names(&written.await.unwrap()), ["Ada", "Cyd"]);
    let written = db.update(people().range("c"..)).filter("age = 20").merge(grown(2)).await.unwrap();
    assert_eq!(names(&written), ["Cyd", "Dan"]);
    let ada = RecordId::new("person", "ada");
    let refused = db.update(&ada).filter("age = 1").merge(grown(3)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert_eq!(db.update(&ada).filter("age = 1").merge(grown(3)).optional().await.unwrap(), None);
    db.upsert(&ada).filter("age = 36").merge(grown(4)).await.unwrap();
    let in_table = db.upsert(people()).filter("age = 36").merge(grown(5)).await.unwrap_err();
    assert_eq!(in_table.kind(), ErrorKind::InvalidArgument);
    assert_eq!(names(&db.delete(people()).filter("grown = 2").await.unwrap()), ["Cyd", "Dan"]);
    assert_eq!(db.delete(&ada).filter("age = 1").optional().await.unwrap(), None);
    db.delete(people().range("a".."b")).filter("grown = 4").return_none().await.unwrap();
    assert_eq!(names(&db.select(people()).await.unwrap()), ["Bob"]);
    let tx = session.begin_transaction().await.unwrap();
    assert_eq!(tx.untyped().delete(people()).filter("age > 1").await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(db.select(people()).count().await.unwrap(), 0);
}
