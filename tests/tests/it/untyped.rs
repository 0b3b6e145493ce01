//! The verbs without models: any table, any data, values as results.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::untyped::Untyped;
use surreal_session::query::{PatchAction, PatchOp};
use surreal_session::value::Range;
use surreal_session_tests::{async_test, login, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Person {
    name: String,
    age: i64,
}

fn person(name: &str, age: i64) -> Person {
    Person { name: name.into(), age }
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Object(entries.map(|(key, value)| (key.to_owned(), value)).into())
}

fn id(key: impl Into<RecordKey>) -> RecordId {
    RecordId::new("person", key)
}

fn people() -> Table {
    Table::new("person")
}

/// A record of `person` as a value.
fn record(key: impl Into<RecordKey>, name: &str, age: i64) -> Value {
    object([("id", Value::RecordId(id(key))), ("name", name.into()), ("age", age.into())])
}

/// Two handles: of a session, and of a connection's default session in the same database.
async fn both() -> (Surreal, Session) {
    let (db, session) = place().await;
    let login = login().await;
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    db.use_ns(session.namespace().unwrap()).use_db(session.database().unwrap()).await.unwrap();
    (db, session)
}

#[async_test]
async fn every_verb_works_on_connections_and_sessions() {
    let (connection, session) = both().await;
    for db in [connection.untyped(), session.untyped()] {
        assert_eq!(db.create(id("ada")).content(person("Ada", 36)).await.unwrap(), record("ada", "Ada", 36));
        assert_eq!(db.select(id("ada")).await.unwrap(), Some(record("ada", "Ada", 36)));
        assert_eq!(db.update(id("ada")).merge(object([("age", 37.into())])).await.unwrap(), record("ada", "Ada", 37));
        assert_eq!(db.upsert(id("bob")).content(person("Bob", 40)).await.unwrap(), record("bob", "Bob", 40));
        assert_eq!(db.select(people()).await.unwrap(), [record("ada", "Ada", 37), record("bob", "Bob", 40)]);
        let edge = db.relate(id("ada"), Table::new("knows"), id("bob")).await.unwrap();
        assert_eq!(edge.get("in"), Some(&Value::RecordId(id("ada"))));
        let rows = [object([("id", "cyd".into()), ("name", "Cyd".into()), ("age", 5.into())])];
        assert_eq!(db.insert(people(), rows).await.unwrap(), [record("cyd", "Cyd", 5)]);
        assert_eq!(db.delete(id("ada")).await.unwrap(), record("ada", "Ada", 37));
        assert_eq!(db.delete(people()).await.unwrap(), [record("bob", "Bob", 40), record("cyd", "Cyd", 5)]);
        assert_eq!(db.select(people()).await.unwrap(), []);
    }
}

#[async_test]
async fn data_is_content_replacement_merge_or_patch() {
    let (_db, session) = place().await;
    let db = session.untyped();
    db.create(id(1)).content(person("Ada", 36)).await.unwrap();
    for target in [id(1), id(2)] {
        let start = || async { db.upsert(&target).content(person("Ada", 36)).await.unwrap() };
        let with = |entries: &[(&str, Value)]| {
            let id = ("id", Value::RecordId(target.clone()));
            let all = entries.iter().cloned().chain([id]).map(|(key, value)| (key.to_owned(), value));
            Value::Object(all.collect())
        };
        start().await;
        let note = object([("note", "x".into())]);
        assert_eq!(db.update(&target).content(&note).await.unwrap(), with(&[("note", "x".into())]));
        start().await;
        assert_eq!(db.update(&target).replace(&note).await.unwrap(), with(&[("note", "x".into())]));
        start().await;
        let gone = object([("age", Value::None), ("note", "x".into())]);
        assert_eq!(
            db.update(&target).merge(&gone).await.unwrap(),
            with(&[("name", "Ada".into()), ("note", "x".into())])
        );
        start().await;
        let ops = [PatchOp::test("/age", 36), PatchOp::replace("/age", 37), PatchOp::remove("/name")];
        assert_eq!(db.update(&target).patch(ops.clone()).await.unwrap(), with(&[("age", 37.into())]));
        let error = db.update(&target).patch(ops).await.unwrap_err();
        assert!(error.to_string().contains("Expected `36`, but got `37`"), "{error}");
        assert_eq!(db.select(&target).await.unwrap(), Some(with(&[("age", 37.into())])), "all or nothing");
    }
    // An upsert that creates a record has the same data clauses.
    for (key, write) in [(3, "merge"), (4, "patch"), (5, "replace")] {
        let upsert = db.upsert(id(key));
        let made = match write {
            "merge" => upsert.merge(object([("age", 1.into())])).await,
            "patch" => upsert.patch([PatchOp::add("/age", 1)]).await,
            _ => upsert.replace(object([("age", 1.into())])).await,
        };
        assert_eq!(made.unwrap().get("age"), Some(&Value::Int(1)), "{write}");
    }
}

#[async_test]
async fn tables_and_ranges_return_many_and_ids_one() {
    let (_db, session) = place().await;
    let db = session.untyped();
    for key in 1..=5 {
        db.create(id(key)).content(person("P", key)).return_none().await.unwrap();
    }
    let ages = |people: Vec<Person>| people.iter().map(|person| person.age).collect::<Vec<_>>();
    assert_eq!(ages(db.select(people().range(2..4)).decode().await.unwrap()), [2, 3]);
    assert_eq!(ages(db.select(people().range(2..=4)).decode().await.unwrap()), [2, 3, 4]);
    assert_eq!(ages(db.select(people().range(4..)).decode().await.unwrap()), [4, 5]);
    assert_eq!(ages(db.select(people().range(..2)).decode().await.unwrap()), [1]);
    assert_eq!(ages(db.select(people().range("a".."z")).decode().await.unwrap()), [0; 0]);
    let older = db.update(people().range(4..)).merge(object([("age", 50.into())])).decode::<Person>().await.unwrap();
    assert_eq!(ages(older), [50, 50]);
    assert_eq!(ages(db.delete(people().range(..=3)).decode().await.unwrap()), [1, 2, 3]);
    let all = db.update(people()).patch([PatchOp::replace("/age", 6)]).decode::<Person>().await.unwrap();
    assert_eq!(ages(all), [6, 6]);
    assert_eq!(ages(db.delete(people()).decode().await.unwrap()), [6, 6]);
    assert_eq!(ages(db.delete(people()).decode().await.unwrap()), [0; 0]);
}

#[async_test]
async fn range_is_not_taken_for_one_record() {
    let (_db, session) = place().await;
    let db = session.untyped();
    db.create(id(1)).content(person("Ada", 36)).await.unwrap();
    let range = id(Range::from(1..3).map(RecordKey::from));
    let errors = [
        db.select(&range).await.unwrap_err(),
        db.create(&range).await.unwrap_err(),
        db.delete(&range).await.unwrap_err(),
        db.upsert(&range).merge(BTreeMap::<String, i64>::new()).await.unwrap_err(),
        db.relate(id(1), &range, id(1)).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
        assert!(error.to_string().contains("`person:1..3` is a range of ids"), "{error}");
    }
    assert_eq!(db.select(people()).await.unwrap().len(), 1);
}

#[async_test]
async fn write_returns_what_its_return_clause_selects() {
    let (_db, session) = place().await;
    let db = session.untyped();
    let older = |age: i64| object([("age", age.into())]);
    let create = || db.create(id(1)).content(person("Ada", 36));
    create().return_none().await.unwrap();
    db.delete(id(1)).return_none().await.unwrap();
    assert_eq!(create().return_before().await.unwrap(), Value::None);
    let [deleted] = db.delete(people()).return_diff().await.unwrap().try_into().unwrap();
    assert_eq!((deleted[0].path(), deleted[0].value()), ("", Some(&Value::None)));
    let created = create().return_diff().await.unwrap();
    assert_eq!((created[0].action(), created[0].path()), (PatchAction::Replace, ""));
    assert_eq!(created[0].value(), Some(&record(1, "Ada", 36)));

    assert_eq!(db.update(id(1)).merge(older(37)).return_before().await.unwrap(), record(1, "Ada", 36));
    assert_eq!(db.update(id(1)).merge(older(38)).return_after().await.unwrap(), record(1, "Ada", 38));
    let diff = db.update(id(1)).merge(older(39)).return_diff().await.unwrap();
    assert_eq!(diff, [PatchOp::replace("/age", 39)]);
    assert_eq!(db.update(id(1)).merge(older(39)).return_diff().await.unwrap(), [], "nothing changed");
    db.update(id(1)).merge(older(40)).return_none().await.unwrap();

    assert_eq!(db.upsert(id(2)).content(person("Bob", 1)).return_before().await.unwrap(), Value::None);
    assert_eq!(db.upsert(id(2)).merge(older(2)).return_before().await.unwrap(), record(2, "Bob", 1));
    let before = db.upsert(id(3)).merge(older(2)).return_before().decode::<Option<Person>>().await.unwrap();
    assert_eq!(before, None);
    db.upsert(id(3)).merge(older(2)).return_none().await.unwrap();

    let many = db.update(people().range(1..3)).merge(older(5)).return_before().decode::<Person>().await.unwrap();
    assert_eq!(many, [person("Ada", 40), person("Bob", 2)]);
    let diffs = db.update(people()).merge(older(6)).return_diff().await.unwrap();
    assert_eq!(diffs, vec![vec![PatchOp::replace("/age", 6)]; 3]);
    let () = db.update(people()).merge(older(7)).return_none().await.unwrap();
    let () = db.delete(people()).return_none().await.unwrap();
    assert_eq!(db.select(people()).await.unwrap(), []);
}

#[async_test]
async fn missing_record_is_not_found_unless_optional() {
    let (_db, session) = place().await;
    let db = session.untyped();
    db.create(id(1)).content(person("Ada", 36)).await.unwrap();
    let none = BTreeMap::<String, i64>::new();
    let update = || db.update(id(9)).merge(&none);
    let errors = [
        update().await.map(drop).unwrap_err(),
        update().return_none().await.unwrap_err(),
        update().return_before().await.map(drop).unwrap_err(),
        update().return_diff().await.map(drop).unwrap_err(),
        db.delete(id(9)).await.map(drop).unwrap_err(),
        db.delete(id(9)).return_none().await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_not_found(), "{error:?}");
        assert_eq!((error.statement(), error.delivery()), (Some(0), Delivery::Answered));
        assert!(error.to_string().starts_with("no record came back for `person:9`: it does not exist"), "{error}");
    }
    assert_eq!(update().optional().await.unwrap(), None);
    assert_eq!(update().optional().return_none().await.unwrap(), None);
    assert_eq!(db.update(id(1)).merge(&none).optional().return_none().await.unwrap(), Some(()));
    assert_eq!(db.delete(id(9)).optional().decode::<Person>().await.unwrap(), None);
    assert_eq!(db.delete(id(1)).optional().decode::<Person>().await.unwrap(), Some(person("Ada", 36)));
    assert_eq!(db.select(id(9)).await.unwrap(), None);
    assert_eq!(db.select(id(9)).decode::<Person>().await.unwrap(), None);
}

