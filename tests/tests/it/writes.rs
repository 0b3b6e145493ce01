//! Typed writes: the effect and the result of each clause.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session::query::{Assign, PatchAction, PatchOp};
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
struct Address {
    city: String,
    zip: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct User {
    id: Id<User>,
    name: String,
    #[serde(rename = "mail")]
    email: Option<String>,
    age: u8,
    tags: Vec<String>,
    address: Option<Address>,
    #[record(readonly)]
    created_at: Datetime,
}

/// A record with all names that are special in a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "the `odd` one")]
struct Odd {
    id: Id<Odd, i64>,
    #[serde(rename = "a.b")]
    dotted: u8,
    #[serde(rename = "a/b")]
    slashed: u8,
    #[serde(rename = "back`tick")]
    ticked: u8,
    #[serde(rename = "1")]
    digit: u8,
    r#select: u8,
    value: u8,
}

fn named(name: &str, age: u8) -> NewUser {
    NewUser { name: name.into(), email: None, age, tags: Vec::new(), address: None }
}

fn paris() -> Address {
    Address { city: "Paris".into(), zip: None }
}

/// A session whose `user` table sets the creation time, with these users, whose keys are their names.
async fn with(users: &[(&str, u8)]) -> (Surreal, Session) {
    let (db, session) = place().await;
    let schema = "DEFINE TABLE user; DEFINE FIELD created_at ON user TYPE datetime READONLY DEFAULT time::now();";
    session.execute(schema).await.unwrap();
    for (name, age) in users {
        session.create::<User>().id(*name).content(named(name, *age)).await.unwrap();
    }
    (db, session)
}

async fn user(session: &Session, key: &str) -> User {
    session.select::<User>().id(key).await.unwrap().unwrap()
}

fn ages(users: &[User]) -> Vec<u8> {
    users.iter().map(|user| user.age).collect()
}

#[async_test]
async fn merge_changes_only_what_the_patch_sets() {
    let (_db, session) = with(&[("ada", 36)]).await;
    let before = user(&session, "ada").await;
    let update = || session.update::<User>().id("ada");
    let older = update().merge(UserPatch { age: set(37), ..keep() }).await.unwrap();
    assert_eq!(older, User { age: 37, ..before.clone() });
    let moved = update().merge(UserPatch { address: set(Some(paris())), ..keep() }).await.unwrap();
    assert_eq!(moved.address, Some(paris()));
    let zip = AddressPatch { zip: set(Some("75001".into())), ..keep() };
    let found = update().merge(UserPatch { address: merge(zip), ..keep() }).await.unwrap();
    assert_eq!(found.address, Some(Address { zip: Some("75001".into()), ..paris() }));
    let cleared = update().merge(UserPatch { address: unset(), email: unset(), ..keep() }).await.unwrap();
    assert_eq!(cleared, older);
    assert_eq!(user(&session, "ada").await, older);
}

#[async_test]
async fn difference_of_two_records_is_a_patch() {
    let (_db, session) = with(&[("ada", 36)]).await;
    let before = user(&session, "ada").await;
    let after = User { age: 37, address: Some(paris()), tags: vec!["new".into()], ..before.clone() };
    let update = session.update::<User>().id(&before.id).merge(UserPatch::diff(&before, &after));
    assert_eq!(update.await.unwrap(), after);
}

#[async_test]
async fn empty_patch_changes_nothing_and_returns_the_record() {
    let (_db, session) = with(&[("ada", 36)]).await;
    let before = user(&session, "ada").await;
    assert_eq!(session.update::<User>().id("ada").merge(keep()).await.unwrap(), before);
    assert_eq!(session.update::<User>().id("ada").set(|_| Vec::<Assign<User>>::new()).await.unwrap(), before);
    assert_eq!(session.update::<User>().all().merge(keep()).await.unwrap(), std::slice::from_ref(&before));
    assert_eq!(session.update::<User>().id("ada").patch(|_| []).await.unwrap(), before);
    for error in [
        session.update::<User>().id("nobody").merge(keep()).await.unwrap_err(),
        session.update::<User>().id("nobody").patch(|_| []).await.unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error:?}");
    }
    assert_eq!(user(&session, "ada").await, before);
}

