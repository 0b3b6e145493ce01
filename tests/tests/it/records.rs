//! Typed records: created records come back equal.

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::value::Uuid;
use surreal_session::{ErrorKind, Record};
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    #[serde(rename = "mail")]
    email: String,
    age: u8,
    nickname: Option<String>,
    #[record(readonly)]
    created_at: Datetime,
    employer: Option<Id<Company, Uuid>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[serde(rename_all = "camelCase")]
#[record(table = "the `company`")]
struct Company {
    id: Id<Company, Uuid>,
    legal_name: String,
    #[serde(skip)]
    cached: u32,
    #[serde(default)]
    staff: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, (String, i64)>,
    value: f64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
struct Counter {
    id: Id<Counter, i64>,
    count: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
struct Anything {
    id: Id<Anything, RecordKey>,
}

fn ada() -> NewUser {
    NewUser { name: "Ada".into(), email: "ada@example.com".into(), age: 36, nickname: None, employer: None }
}

/// A session whose `user` table sets the creation time.
async fn with_users() -> (Surreal, Session) {
    let (db, session) = place().await;
    let schema = "DEFINE TABLE user; DEFINE FIELD created_at ON user TYPE datetime READONLY DEFAULT time::now();";
    session.execute(schema).await.unwrap();
    (db, session)
}

#[test]
fn table_is_named_by_the_attribute_or_after_the_struct() {
    assert_eq!([User::TABLE, Company::TABLE, Reading::TABLE], ["user", "the `company`", "reading"]);
}

#[async_test]
async fn created_record_comes_back_as_stored() {
    let (_db, session) = with_users().await;
    let created = session.create::<User>().id("ada").content(ada()).await.unwrap();
    assert_eq!(created.id, Id::new("ada"));
    assert_eq!((created.name.as_str(), created.age, &created.nickname), ("Ada", 36, &None));
    let found = session.select::<User>().id(&created.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&created));
    assert_eq!(session.select::<User>().id("ada").await.unwrap(), found);
    assert_eq!(session.select::<User>().await.unwrap(), [created]);
    // The stored names are serde's, and a missing field is NONE.
    let stored: Vec<String> =
        session.query("RETURN object::keys((SELECT * FROM ONLY user:ada))").await.unwrap().take(0).unwrap();
    assert_eq!(stored, ["age", "created_at", "id", "mail", "name"]);
}

#[async_test]
async fn server_generates_a_missing_id() {
    let (_db, session) = with_users().await;
    let first = session.create::<User>().content(ada()).await.unwrap();
    let second = session.create::<User>().content(ada()).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(session.select::<User>().await.unwrap().len(), 2);
}

#[async_test]
async fn missing_record_is_none_and_missing_table_an_error() {
    let (_db, session) = with_users().await;
    assert_eq!(session.select::<User>().id("nobody").await.unwrap(), None);
    assert_eq!(session.select::<User>().await.unwrap(), []);
    let error = session.select::<Counter>().await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(error.server().unwrap().details().unwrap().kind(), "Table");
}

#[async_test]
async fn existing_id_is_already_exists() {
    let (_db, session) = with_users().await;
    session.create::<User>().id("ada").content(ada()).await.unwrap();
    let error = session.create::<User>().content(ada()).id("ada").await.unwrap_err();
    assert!(error.is_already_exists(), "{error:?}");
    let details = error.server().unwrap().details().unwrap();
    assert_eq!((details.kind(), details.field("id")), ("Record", Some("user:ada")));
}

#[async_test]
async fn unique_violation_is_recognised() {
    let (_db, session) = with_users().await;
    session.execute("DEFINE INDEX by_mail ON user FIELDS mail UNIQUE").await.unwrap();
    session.create::<User>().content(ada()).await.unwrap();
    let error = session.create::<User>().content(ada()).await.unwrap_err();
    assert!(error.is_unique_violation() && !error.is_already_exists(), "{error:?}");
}

#[async_test]
async fn write_that_returns_nothing_is_not_found() {
    let (db, session) = with_users().await;
    session
        .execute("DEFINE ACCESS member ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)")
        .await
        .unwrap();
    let (ns, database) = (session.namespace().unwrap(), session.database().unwrap());
    let member = db.new_session().await.unwrap();
    let params = std::collections::BTreeMap::from([("name", "m")]);
    member.signup(RecordAccess::new(ns, database, "member", params)).await.unwrap();
    // Record users have no permissions on a table by default.
    let error = member.create::<User>().content(ada()).await.unwrap_err();
    assert!(error.is_not_found() || error.is_auth(), "{error:?}");
    assert_eq!(session.select::<User>().await.unwrap(), []);
}

#[async_test]
async fn keys_of_every_type_come_back() {
    let (_db, session) = place().await;
    let uuid = Uuid::new_v7();
    let company = NewCompany { legal_name: "Initech".into(), staff: 3 };
    let company = session.create::<Company>().id(uuid).content(company).await.unwrap();
    assert_eq!((company.id.key(), company.cached, company.staff), (&uuid, 0, 3));
    assert_eq!(session.select::<Company>().id(uuid).await.unwrap(), Some(company.clone()));

    let reading = session.create::<Reading>().id(("attic", 7)).content(NewReading { value: 0.5 }).await.unwrap();
    assert_eq!(reading.id.key(), &("attic".to_owned(), 7));
    assert_eq!(session.select::<Reading>().id(&reading.id).await.unwrap(), Some(reading));

    for key in [0, -1, i64::MIN, i64::MAX] {
        let counter = session.create::<Counter>().id(key).content(NewCounter { count: key }).await.unwrap();
        assert_eq!((counter.id.key(), counter.count), (&key, key));
    }
    for key in ["a b", "back`tick", "⟨x⟩", "1", "日本", "select", "", "a:b", "back\\slash", "new\nline"] {
        let thing = session.create::<Anything>().id(key).content(NewAnything {}).await.unwrap();
        assert_eq!(thing.id.key(), &RecordKey::from(key));
        assert_eq!(session.select::<Anything>().id(key).await.unwrap(), Some(thing), "{key}");
    }
    assert_eq!(session.select::<Counter>().id(0).await.unwrap().map(|counter| counter.count), Some(0));
    // The text "1" and the integer 1 are different records.
    assert_eq!(session.select::<Anything>().id(RecordKey::Int(1)).await.unwrap(), None);
}

#[async_test]
async fn whole_table_comes_in_the_order_of_ids() {
    let (_db, session) = place().await;
    for key in [3, -1, 200, 20] {
        session.create::<Counter>().id(key).content(NewCounter { count: key }).await.unwrap();
    }
    let keys: Vec<i64> = session.select::<Counter>().await.unwrap().iter().map(|counter| *counter.id.key()).collect();
    assert_eq!(keys, [-1, 3, 20, 200]);
}

#[async_test]
async fn links_between_records_are_typed() {
    let (_db, session) = with_users().await;
    let company = NewCompany { legal_name: "Initech".into(), staff: 0 };
    let company = session.create::<Company>().id(Uuid::new_v4()).content(company).await.unwrap();
    let user = session.create::<User>().content(NewUser { employer: Some(company.id), ..ada() }).await.unwrap();
    assert_eq!(user.employer, Some(company.id));
    let is_record: bool = session
        .query("RETURN type::is_record((SELECT VALUE employer FROM ONLY $id))")
        .bind("id", &user.id)
        .await
        .unwrap()
        .take(0)
        .unwrap();
    assert!(is_record);
}

#[async_test]
async fn id_of_another_table_or_key_does_not_decode() {
    let (_db, session) = place().await;
    let response = session.query("RETURN [user:1]; RETURN [company:ada]; RETURN [user:ada]").await.unwrap();
    for (index, names) in [(0, "key"), (1, "`user`")] {
        let error = response.take::<Vec<Id<User>>>(index).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(names), "{error}");
    }
    assert_eq!(response.take::<Vec<Id<User>>>(2).unwrap(), [Id::new("ada")]);
}