#[async_test]
async fn missing_table_is_not_found_except_by_create_insert_and_upsert() {
    let (_db, session) = place().await;
    let db = session.untyped();
    let none = BTreeMap::<String, i64>::new();
    let missing = || Table::new("nowhere");
    let errors = [
        db.select(missing()).await.map(drop).unwrap_err(),
        db.select(RecordId::new("nowhere", 1)).await.map(drop).unwrap_err(),
        db.update(missing()).merge(&none).await.map(drop).unwrap_err(),
        db.delete(missing()).await.map(drop).unwrap_err(),
        db.delete(missing().range(1..)).await.map(drop).unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_not_found(), "{error:?}");
        assert_eq!(error.server().unwrap().details().unwrap().kind(), "Table");
    }
    for (table, make) in [("a", "create"), ("b", "upsert"), ("c", "insert"), ("d", "relate")] {
        let table = Table::new(table);
        match make {
            "create" => db.create(&table).return_none().await.unwrap(),
            "upsert" => db.upsert(&table).merge(&none).return_none().await.unwrap(),
            "insert" => db.insert(table.clone(), [&none]).return_none().await.unwrap(),
            _ => db.relate(id(1), &table, id(2)).return_none().await.unwrap(),
        }
        assert_eq!(db.select(table).await.unwrap().len(), 1, "{make}");
    }
}

