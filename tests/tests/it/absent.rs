//! Creates of records that may exist, upserts that say whether they created, and updates with a patch for each record.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::write::Upserted;
use surreal_session_tests::{async_test, login, place, unique};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Visits {
    id: Id<Visits>,
    count: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    mail: String,
    age: u8,
    nickname: Option<String>,
}

fn new(mail: &str, age: u8) -> NewUser {
    NewUser { mail: mail.into(), age, nickname: None }
}

fn user(id: &str, mail: &str, age: u8) -> User {
    User { id: Id::new(id), mail: mail.into(), age, nickname: None }
}

fn aged(age: u8) -> UserPatch {
    UserPatch { age: set(age), ..keep() }
}

#[async_test]
async fn create_if_absent_leaves_a_record_that_exists() {
    let (_db, session) = place().await;
    let create = |mail: &str| session.create::<User>().id("ada").if_absent().content(new(mail, 36));
    assert_eq!(create("a").await.unwrap(), Some(user("ada", "a", 36)));
    assert_eq!(create("b").await.unwrap(), None);
    assert!(!create("c").return_none().await.unwrap());
    assert_eq!(session.select::<User>().await.unwrap(), [user("ada", "a", 36)]);
    let bob = session.create::<User>().id("bob").if_absent();
    assert!(bob.content_with(new("b", 1), |u| u.age.set(2)).return_none().await.unwrap());
    assert_eq!(session.select::<User>().id("bob").await.unwrap(), Some(user("bob", "b", 2)));

    let batch = session.batch((create("d"), session.create::<User>().id("cyd").if_absent().content(new("c", 3))));
    assert_eq!(batch.atomic().await.unwrap(), (None, Some(user("cyd", "c", 3))));
}

#[async_test]
async fn create_if_absent_goes_on_in_a_transaction() {
    let (_db, session) = place().await;
    session.create::<User>().id("ada").content(new("a", 36)).await.unwrap();
    let tx = session.begin_transaction().await.unwrap();
    let create = |id: &str| tx.create::<User>().id(id).if_absent().content(new(id, 1));
    assert_eq!(create("ada").await.unwrap(), None);
    assert_eq!(create("bob").await.unwrap(), Some(user("bob", "bob", 1)));
    assert_eq!(create("bob").await.unwrap(), None, "created before in the same transaction");
    tx.commit().await.unwrap();
    assert_eq!(session.select::<User>().count().await.unwrap(), 2);
}

#[async_test]
async fn of_many_at_the_same_time_one_creates() {
    let (db, session) = place().await;
    session.execute("DEFINE TABLE user").await.unwrap();
    let mut calls = Vec::new();
    for number in 0..12_u8 {
        let session = session.fork().await.unwrap();
        let create = session.create::<User>().id("ada").if_absent().content(new("a", number)).retries(50);
        calls.push(tokio::spawn(create.into_future()));
    }
    let mut created = Vec::new();
    for call in calls {
        created.extend(call.await.unwrap().unwrap());
    }
    assert_eq!(created.len(), 1);
    assert_eq!(session.select::<User>().await.unwrap(), created);
    drop(db);
}

#[async_test]
async fn create_if_absent_fails_for_what_is_not_the_id() {
    let (db, session) = place().await;
    session.execute("DEFINE TABLE user; DEFINE INDEX mail ON user FIELDS mail UNIQUE").await.unwrap();
    session.create::<User>().id("ada").content(new("a", 36)).await.unwrap();
    let error = session.create::<User>().id("bob").if_absent().content(new("a", 1)).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error}");

    let text =
        "DEFINE TABLE person; DEFINE ACCESS account ON DATABASE TYPE RECORD SIGNUP (CREATE person) SIGNIN (NONE);
        DEFINE TABLE OVERWRITE user PERMISSIONS FOR select WHERE age < 18, FOR create WHERE age > 9";
    session.execute(text).await.unwrap();
    let access = RecordAccess::new(
        session.namespace().unwrap(),
        session.database().unwrap(),
        "account",
        BTreeMap::<String, i64>::new(),
    );
    let guest = db.new_session().signup(access).await.unwrap();
    let create = |id: &str, age| guest.create::<User>().id(id).if_absent().content(new(id, age));
    assert_eq!(create("ada", 17).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(create("kim", 9).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(create("lee", 17).await.unwrap(), Some(user("lee", "lee", 17)));
    assert_eq!(create("lee", 17).await.unwrap(), None);
}

#[async_test]
async fn an_upsert_says_whether_it_created() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE user; DEFINE INDEX mail ON user FIELDS mail UNIQUE").await.unwrap();
    let upsert = |age| session.upsert::<User>().id("ada").content(new("a", age)).return_created();
    let Upserted { record, created, .. } = upsert(36).await.unwrap();
    assert_eq!((record, created), (user("ada", "a", 36), true));
    let Upserted { record, created, .. } = upsert(37).await.unwrap();
    assert_eq!((record, created), (user("ada", "a", 37), false));

    let again = session.upsert::<User>().by_unique_index().content(new("a", 38)).return_created().await.unwrap();
    assert_eq!((again.record, again.created), (user("ada", "a", 38), false));
    let counts = session.upsert::<Visits>().ids(["a", "b"]).set(|v| v.count.add(1)).return_created();
    let counts: Vec<_> =
        counts.await.unwrap().into_iter().map(|visits| (visits.record.count, visits.created)).collect();
    assert_eq!(counts, [(1, true), (1, true)]);
    let found = session.upsert::<Visits>().filter(|v| v.count.eq(1)).set(|v| v.count.add(1)).return_created();
    assert!(found.await.unwrap().iter().all(|visits| !visits.created));
    let optional = session.upsert::<Visits>().id("c").set(|v| v.count.add(1)).optional().return_created();
    assert!(optional.await.unwrap().is_some_and(|visits| visits.created));
}