#[test]
fn id_is_text_in_json() {
    let id: Id<User> = Id::new("a b");
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(json, "\"user:`a b`\"");
    assert_eq!(serde_json::from_str::<Id<User>>(&json).unwrap(), id);
    assert_eq!("user:ada".parse::<Id<User>>().unwrap(), Id::new("ada"));
    assert!("company:ada".parse::<Id<User>>().is_err());
}

#[async_test]
async fn to_surql_and_debug_show_no_values() {
    let (_db, session) = place().await;
    let create = session.create::<User>().id("ada").content(ada());
    assert_eq!(create.to_surql(), "CREATE $_0 CONTENT $_1 RETURN AFTER -- $_0, $_1");
    assert!(!format!("{create:?}").contains("ada@example.com"));
    assert_eq!(session.select::<User>().to_surql(), "SELECT * FROM $_0 -- $_0");
    assert_eq!(session.select::<User>().id("a").to_surql(), "SELECT * FROM ONLY $_0 -- $_0");
}

async fn count_users(db: &impl Queryable) -> usize {
    db.select::<User>().await.unwrap().len()
}

#[async_test]
async fn verbs_work_on_connections_sessions_and_references() {
    let (db, session) = with_users().await;
    session.create::<User>().content(ada()).await.unwrap();
    let login = surreal_session_tests::login().await;
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    db.use_ns(session.namespace().unwrap()).use_db(session.database().unwrap()).await.unwrap();
    assert_eq!([count_users(&db).await, count_users(&session).await, count_users(&&session).await], [1, 1, 1]);
    let spawned = tokio::spawn(session.select::<User>().into_future());
    assert_eq!(spawned.await.unwrap().unwrap().len(), 1);
}