#[async_test]
async fn upsert_in_a_table_finds_the_record_by_a_unique_index() {
    let (_db, session) = place().await;
    session.execute("DEFINE INDEX by_name ON person FIELDS name UNIQUE").await.unwrap();
    let db = session.untyped();
    let ada = db.upsert(people()).content(person("Ada", 36)).await.unwrap();
    let older = db.upsert(people()).content(person("Ada", 37)).await.unwrap();
    assert_eq!((older.get("id"), older.get("age")), (ada.get("id"), Some(&Value::Int(37))));
    db.upsert(people()).content(person("Bob", 1)).await.unwrap();
    assert_eq!(db.select(people()).await.unwrap().len(), 2);
    let error = db.upsert(id("other")).content(person("Ada", 38)).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
}

#[async_test]
async fn create_without_content_applies_the_schema() {
    let (_db, session) = place().await;
    session.execute("DEFINE FIELD age ON person DEFAULT 1").await.unwrap();
    let db = session.untyped();
    let made = db.create(id("ada")).await.unwrap();
    assert_eq!(made, object([("id", Value::RecordId(id("ada"))), ("age", 1.into())]));
    assert!(db.create(id("ada")).await.unwrap_err().is_already_exists());
    assert!(db.create(id("ada")).return_none().await.unwrap_err().is_already_exists());
    let first = db.create(people()).await.unwrap();
    assert_ne!(first.get("id"), db.create(people()).await.unwrap().get("id"));
}