#[async_test]
async fn content_and_replace_keep_readonly_fields() {
    let (_db, session) = with(&[("ada", 36)]).await;
    let full = UserPatch { address: set(Some(paris())), ..keep() };
    let before = session.update::<User>().id("ada").merge(full).await.unwrap();
    let written = session.update::<User>().id("ada").content(named("Ada L.", 37)).await.unwrap();
    let expected = User { name: "Ada L.".into(), age: 37, address: None, ..before };
    assert_eq!(written, expected);
    let replaced = session.update::<User>().id("ada").replace(named("Ada", 38)).await.unwrap();
    assert_eq!(replaced, User { name: "Ada".into(), age: 38, ..expected.clone() });

    session.execute("REMOVE FIELD created_at ON user").await.unwrap();
    let update = session.update::<User>().id("ada").replace(named("Ada L.", 37)).return_none();
    update.await.unwrap();
    assert_eq!(user(&session, "ada").await, expected);

    // Fields outside the type are removed, or their removal is refused.
    let other = "UPDATE user:ada SET other = 1; DEFINE FIELD other ON user READONLY";
    session.execute(other).await.unwrap();
    let error = session.update::<User>().id("ada").replace(named("Ada", 38)).await.unwrap_err();
    assert!(error.to_string().contains("field is readonly"), "{error}");
}

#[async_test]
async fn assignments_run_in_order() {
    let (_db, session) = with(&[("ada", 36), ("bob", 1)]).await;
    let update = || session.update::<User>().id("ada");
    let ada = update().set(|u| (u.age.add(1), u.tags.push("a"), u.tags.push("b"), u.email.set("x@y.z"))).await.unwrap();
    assert_eq!((ada.age, ada.tags, ada.email.as_deref()), (37, vec!["a".to_owned(), "b".to_owned()], Some("x@y.z")));
    // Fields are read before anything is written.
    let ada = update().set(|u| (u.age.mul(2), u.age.add(1), u.tags.remove("a"), u.name.set("Ada"))).await.unwrap();
    assert_eq!((ada.age, ada.tags), (75, vec!["b".to_owned()]));
    let ada = update().set(|u| (u.age.set(1), u.age.add(1), u.name.set("?"), u.email.set(u.name))).await.unwrap();
    assert_eq!((ada.age, ada.name.as_str(), ada.email.as_deref()), (2, "?", Some("Ada")));
    let ada = update().set(|u| (u.address.set(paris()), u.address.zip.set("1"), u.email.unset())).await.unwrap();
    assert_eq!((ada.address, ada.email), (Some(Address { zip: Some("1".into()), ..paris() }), None));
    let ada = update().set(|u| u.name.set(u.address.city)).await.unwrap();
    assert_eq!(ada.name, "Paris");

    for (birthday, rename) in [(true, None), (false, Some("Bobby")), (true, Some("Rob"))] {
        let update = session.update::<User>().filter(|u| u.age.lt(5)).set(|u| {
            let mut changes: Vec<Assign<User>> = vec![u.tags.push("seen")];
            if birthday {
                changes.push(u.age.add(1).into());
            }
            changes.extend(rename.map(|name| u.name.set(name)));
            changes
        });
        update.await.unwrap();
    }
    let bob = user(&session, "bob").await;
    assert_eq!((bob.age, bob.name.as_str(), bob.tags.len()), (3, "Rob", 3));
}

