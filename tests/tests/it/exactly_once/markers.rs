//! The table of markers: its definition, the rights to it, and old markers.

use surreal_session::auth::RecordAccess;
use surreal_session::value::Table;
use surreal_session_tests::{connect, unique};

use super::*;

/// A marker that can be claimed, although its transaction was not under way.
async fn marker(beside: &Session) -> CommitMarker {
    let at: Datetime = beside.query("RETURN time::now()").await.unwrap().take(0).unwrap();
    written_at(beside, at)
}

fn written_at(beside: &Session, at: Datetime) -> CommitMarker {
    let (id, namespace) = (RecordId::new("commit_marker", "m"), beside.namespace());
    let json = serde_json::json!({"id": id, "namespace": namespace, "database": "test", "written_at": at});
    serde_json::from_value(json).unwrap()
}

#[async_test]
async fn table_can_be_defined_again_and_under_another_name() {
    let (_db, session) = bank().await;
    CommitMarker::define(&session).await.unwrap();
    let name = Table::new("paid once");
    CommitMarker::define_in(&session, name.clone()).await.unwrap();
    let run = session.transaction().exactly_once_in(name.clone()).run(async |tx| {
        let both: Vec<usize> =
            tx.query("RETURN [count(SELECT 1 FROM `paid once`), count(SELECT 1 FROM commit_marker)]").await?.take(0)?;
        assert_eq!(both, [1, 0]);
        Ok(())
    });
    run.await.unwrap();
    CommitMarker::remove_old_in(&session, name).await.unwrap();
}

#[async_test(not_send)]
async fn strict_database_needs_the_table() {
    let (_db, session) = place().await;
    session
        .execute(
            "DEFINE DATABASE strict STRICT; USE DB strict; DEFINE TABLE account; CREATE account:ada SET balance = 1",
        )
        .await
        .unwrap();
    session.use_db("strict").await.unwrap();
    let runs = Cell::new(0);
    let run = async || {
        let run = session.transaction().exactly_once().run(async |tx| {
            runs.set(runs.get() + 1);
            add_one(&tx).await
        });
        run.await
    };
    let error = run().await.unwrap_err();
    assert_eq!((error.kind(), runs.get()), (ErrorKind::NotFound, 0), "{error:?}");
    CommitMarker::define(&session).await.unwrap();
    assert_eq!((run().await.unwrap(), runs.get()), (2, 1));
}

#[async_test]
async fn first_transactions_may_define_the_table_themselves() {
    let (_db, session) = place().await;
    session.create::<Account>().id("ada").content(NewAccount { balance: 100 }).await.unwrap();
    let run = || session.transaction().exactly_once().run(async |tx| add_one(&tx).await);
    let runs = futures_util::future::join_all((0..4).map(|_| run())).await;
    assert!(runs.iter().all(Result::is_ok), "{runs:?}");
    assert_eq!(balance(&session).await, 104);
}

async fn member(session: &Session, access: &str) -> Session {
    let db = connect().await;
    let member = db.new_session().await.unwrap();
    let (ns, params) = (session.namespace().unwrap(), std::collections::BTreeMap::from([("name", unique("m"))]));
    member.signup(RecordAccess::new(ns, "test", access, params)).await.unwrap();
    member
}

#[async_test(not_send)]
async fn record_users_have_markers_of_their_own() {
    let (_db, session) = bank().await;
    session
        .execute(
            "DEFINE TABLE member; DEFINE ACCESS member ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name);
             DEFINE TABLE OVERWRITE account PERMISSIONS FULL",
        )
        .await
        .unwrap();
    let [member, other] = [member(&session, "member").await, member(&session, "member").await];
    let seen = member.transaction().exactly_once().run(async |tx| {
        add_one(&tx).await?;
        tx.query("RETURN count(SELECT 1 FROM commit_marker)").await?.take::<usize>(0)
    });
    assert_eq!(seen.await.unwrap(), 1);
    no_markers(&session).await;
    // A claim of one user is not visible to the other, who gets no answer.
    let marker = marker(&session).await;
    assert!(!member.was_applied(&marker).await.unwrap());
    let error = other.was_applied(&marker).await.unwrap_err();
    assert_eq!((error.kind(), cause(&error).kind()), (ErrorKind::CommitUnknown, ErrorKind::Auth), "{error:?}");
    assert!(!session.was_applied(&marker).await.unwrap());
}

#[async_test(not_send)]
async fn session_without_rights_fails_before_the_closure() {
    let (_db, session) = bank().await;
    session
        .execute(
            "DEFINE TABLE OVERWRITE commit_marker PERMISSIONS NONE; DEFINE TABLE member;
             DEFINE ACCESS member ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)",
        )
        .await
        .unwrap();
    let member = member(&session, "member").await;
    let run = member.transaction().exactly_once().run(async |_| -> Result<()> { panic!("it ran") });
    let error = run.await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Auth, Delivery::RolledBack), "{error:?}");
}

#[async_test]
async fn old_markers_are_removed_and_young_ones_stay() {
    let (_db, session) = bank().await;
    let text = "CREATE commit_marker:old SET state = 'applied', at = time::now() - 25h;
                CREATE commit_marker:young SET state = 'applied', at = time::now() - 23h";
    session.execute(text).await.unwrap();
    CommitMarker::remove_old(&session).await.unwrap();
    let left: Vec<RecordId> = session.query("SELECT VALUE id FROM commit_marker").await.unwrap().take(0).unwrap();
    assert_eq!(left, [RecordId::new("commit_marker", "young")]);
}

#[async_test]
async fn old_markers_cannot_be_asked_for() {
    let (_db, session) = bank().await;
    for (age, is_old) in [("11h", false), ("13h", true)] {
        let at: Datetime =
            session.query(Surql::dynamic(format!("RETURN time::now() - {age}"))).await.unwrap().take(0).unwrap();
        match session.was_applied(&written_at(&session, at)).await {
            Ok(is_applied) => assert!(!is_old && !is_applied, "{age}"),
            Err(error) => assert!(is_old && cause(&error).to_string().contains("12 hours"), "{age}: {error:?}"),
        }
    }
    assert_eq!(markers(&session).await, ["void"]);
}

#[async_test]
async fn marker_of_another_database_is_not_claimed() {
    let (_db, session) = bank().await;
    let marker = marker(&session).await;
    session.use_db("other").await.unwrap();
    let error = session.was_applied(&marker).await.unwrap_err();
    assert_eq!(
        (error.kind(), cause(&error).kind()),
        (ErrorKind::CommitUnknown, ErrorKind::InvalidArgument),
        "{error:?}"
    );
    assert_eq!(error.commit_marker(), Some(&marker));
    session.use_db("test").await.unwrap();
    assert!(!session.was_applied(&marker).await.unwrap());
}