#[async_test]
async fn data_that_is_not_an_object_is_refused_by_the_server() {
    let (_db, session) = place().await;
    let db = session.untyped();
    for data in [Value::None, Value::Null, 5.into(), Value::Array(vec![1.into()])] {
        let error = db.create(people()).content(&data).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{error:?}");
    }
    let error = db.insert(people(), [5]).await.unwrap_err();
    assert!(error.server().is_some(), "{error:?}");
    assert!(db.select(people()).await.unwrap_err().is_not_found(), "a table that was made for it is gone again");
}

#[async_test]
async fn value_that_cannot_be_sent_names_its_place() {
    let (_db, session) = place().await;
    let db = session.untyped();
    let large = BTreeMap::from([("n", u64::MAX)]);
    let error = db.create(id(1)).content(&large).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Encode, Delivery::NotSent));
    let error = db.insert(people(), [BTreeMap::from([("n", 1)]), large]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(error.to_string().contains("[1].n"), "{error}");
    let error = db.upsert(id(1)).patch([PatchOp::replace("/n", u64::MAX)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(db.select(id(1)).await.unwrap_err().is_not_found(), "the table was not even made");
}

#[async_test]
async fn row_may_be_nested_as_deep_as_the_server_accepts() {
    let (_db, session) = place().await;
    let db = session.untyped();
    let nested = |levels| (0..levels).fold(Value::None, |inner, _| object([("deeper", inner)]));
    let deepest = nested(94);
    assert_eq!(db.insert(people(), [&deepest]).await.unwrap().len(), 1);
    let error = db.insert(people(), [nested(95)]).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Encode, Delivery::NotSent), "{error:?}");
    db.create(people()).content(&deepest).return_none().await.unwrap();
    db.upsert(id(1)).patch([PatchOp::add("/deep", nested(92))]).return_none().await.unwrap();
    assert_eq!(db.select(people()).await.unwrap().len(), 3);
}

#[async_test]
async fn hostile_names_stay_names() {
    let (_db, session) = place().await;
    let db = session.untyped();
    let names =
        ["a b", "back`tick", "⟨x⟩", "1", "日本", "select", "user:ada", "x; DELETE y", "back\\slash", "$_0", "a\nb"];
    for name in names {
        let table = Table::new(name);
        let one = RecordId::new(name, name);
        let data = BTreeMap::from([(name, name)]);
        let made = db.create(&one).content(&data).await.unwrap();
        assert_eq!(made, object([("id", Value::RecordId(one.clone())), (name, name.into())]), "{name}");
        assert_eq!(db.select(&table).await.unwrap(), std::slice::from_ref(&made), "{name}");
        assert_eq!(db.update(&one).merge(&data).await.unwrap(), made, "{name}");
        let row = object([("id", "other".into()), (name, 1.into())]);
        assert_eq!(db.insert(table.clone(), [row]).await.unwrap().len(), 1, "{name}");
        let edges = Table::new(format!("{name} to"));
        let edge = db.relate(&one, &edges, &one).content(&data).await.unwrap();
        assert_eq!(edge.get("out"), Some(&Value::RecordId(one.clone())), "{name}");
        assert_eq!(db.delete(&one).await.unwrap(), made, "{name}");
        assert_eq!(db.delete(&table).await.unwrap().len(), 1, "{name}");
    }
}