#[async_test]
async fn patches_are_applied_as_a_whole_or_not_at_all() {
    let (_db, session) = with(&[("ada", 36)]).await;
    let before = session.update::<User>().id("ada").set(|u| u.address.set(paris())).await.unwrap();
    let update = || session.update::<User>().id("ada");
    let ada = update()
        .patch(|u| {
            [
                PatchOp::test(u.age, 36),
                PatchOp::replace(u.age, 37),
                PatchOp::replace(u.address.city, "Rome"),
                PatchOp::add(u.tags, vec!["a".to_owned(), "b".to_owned()]),
                PatchOp::replace(u.tags.at::<0>(), "first"),
                PatchOp::copy(u.name, u.email),
                PatchOp::add("/tags/-", "last"),
            ]
        })
        .await
        .unwrap();
    assert_eq!((ada.age, ada.email.as_deref()), (37, Some("ada")));
    assert_eq!(ada.address.as_ref().unwrap().city, "Rome");
    assert_eq!(ada.tags, ["first", "b", "last"]);
    let moved = update().patch(|u| vec![PatchOp::move_to(u.email, u.name), PatchOp::remove(u.address)]).await.unwrap();
    assert_eq!((moved.name, moved.email, moved.address), ("ada".to_owned(), None, None));

    let stored = user(&session, "ada").await;
    for (ops, reason) in [
        (vec![PatchOp::replace("/age", 1), PatchOp::test("/age", 2)], "test operation failed"),
        (vec![PatchOp::replace("/age", 1), PatchOp::replace("/tags/9", "x")], "out of bounds"),
        (vec![PatchOp::replace("/created_at", 1)], "created_at"),
    ] {
        let error = update().patch(|_| ops).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    // No patch changes the id.
    assert_eq!(update().patch(|_| [PatchOp::replace("/id", "x")]).await.unwrap(), stored);
    assert_eq!(user(&session, "ada").await, stored);
    assert_eq!(before.id, stored.id);
}

#[async_test]
async fn hostile_names_stay_names() {
    let (_db, session) = place().await;
    let new = NewOdd { dotted: 1, slashed: 2, ticked: 3, digit: 4, r#select: 5, value: 6 };
    let odd = session.create::<Odd>().id(1).content(new.clone()).await.unwrap();
    let expected = Odd { dotted: 10, slashed: 20, ticked: 30, digit: 40, r#select: 50, value: 60, ..odd.clone() };
    let patch = OddPatch {
        dotted: set(10),
        slashed: set(20),
        ticked: set(30),
        digit: set(40),
        r#select: set(50),
        value: set(60),
    };
    assert_eq!(session.update::<Odd>().id(1).merge(patch).await.unwrap(), expected);
    let doubled = session
        .update::<Odd>()
        .filter(|o| o.dotted.eq(10) & o.ticked.eq(30))
        .set(|o| (o.dotted.mul(2), o.slashed.mul(2), o.ticked.mul(2), o.digit.mul(2), o.select.mul(2), o.value.mul(2)));
    let doubled = doubled.await.unwrap();
    assert_eq!((doubled[0].dotted, doubled[0].slashed, doubled[0].ticked), (20, 40, 60));
    assert_eq!((doubled[0].digit, doubled[0].select, doubled[0].value), (80, 100, 120));
    let patched = session
        .update::<Odd>()
        .id(1)
        .patch(|o| [PatchOp::replace(o.ticked, 1), PatchOp::replace(o.digit, 2), PatchOp::test(o.select, 100)]);
    let patched = patched.await.unwrap();
    assert_eq!((patched.ticked, patched.digit), (1, 2));
    // The server would read these as paths into objects.
    for op in [PatchOp::replace, PatchOp::add] {
        let error = session.update::<Odd>().id(1).patch(|o| [op(o.dotted, 1)]).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Encode, Delivery::NotSent));
        assert!(error.to_string().contains("cannot name the field `a.b`"), "{error}");
    }
    let error = session.update::<Odd>().id(1).patch(|o| [PatchOp::test(o.slashed, 1)]).await.unwrap_err();
    assert!(error.to_string().contains("cannot name the field `a/b`"), "{error}");
}

#[async_test]
async fn value_that_cannot_be_sent_stops_the_write() {
    #[derive(Debug, Serialize, Deserialize, Record)]
    struct Big {
        id: Id<Big>,
        number: u64,
    }

    let (_db, session) = place().await;
    session.create::<Big>().id("a").content(NewBig { number: 1 }).await.unwrap();
    let update = || session.update::<Big>().id("a");
    for error in [
        update().content(NewBig { number: u64::MAX }).await.unwrap_err(),
        update().replace(NewBig { number: u64::MAX }).await.unwrap_err(),
        update().merge(BigPatch { number: set(u64::MAX) }).await.unwrap_err(),
        update().set(|b| b.number.set(u64::MAX)).await.unwrap_err(),
        update().patch(|b| [PatchOp::replace(b.number, u64::MAX)]).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Encode, Delivery::NotSent), "{error:?}");
        assert!(error.to_string().contains("18446744073709551615"), "{error}");
    }
    assert_eq!(session.select::<Big>().id("a").await.unwrap().unwrap().number, 1);
}