#[async_test]
async fn fields_that_are_hidden_do_not_change_whether_an_upsert_created() {
    let (db, session) = place().await;
    let text =
        "DEFINE TABLE person; DEFINE ACCESS account ON DATABASE TYPE RECORD SIGNUP (CREATE person) SIGNIN (NONE);
        DEFINE TABLE user PERMISSIONS FULL; DEFINE FIELD nickname ON user PERMISSIONS FOR select NONE";
    session.execute(text).await.unwrap();
    let access = RecordAccess::new(
        session.namespace().unwrap(),
        session.database().unwrap(),
        "account",
        BTreeMap::<String, i64>::new(),
    );
    let guest = db.new_session().signup(access).await.unwrap();
    let hidden = NewUser { nickname: Some("hidden".into()), ..new("a", 1) };
    for created in [true, false] {
        let upserted = guest.upsert::<User>().id("ada").content(hidden.clone()).return_created().await.unwrap();
        assert_eq!((upserted.record, upserted.created), (user("ada", "a", 1), created));
    }
}

#[async_test]
async fn each_patch_changes_its_record_and_missing_ones_are_none() {
    let (_db, session) = place().await;
    let rows: Vec<_> = (0..30_u8).map(|age| (format!("u{age}"), new("m", age))).collect();
    session.insert(rows).await.unwrap();
    let mut patches: Vec<_> = (0..30_u8).map(|age| (format!("u{age}"), aged(age + 100))).collect();
    patches.insert(7, ("missing".into(), aged(1)));
    patches.push(("u3".into(), UserPatch { nickname: set(Some("twice".into())), ..keep() }));
    for chunk in [500, 4] {
        let users = session.update::<User>().each(patches.clone()).chunk(chunk).await.unwrap();
        assert_eq!(users.len(), 32);
        for (index, ((id, _), user)) in patches.iter().zip(&users).enumerate() {
            match user {
                Some(user) => assert_eq!(user.id, Id::new(id.as_str())),
                None => assert_eq!(index, 7),
            }
        }
        assert_eq!(users[31].as_ref().unwrap().nickname.as_deref(), Some("twice"));
        assert_eq!(users[31].as_ref().unwrap().age, 103, "its first patch is kept");
    }
    let written = session.update::<User>().each(patches.clone()).chunk(4).return_none().await.unwrap();
    assert_eq!(written.iter().position(|written| !written), Some(7));
    assert_eq!(written.iter().filter(|written| **written).count(), 31);
    assert_eq!(session.update::<User>().each(Vec::<(&str, UserPatch)>::new()).await.unwrap(), []);
    let none = session.update::<User>().each([("u1", aged(1))]).chunk(0).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::InvalidArgument);
}

#[async_test]
async fn a_request_of_patches_is_carried_out_as_a_whole() {
    let (_db, session) = place().await;
    session.execute("DEFINE TABLE user; DEFINE FIELD age ON user TYPE int ASSERT $value < 200").await.unwrap();
    session.insert((0..10_u8).map(|age| (format!("u{age}"), new("m", age))).collect::<Vec<_>>()).await.unwrap();
    let patches = || (0..10_u8).map(|age| (format!("u{age}"), aged(if age == 5 { 250 } else { 100 + age })));
    let ages = async || session.query("SELECT VALUE age FROM user").await.unwrap().take::<Vec<u8>>(0).unwrap();

    let error = session.update::<User>().each(patches()).await.unwrap_err();
    assert!(error.violation().is_some(), "{error}");
    assert_eq!(ages().await, (0..10).collect::<Vec<u8>>());

    let error = session.update::<User>().each(patches()).chunk(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PartlyApplied);
    assert!(error.to_string().starts_with("rows 4 to 5 of 10 failed after 4 rows were carried out: "), "{error}");
    assert_eq!(ages().await, [100, 101, 102, 103, 4, 5, 6, 7, 8, 9]);

    let tx = session.begin_transaction().await.unwrap();
    assert!(tx.update::<User>().each(patches()).chunk(2).await.is_err());
    assert!(tx.commit().await.is_err());
    let batch = session.batch((session.update::<User>().each([("u0", aged(1))]), session.delete::<User>().id("none")));
    assert!(batch.atomic().await.is_err());
    assert_eq!(ages().await[0], 100);
}

#[async_test]
async fn patches_are_sent_in_messages_that_fit() {
    let (_db, session) = place().await;
    let login = login().await;
    let small = Surreal::connect(login.url).max_message_bytes(20_000).await.unwrap();
    let root = Root::new(login.username, login.password);
    let small =
        small.new_session().signin(root).use_ns(session.namespace().unwrap()).use_db(unique("db")).await.unwrap();
    small.insert((0..50).map(|key| (format!("u{key}"), new("m", 1))).collect::<Vec<_>>()).return_none().await.unwrap();
    let long = "x".repeat(2_000);
    let patches = (0..50).map(|key| (format!("u{key}"), UserPatch { mail: set(long.clone()), ..keep() }));
    let written = small.update::<User>().each(patches).return_none().deadline(Duration::from_mins(1)).await.unwrap();
    assert_eq!(written, [true; 50]);
    assert_eq!(small.select::<User>().filter(|u| u.mail.eq(&long)).count().await.unwrap(), 50);
    let too_long = "x".repeat(30_000);
    let patch = UserPatch { mail: set(too_long), ..keep() };
    let error = small.update::<User>().each([("u1", patch)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}
