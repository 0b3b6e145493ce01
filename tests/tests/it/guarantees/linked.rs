//! Writes whose filter follows a link: with limited permissions, concurrent ones, and past their timeout.

use std::collections::BTreeMap;
use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session::{Condition, ErrorKind, Fields};
use surreal_session_tests::async_test;

use super::{Task, keys, left, tasks};

fn orphan(task: Fields<Task>) -> Condition<Task> {
    task.parent.state.is_none()
}

/// A record user, in a database whose table of tasks has these permissions.
async fn restricted(db: &Surreal, session: &Session, permissions: &str) -> Session {
    let schema = format!(
        "DEFINE TABLE OVERWRITE task PERMISSIONS {permissions}; DEFINE TABLE member PERMISSIONS FULL;
        DEFINE ACCESS member ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)"
    );
    session.execute(Surql::dynamic(schema)).await.unwrap();
    let (namespace, database) = session.query("RETURN [$session.ns, $session.db]").await.unwrap().take(0).unwrap();
    let (namespace, database): (String, String) = (namespace, database);
    let user = db.new_session().await.unwrap();
    let access = RecordAccess::new(namespace, database, "member", BTreeMap::from([("name", "ada")]));
    user.signup(access).await.unwrap();
    user
}

#[async_test(not_send)]
async fn user_writes_records_that_it_may_select_and_write() {
    for (permissions, found, deleted) in [
        ("FOR select NONE, FOR update, delete FULL", &[][..], &[][..]),
        ("FOR select FULL, FOR update FULL, FOR delete NONE", &[1], &[]),
        ("FOR select, update FULL, FOR delete WHERE state = 'done'", &[1], &[]),
        // Records that the user may not select count as missing, also behind a link: the parent of 4 is done.
        ("FOR select WHERE state = 'open', FOR update, delete FULL", &[1, 4], &[1, 4]),
        ("FOR select, update, delete FULL", &[1], &[1]),
    ] {
        let (db, session) = tasks().await;
        let user = restricted(&db, &session, permissions).await;
        assert_eq!(keys(&user.select::<Task>().filter(orphan).await.unwrap()), found, "{permissions}");
        let deleted_now = user.delete::<Task>().filter(orphan).await.unwrap();
        assert_eq!(keys(&deleted_now), deleted, "{permissions}");
        let expected: Vec<i64> = (1..=4).filter(|key| !deleted.contains(key)).collect();
        assert_eq!(left(&session).await, expected, "{permissions}");
    }
}

#[async_test(not_send)]
async fn user_updates_records_that_it_may_select() {
    for (permissions, expected) in [
        ("FOR select NONE, FOR update FULL", &[][..]),
        ("FOR select FULL, FOR update NONE", &[]),
        ("FOR select, update FULL", &[1]),
    ] {
        let (db, session) = tasks().await;
        let user = restricted(&db, &session, permissions).await;
        let updated = user.update::<Task>().filter(orphan).set(|t| t.state.set("x")).await.unwrap();
        assert_eq!(keys(&updated), expected, "{permissions}");
        let changed = session.select::<Task>().filter(|t| t.state.eq("x")).await.unwrap();
        assert_eq!(keys(&changed), expected, "{permissions}");
    }
}

#[async_test]
async fn concurrent_writes_of_the_same_records_conflict() {
    let (_db, session) = tasks().await;
    let (first, second) = (session.begin_transaction().await.unwrap(), session.begin_transaction().await.unwrap());
    assert_eq!(keys(&first.delete::<Task>().filter(orphan).await.unwrap()), [1]);
    assert_eq!(keys(&second.delete::<Task>().filter(orphan).await.unwrap()), [1]);
    first.commit().await.unwrap();
    let error = second.commit().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Conflict, true));
    assert_eq!(left(&session).await, [2, 3, 4]);
}

#[async_test]
async fn write_past_its_timeout_writes_nothing() {
    let slow = |task: Fields<Task>| orphan(task) | Condition::raw("sleep(100ms) = 1");
    let (_db, session) = tasks().await;
    let timeout = Duration::from_millis(150);
    let error = session.delete::<Task>().filter(slow).timeout(timeout).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Query);
    let update = session.update::<Task>().filter(slow).set(|t| t.state.set("x")).timeout(timeout);
    assert_eq!(update.await.unwrap_err().kind(), ErrorKind::Query);
    assert_eq!(left(&session).await, [1, 2, 3, 4]);
    assert_eq!(session.select::<Task>().filter(|t| t.state.eq("x")).await.unwrap(), []);
}