#[async_test]
async fn filter_selects_the_records_to_change() {
    let (_db, session) = with(&[("ada", 36), ("bob", 5), ("cyd", 70)]).await;
    let adults = session.update::<User>().filter(|u| u.age.gte(18)).filter(|u| u.age.lt(60)).set(|u| u.age.add(1));
    assert_eq!(ages(&adults.await.unwrap()), [37]);
    let none = session.update::<User>().filter(|u| u.age.gt(100)).merge(UserPatch { age: set(0), ..keep() });
    assert_eq!(none.await.unwrap(), []);
    let all = session.update::<User>().all().merge(UserPatch { age: set(1), ..keep() });
    assert_eq!(ages(&all.await.unwrap()), [1, 1, 1]);
    let one = session.update::<User>().all().filter(|u| u.name.eq("cyd")).set(|u| u.age.set(2)).await.unwrap();
    assert_eq!(ages(&one), [2]);
    let gone = session.delete::<User>().filter(|u| u.age.eq(1)).await.unwrap();
    assert_eq!(gone.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["ada", "bob"]);
    assert_eq!(session.delete::<User>().all().await.unwrap().len(), 1);
    assert_eq!(session.delete::<User>().all().await.unwrap(), []);
}

#[async_test]
async fn filter_on_one_record_is_a_condition_for_its_change() {
    let (_db, session) = with(&[("ada", 36)]).await;
    let seen = user(&session, "ada").await;
    let change = || session.update::<User>().id(&seen.id).filter(|u| u.age.eq(seen.age)).set(|u| u.age.add(1));
    assert_eq!(change().await.unwrap().age, 37);
    let error = change().await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    let message = "no record came back for `user:ada`: it does not exist or does not pass the filter, or this session \
                   may not update or read it";
    assert_eq!(error.to_string(), message);
    assert_eq!(change().optional().await.unwrap(), None);
    assert!(session.delete::<User>().id("ada").filter(|u| u.age.eq(36)).await.unwrap_err().is_not_found());
    assert_eq!(session.delete::<User>().id("ada").filter(|u| u.age.eq(37)).await.unwrap().age, 37);
}

#[async_test]
async fn write_returns_what_its_return_clause_selects() {
    let (_db, session) = with(&[("ada", 36)]).await;
    let before = user(&session, "ada").await;
    let set = |age: u8| session.update::<User>().id("ada").set(move |u| u.age.set(age));
    assert_eq!(set(37).return_before().await.unwrap(), before);
    assert_eq!(set(38).return_diff().await.unwrap(), [PatchOp::replace("/age", 38)]);
    assert_eq!(set(38).return_diff().await.unwrap(), []);
    let () = set(39).return_none().await.unwrap();
    assert_eq!(set(40).return_before().optional().await.unwrap().unwrap().age, 39);
    assert_eq!(set(41).optional().return_none().await.unwrap(), Some(()));
    assert_eq!(user(&session, "ada").await.age, 41);

    let all = || session.update::<User>().all().set(|u| u.age.add(1));
    assert_eq!(ages(&all().return_before().await.unwrap()), [41]);
    assert_eq!(all().return_diff().await.unwrap(), [[PatchOp::replace("/age", 43)]]);
    let () = all().return_none().await.unwrap();

    let new = || session.create::<User>().content(named("New", 1));
    let () = new().return_none().await.unwrap();
    assert_eq!(new().return_before().await.unwrap(), None);
    let diff = new().return_diff().await.unwrap();
    assert_eq!((diff.len(), diff[0].action(), diff[0].path()), (1, PatchAction::Replace, ""));

    let upsert = |key: &str| session.upsert::<User>().id(key).content(named("Up", 1));
    assert_eq!(upsert("up").return_before().await.unwrap(), None);
    assert_eq!(upsert("up").return_before().await.unwrap().map(|user| user.name).as_deref(), Some("Up"));
    let () = upsert("up").return_none().await.unwrap();
    assert_eq!(upsert("up").return_diff().await.unwrap(), []);

    let () = session.delete::<User>().id("up").return_none().await.unwrap();
    let diff = session.delete::<User>().id("ada").return_diff().await.unwrap();
    assert_eq!(diff, [PatchOp::replace("", Value::None)]);
    let () = session.delete::<User>().all().return_none().await.unwrap();
    assert_eq!(session.select::<User>().count().await.unwrap(), 0);
}

#[async_test]
async fn missing_record_is_not_found_unless_optional() {
    let (_db, session) = with(&[("ada", 36)]).await;
    let update = || session.update::<User>().id("nobody").merge(UserPatch { age: set(1), ..keep() });
    let delete = || session.delete::<User>().id("nobody");
    for error in [
        update().await.map(drop).unwrap_err(),
        update().return_none().await.unwrap_err(),
        update().return_before().await.map(drop).unwrap_err(),
        update().return_diff().await.map(drop).unwrap_err(),
        delete().await.map(drop).unwrap_err(),
        delete().return_none().await.unwrap_err(),
    ] {
        assert!(error.is_not_found() && error.statement() == Some(0), "{error:?}");
        assert!(error.to_string().contains("`user:nobody`"), "{error}");
    }
    assert_eq!(update().optional().await.unwrap(), None);
    assert_eq!(update().optional().return_none().await.unwrap(), None);
    assert_eq!(delete().optional().await.unwrap(), None);
    assert_eq!(session.delete::<User>().id("ada").optional().await.unwrap().map(|user| user.age), Some(36));
}