#[async_test]
async fn inserted_rows_come_back_in_their_order() {
    let (_db, session) = place().await;
    let db = session.untyped();
    let keys = [3, -1, 200, 20, 0];
    let rows = keys.map(|key| object([("id", key.into()), ("name", "P".into()), ("age", key.into())]));
    let made = db.insert(people(), &rows).await.unwrap();
    assert_eq!(made, keys.map(|key| record(key, "P", key)));
    let made: Vec<Person> = db.insert(people(), [person("A", 1), person("B", 2)]).decode().await.unwrap();
    assert_eq!(made, [person("A", 1), person("B", 2)]);
    assert_eq!(db.insert(people(), [person("C", 1)]).return_diff().await.unwrap()[0].len(), 1);
    assert_eq!(db.insert(people(), [person("D", 1)]).return_before().await.unwrap(), [Value::None]);
    let () = db.insert(people(), [person("E", 1)]).return_none().await.unwrap();
    assert_eq!(db.select(people()).await.unwrap().len(), 10);
}

#[async_test]
async fn insert_without_rows_sends_nothing() {
    let (_db, session) = place().await;
    let db = session.untyped();
    assert_eq!(db.insert(people(), Vec::<Person>::new()).await.unwrap(), []);
    assert!(db.select(people()).await.unwrap_err().is_not_found(), "not even the table was made");
}

#[async_test]
async fn insert_with_an_existing_id_fails_or_ignores_it() {
    let (_db, session) = place().await;
    let db = session.untyped();
    db.create(id("ada")).content(person("Ada", 36)).await.unwrap();
    let rows = ["bob", "ada", "cyd"].map(|key| object([("id", key.into()), ("name", "New".into()), ("age", 1.into())]));
    let error = db.insert(people(), &rows).await.unwrap_err();
    assert!(error.is_already_exists(), "{error:?}");
    assert_eq!(db.select(people()).await.unwrap(), [record("ada", "Ada", 36)]);
    let made = db.insert(people(), &rows).ignore().await.unwrap();
    assert_eq!(made, [record("bob", "New", 1), record("cyd", "New", 1)]);
    assert_eq!(db.select(id("ada")).await.unwrap(), Some(record("ada", "Ada", 36)));
}

#[async_test]
async fn edges_are_inserted_and_related() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE knows TYPE RELATION").await.unwrap();
    let db = session.untyped();
    let knows = || Table::new("knows");
    for key in ["ada", "bob", "cyd"] {
        db.create(id(key)).content(person(key, 1)).await.unwrap();
    }
    let edge = |from: &str, to: &str| object([("in", Value::RecordId(id(from))), ("out", Value::RecordId(id(to)))]);
    let made = db.insert(knows(), [edge("ada", "bob"), edge("ada", "cyd")]).relation().await.unwrap();
    assert_eq!(
        made.iter().map(|edge| edge.get("out").unwrap().clone()).collect::<Vec<_>>(),
        [Value::RecordId(id("bob")), Value::RecordId(id("cyd"))]
    );
    let since = object([("since", 1815.into())]);
    let edge_id = RecordId::new("knows", "first");
    let related = db.relate(id("bob"), &edge_id, id("cyd")).content(&since).await.unwrap();
    assert_eq!(related.get("since"), Some(&Value::Int(1815)));
    assert_eq!(related.get("id"), Some(&Value::RecordId(edge_id.clone())));
    let names: Vec<String> =
        session.query("SELECT VALUE ->knows->person.name FROM ONLY person:ada").await.unwrap().take(0).unwrap();
    assert_eq!(names.len(), 2);
    // RELATE of an edge that exists writes it anew; an insert is refused.
    let again = db.relate(id("bob"), &edge_id, id("cyd")).content(object([("since", 2.into())])).await.unwrap();
    assert_eq!(again.get("since"), Some(&Value::Int(2)));
    let row = object([("id", "first".into()), ("in", Value::RecordId(id("bob"))), ("out", Value::RecordId(id("cyd")))]);
    assert!(db.insert(knows(), [row]).relation().await.unwrap_err().is_already_exists());
    let error = db.insert(knows(), [edge("ada", "bob")]).await.unwrap_err();
    assert!(error.to_string().contains("not a relation"), "{error}");
    db.relate(id("ada"), knows(), id("ada")).return_none().await.unwrap();
}

