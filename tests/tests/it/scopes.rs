//! Records with `#[record(scope = "..")]`: a condition of every read and change, unless the program says `unscoped`.

use serde::{Deserialize, Serialize};
use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, place};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(scope = "deleted_at <= NULL")]
struct User {
    id: Id<User>,
    name: String,
    deleted_at: Option<Datetime>,
    #[record(version)]
    version: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation, scope = "!hidden")]
struct Knows {
    id: Id<Knows>,
    r#in: Id<User>,
    out: Id<User>,
    hidden: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize, View)]
#[record(of = User)]
struct Name {
    name: String,
}

/// Ada and Bob are there, Cleo is deleted.
async fn with_users() -> (Surreal, Session) {
    let (db, session) = place().await;
    for (key, name) in [("ada", "Ada"), ("bob", "Bob"), ("cleo", "Cleo")] {
        let deleted_at = (key == "cleo").then(Datetime::now);
        session.create::<User>().id(key).content(NewUser { name: name.into(), deleted_at }).await.unwrap();
    }
    for (from, to, hidden) in [("ada", "bob", false), ("ada", "cleo", false), ("bob", "ada", true)] {
        session.relate(NewKnows { r#in: Id::new(from), out: Id::new(to), hidden }).await.unwrap();
    }
    (db, session)
}

fn names(users: Vec<User>) -> Vec<String> {
    users.into_iter().map(|user| user.name).collect()
}

#[async_test]
async fn reads_leave_out_what_is_outside() {
    let (_db, session) = with_users().await;
    let users = || session.select::<User>();
    assert_eq!(names(users().await.unwrap()), ["Ada", "Bob"]);
    assert_eq!(names(users().unscoped().await.unwrap()), ["Ada", "Bob", "Cleo"]);
    assert_eq!(users().id("cleo").await.unwrap(), None);
    assert!(users().id("cleo").one().await.unwrap_err().is_not_found());
    assert_eq!(users().id("cleo").unscoped().await.unwrap().unwrap().name, "Cleo");
    assert_eq!(names(users().ids(["cleo", "ada"]).await.unwrap()), ["Ada"]);
    assert_eq!(names(users().range("b"..).await.unwrap()), ["Bob"]);
    assert_eq!((users().count().await.unwrap(), users().unscoped().count().await.unwrap()), (2, 3));
    assert!(!users().filter(|u| u.name.eq("Cleo")).exists().await.unwrap());
    assert!(users().filter(|u| u.name.eq("Cleo")).unscoped().exists().await.unwrap());
    assert_eq!(users().values(|u| u.name).await.unwrap(), ["Ada", "Bob"]);
    assert_eq!(users().aggregate(|_| count()).await.unwrap(), 2);
    assert_eq!(users().page(1, None).await.unwrap().rows.len(), 1);
    assert_eq!(users().page_at(1, 1).await.unwrap().total, 2);
    let streamed: Vec<User> = futures_util::TryStreamExt::try_collect(users().stream()).await.unwrap();
    assert_eq!(names(streamed), ["Ada", "Bob"]);
    assert_eq!(users().view::<Name>().await.unwrap().len(), 2);
    let known = session.traverse(&Id::<User>::new("ada")).out::<Knows>().to::<User>().await.unwrap();
    assert_eq!(names(known), ["Bob"]);
    assert!(session.traverse(&Id::<User>::new("bob")).out::<Knows>().await.unwrap().is_empty());
}

#[async_test]
async fn changes_leave_what_is_outside_as_it_is() {
    let (_db, session) = with_users().await;
    let error = session.update::<User>().id("cleo").set(|u| u.name.set("X")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("outside of the scope `deleted_at <= NULL`"), "{error}");
    let error = session.delete::<User>().id("cleo").await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("scope"), "{error}");
    let error = session.update::<User>().id("cleo").set(|u| u.name.set("X")).if_version(1).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let all = session.update::<User>().all().set(|u| u.name.set("Y")).await.unwrap();
    assert_eq!(all.len(), 2);
    let restored = session.update::<User>().unscoped().id("cleo").set(|u| u.deleted_at.unset()).await.unwrap();
    assert_eq!((restored.name.as_str(), restored.deleted_at), ("Cleo", None));
    let filtered = session.delete::<User>().filter(|u| u.name.eq("Cleo") | u.name.eq("Y")).await.unwrap();
    assert_eq!(filtered.len(), 3);
    session
        .create::<User>()
        .id("dora")
        .content(NewUser { name: "Dora".into(), deleted_at: Some(Datetime::now()) })
        .await
        .unwrap();
    assert!(session.delete::<User>().all().await.unwrap().is_empty());
    assert_eq!(session.delete::<User>().unscoped().all().await.unwrap().len(), 1);
    let each =
        session.update::<User>().each([("nobody", UserPatch { name: set("Z".into()), ..keep() })]).await.unwrap();
    assert_eq!(each, [None]);
}

#[async_test]
async fn live_queries_follow_what_is_inside() {
    let (_db, session) = with_users().await;
    let (rows, mut changes) = session.live::<User>().as_set().snapshot().await.unwrap();
    assert_eq!(rows.len(), 2);
    let (all, _) = session.live::<User>().unscoped().as_set().snapshot().await.unwrap();
    assert_eq!(all.len(), 3);
    session
        .update::<User>()
        .id("bob")
        .set(|u| u.deleted_at.set(Datetime::now()))
        .return_none()
        .optional()
        .await
        .unwrap();
    loop {
        let event = futures_util::StreamExt::next(&mut changes).await.unwrap().unwrap();
        if let LiveEvent::Change(change) = event {
            assert_eq!((change.action, change.id), (Action::Delete, Id::new("bob")));
            break;
        }
    }
}