#[async_test]
async fn upsert_by_id_changes_or_creates_the_record() {
    let (_db, session) = with(&[("ada", 36)]).await;
    let ada = session.upsert::<User>().id("ada").set(|u| u.age.add(1)).await.unwrap();
    assert_eq!((ada.name.as_str(), ada.age), ("ada", 37));
    let bob = session.upsert::<User>().id("bob").content(named("Bob", 1)).await.unwrap();
    assert_eq!((bob.name.as_str(), bob.age), ("Bob", 1));
    // A created record has only the written fields, and may be incomplete.
    let error = session.upsert::<User>().id("cyd").set(|u| u.age.add(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
    session.upsert::<User>().id("cyd").set(|u| u.age.add(1)).return_none().await.unwrap();
    let age: u8 = session.query("RETURN user:cyd.age").await.unwrap().take(0).unwrap();
    assert_eq!(age, 2);
    // A record that does not pass the filter is not changed.
    let filtered = || session.upsert::<User>().id("ada").filter(|u| u.age.eq(1)).set(|u| u.age.set(2));
    assert!(filtered().await.unwrap_err().is_not_found());
    assert_eq!(filtered().optional().await.unwrap(), None);
}

#[async_test]
async fn upsert_by_filter_creates_a_record_if_none_matches() {
    let (_db, session) = with(&[("ada", 36), ("bob", 36)]).await;
    let upsert = |age: u8| session.upsert::<User>().filter(move |u| u.age.eq(age)).content(named("New", 5));
    let changed = upsert(36).await.unwrap();
    assert_eq!(changed.iter().map(|user| user.id.to_string()).collect::<Vec<_>>(), ["user:ada", "user:bob"]);
    let made = upsert(99).await.unwrap();
    assert_eq!((made.len(), made[0].age), (1, 5), "it does not have to pass the filter");
    assert_eq!(session.upsert::<User>().all().set(|u| u.age.set(7)).await.unwrap().len(), 3);
    session.delete::<User>().all().return_none().await.unwrap();
    assert_eq!(session.upsert::<User>().all().content(named("Only", 1)).await.unwrap().len(), 1);
    assert_eq!(session.select::<User>().count().await.unwrap(), 1);
}

#[async_test]
async fn upsert_finds_the_record_that_a_unique_index_names() {
    let (_db, session) = with(&[]).await;
    session.execute("DEFINE INDEX by_name ON user FIELDS name UNIQUE").await.unwrap();
    let upsert = |name: &str, age| session.upsert::<User>().by_unique_index().content(named(name, age));
    let ada = upsert("Ada", 36).await.unwrap();
    let older = upsert("Ada", 37).await.unwrap();
    assert_eq!((&older.id, older.age), (&ada.id, 37));
    assert_ne!(upsert("Bob", 1).await.unwrap().id, ada.id);
    let error = session.upsert::<User>().id("other").content(named("Ada", 1)).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
    // If no record passes the filter, and the new one violates a unique index, nothing is written.
    let taken = session.upsert::<User>().filter(|u| u.age.eq(99)).content(named("Ada", 1)).await.unwrap();
    assert_eq!(taken, []);
    assert_eq!(user(&session, ada.id.key()).await, older);
}

#[async_test]
async fn record_that_the_identity_may_not_touch_is_not_found() {
    let (db, session) = with(&[("ada", 36)]).await;
    let schema = "
        DEFINE ACCESS member ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name);
        DEFINE TABLE OVERWRITE user PERMISSIONS FOR select FULL, FOR update WHERE age < 10;
        CREATE user:kid SET name = 'kid', age = 5, tags = [];
    ";
    session.execute(schema).await.unwrap();
    let member = db.new_session().await.unwrap();
    let (ns, database) = (session.namespace().unwrap(), session.database().unwrap());
    member.signup(RecordAccess::new(ns, database, "member", BTreeMap::from([("name", "m")]))).await.unwrap();
    let change = |key: &str| member.update::<User>().id(key).set(|u| u.tags.push("x"));
    assert!(change("ada").await.unwrap_err().is_not_found());
    assert_eq!(change("ada").optional().await.unwrap(), None);
    assert_eq!(change("kid").await.unwrap().tags, ["x"]);
    assert_eq!(member.update::<User>().all().set(|u| u.tags.push("y")).await.unwrap().len(), 1);
    assert!(member.delete::<User>().id("ada").await.unwrap_err().is_not_found());
    assert_eq!(member.delete::<User>().all().await.unwrap(), []);
    assert!(member.create::<User>().content(named("Me", 1)).await.unwrap_err().is_not_found());
    assert!(member.upsert::<User>().id("me").content(named("Me", 1)).await.unwrap_err().is_not_found());
    assert_eq!(session.select::<User>().count().await.unwrap(), 2);
}

#[async_test]
async fn server_stops_at_the_timeout() {
    let (_db, session) = with(&[("ada", 36)]).await;
    session.execute("DEFINE EVENT slow ON user THEN { sleep(10s) }").await.unwrap();
    let limit = Duration::from_millis(1);
    for error in [
        session.update::<User>().id("ada").set(|u| u.age.add(1)).timeout(limit).await.map(drop).unwrap_err(),
        session.create::<User>().content(named("Bob", 1)).timeout(limit).await.map(drop).unwrap_err(),
        session.upsert::<User>().id("bob").content(named("Bob", 1)).timeout(limit).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Query, "{error:?}");
        assert_eq!(error.server().unwrap().details().unwrap().kind(), "TimedOut");
    }
    let gone = session.delete::<User>().id("ada").timeout(Duration::from_secs(30)).await.unwrap();
    assert_eq!(gone.age, 36, "nothing was written");
}