#[async_test]
async fn record_that_the_identity_may_not_touch_is_not_found() {
    let (db, session) = place().await;
    let schema = "
        DEFINE ACCESS member ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name);
        DEFINE TABLE hidden;
        DEFINE TABLE readable PERMISSIONS FOR select FULL;
        DEFINE TABLE writable PERMISSIONS FOR create, update FULL;
        CREATE hidden:1; CREATE readable:1; CREATE writable:1;
    ";
    session.execute(schema).await.unwrap();
    let member = db.new_session().await.unwrap();
    let (ns, database) = (session.namespace().unwrap(), session.database().unwrap());
    member.signup(RecordAccess::new(ns, database, "member", BTreeMap::from([("name", "m")]))).await.unwrap();
    let untyped = member.untyped();
    let changes = object([("x", 1.into())]);
    for (table, visible) in [("hidden", 0), ("readable", 1), ("writable", 0)] {
        let one = RecordId::new(table, 1);
        assert_eq!(untyped.select(Table::new(table)).await.unwrap().len(), visible, "{table}");
        assert_eq!(untyped.select(&one).await.unwrap().is_some(), visible == 1, "{table}");
        for error in [
            untyped.update(&one).merge(&changes).await.map(drop).unwrap_err(),
            untyped.update(&one).merge(&changes).return_none().await.unwrap_err(),
            untyped.create(RecordId::new(table, 2)).await.map(drop).unwrap_err(),
            untyped.create(RecordId::new(table, 3)).return_none().await.unwrap_err(),
            untyped.delete(&one).await.map(drop).unwrap_err(),
        ] {
            assert!(error.is_not_found(), "{table}: {error:?}");
        }
        assert_eq!(untyped.update(&one).merge(&changes).optional().await.unwrap(), None);
        assert_eq!(untyped.update(Table::new(table)).merge(&changes).await.unwrap(), []);
        assert_eq!(untyped.delete(Table::new(table)).await.unwrap(), []);
        assert_eq!(untyped.insert(Table::new(table), [&changes]).await.unwrap(), []);
    }
    // With the right to write but not to read, the write is carried out, and returns nothing.
    let all = |table| session.untyped().select(Table::new(table));
    assert_eq!(all("hidden").await.unwrap().len(), 1);
    assert_eq!(all("readable").await.unwrap().len(), 1);
    assert_eq!(all("writable").await.unwrap().len(), 4);
}

#[async_test]
async fn server_stops_at_the_timeout() {
    let (_db, session) = place().await;
    session.execute("DEFINE EVENT slow ON person THEN { sleep(10s) }").await.unwrap();
    let db = session.untyped();
    let limit = Duration::from_millis(1);
    let errors = [
        db.create(id(1)).timeout(limit).await.map(drop).unwrap_err(),
        db.upsert(id(1)).content(person("Ada", 1)).timeout(limit).await.map(drop).unwrap_err(),
        db.insert(people(), [person("Ada", 1)]).timeout(limit).await.map(drop).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Query, "{error:?}");
        assert_eq!(error.server().unwrap().details().unwrap().kind(), "TimedOut");
    }
    assert_eq!(db.select(people()).timeout(Duration::from_secs(30)).await.unwrap(), []);
}

#[async_test]
async fn deadline_is_the_callers() {
    let (_db, session) = place().await;
    session.execute("DEFINE EVENT slow ON person THEN { sleep(1s) }").await.unwrap();
    let db = session.untyped();
    let limit = Duration::from_millis(1);
    for error in [
        db.create(id(1)).deadline(limit).await.map(drop).unwrap_err(),
        db.insert(people(), [person("Ada", 1)]).deadline(limit).await.map(drop).unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout, Delivery::Unknown), "{error:?}");
    }
}

#[async_test]
async fn ten_thousand_rows_are_inserted_and_returned_in_order() {
    let (_db, session) = place().await;
    let db = session.untyped();
    let rows: Vec<Value> = (0..10_000).map(|key| record(key, "P", key)).collect();
    let made = db.insert(people(), &rows).await.unwrap();
    assert!(made == rows);
    assert!(db.select(people()).await.unwrap() == rows);
}

#[async_test]
async fn failure_after_inserted_rows_reports_their_number() {
    let (_db, session) = place().await;
    let db = session.untyped();
    db.create(id(2_345)).content(person("Ada", 36)).await.unwrap();
    let rows = |keys: std::ops::Range<i64>| keys.map(|key| record(key, "P", key)).collect::<Vec<_>>();
    let error = db.insert(people(), rows(0..2_500)).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::PartlyApplied, Delivery::Answered), "{error:?}");
    let message = error.to_string();
    assert!(message.starts_with("rows 2000 to 2499 of 2500 failed after 2000 rows were inserted: "), "{message}");
    let cause = std::error::Error::source(&error).unwrap().downcast_ref::<Error>().unwrap();
    assert!(cause.is_already_exists(), "{cause:?}");
    assert!(!error.is_retryable());
    assert_eq!(db.select(people()).await.unwrap().len(), 2_001);

    let error = db.insert(people(), rows(2_300..4_000)).await.unwrap_err();
    assert!(error.is_already_exists(), "{error:?}");
    assert!(error.to_string().starts_with("rows 0 to 499 of 1700 failed, and no row was inserted: "), "{error}");
    assert_eq!(db.select(people()).await.unwrap().len(), 2_001);
}

#[async_test]
async fn to_surql_and_debug_show_no_values() {
    let (_db, session) = place().await;
    let db: Untyped = session.untyped();
    let secret = object([("password", "hunter2".into())]);
    let second = Duration::from_secs(1);
    for (shown, debug, expected) in [
        (db.select(people()).to_surql(), format!("{:?}", db.select(people())), "SELECT * FROM $_0 -- $_0"),
        (
            db.create(id(1)).content(&secret).return_none().timeout(second).to_surql(),
            format!("{:?}", db.create(id(1)).content(&secret)),
            "CREATE $_0 CONTENT $_1 RETURN NULL TIMEOUT $_2 -- $_0, $_1, $_2",
        ),
        (
            db.update(people()).merge(&secret).return_none().to_surql(),
            format!("{:?}", db.update(people()).merge(&secret)),
            "UPDATE $_0 MERGE $_1 RETURN NONE -- $_0, $_1",
        ),
        (
            db.upsert(id(1)).replace(&secret).return_diff().to_surql(),
            format!("{:?}", db.upsert(id(1)).replace(&secret)),
            "UPSERT $_0 REPLACE $_1 RETURN DIFF -- $_0, $_1",
        ),
        (
            db.update(id(1)).patch([PatchOp::test("/password", "hunter2")]).to_surql(),
            String::new(),
            "UPDATE $_0 PATCH $_1 RETURN AFTER -- $_0, $_1",
        ),
        (db.delete(people()).to_surql(), String::new(), "DELETE $_0 RETURN BEFORE -- $_0"),
        (
            db.relate(id(1), Table::new("knows"), id(2)).content(&secret).to_surql(),
            String::new(),
            "RELATE $_0->$_1->$_2 CONTENT $_3 RETURN AFTER -- $_0, $_1, $_2, $_3",
        ),
        (
            db.insert(people(), [&secret]).relation().ignore().to_surql(),
            format!("{:?}", db.insert(people(), [&secret])),
            "INSERT RELATION IGNORE INTO $_0 $_1 RETURN AFTER -- $_0, $_1",
        ),
    ] {
        assert_eq!(shown, expected);
        assert!(!debug.contains("hunter2"), "{debug}");
    }
}