#[async_test]
async fn to_surql_and_debug_of_a_write_show_no_values() {
    let (_db, session) = place().await;
    let update = || session.update::<User>().id("ada");
    let hunter = || named("hunter2", 1);
    let limit = Duration::from_secs(1);
    for (shown, expected) in [
        (session.create::<User>().content(hunter()).to_surql(), "CREATE $_0 CONTENT $_1 RETURN AFTER -- $_0, $_1"),
        (
            update().content(hunter()).return_none().timeout(limit).to_surql(),
            "UPDATE $_0 CONTENT { created_at: created_at } + $_1 RETURN NULL TIMEOUT $_2 -- $_0, $_1, $_2",
        ),
        (
            update().replace(hunter()).return_before().to_surql(),
            "UPDATE $_0 REPLACE { created_at: created_at } + $_1 RETURN BEFORE -- $_0, $_1",
        ),
        (
            update().merge(UserPatch { name: set("hunter2".into()), age: set(1), ..keep() }).to_surql(),
            "UPDATE $_0 SET name = $_1, age = $_2 RETURN AFTER -- $_0, $_1, $_2",
        ),
        (update().merge(keep()).to_surql(), "UPDATE $_0 RETURN AFTER -- $_0"),
        (
            update().set(|u| (u.age.add(1), u.address.city.set("hunter2"), u.email.unset())).return_diff().to_surql(),
            "UPDATE $_0 SET age += $_1, address.city = IF address > NULL { $_2 } ELSE { NONE }, mail = NONE RETURN DIFF -- $_0, $_1, $_2",
        ),
        (
            update().patch(|u| [PatchOp::test(u.name, "hunter2")]).to_surql(),
            "UPDATE $_0 PATCH $_1 RETURN AFTER -- $_0, $_1",
        ),
        (
            session.update::<User>().all().set(|u| u.age.add(1)).return_none().to_surql(),
            "UPDATE $_0 SET age += $_1 RETURN NONE -- $_0, $_1",
        ),
        (
            session.upsert::<User>().all().set(|u| u.age.add(1)).to_surql(),
            "UPSERT $_0 SET age += $_1 WHERE true RETURN AFTER -- $_0, $_1",
        ),
        (session.delete::<User>().id("ada").to_surql(), "DELETE $_0 RETURN BEFORE -- $_0"),
    ] {
        assert_eq!(shown, expected);
    }
    let debug = format!("{:?}", update().filter(|u| u.name.eq("hunter2")).content(hunter()));
    assert!(
        debug.starts_with("Write(UPDATE $_0 CONTENT { created_at: created_at } + $_1 WHERE")
            && !debug.contains("hunter2"),
        "{debug}"
    );
}
