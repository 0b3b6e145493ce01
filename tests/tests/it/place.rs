//! The namespace and database of a session: the handle agrees with the server.

use std::collections::BTreeMap;

use surreal_session::prelude::*;
use surreal_session_tests::{async_test, connect, login, place, poll_times, unique};

type Place = (Option<String>, Option<String>);

/// The session's namespace and database on the server, checked against its handle.
async fn place_of(session: &Session) -> Place {
    let seen: Place = session.query("RETURN [session::ns(), session::db()]").await.unwrap().take(0).unwrap();
    assert_eq!((session.namespace(), session.database()), seen);
    seen
}

fn at(namespace: &str, database: impl Into<Option<&'static str>>) -> Place {
    (Some(namespace.to_owned()), database.into().map(str::to_owned))
}

const NOWHERE: Place = (None, None);

#[async_test]
async fn namespace_and_database_are_selected_and_left_alone_or_together() {
    let (db, root) = place().await;
    let (a, b) = (unique("a"), unique("b"));
    let default: Session = db.clone().into();
    let login = login().await;
    default.signin(Root::new(login.username, login.password)).await.unwrap();
    for session in [root, default] {
        session.unset_ns().await.unwrap();
        assert_eq!(place_of(&session).await, NOWHERE);
        session.unset_ns().await.unwrap();
        session.unset_db().await.unwrap();
        assert_eq!(place_of(&session).await, NOWHERE);
        session.use_ns(&a).await.unwrap();
        assert_eq!(place_of(&session).await, at(&a, None));
        session.use_db("one").await.unwrap();
        assert_eq!(place_of(&session).await, at(&a, "one"));
        session.unset_db().await.unwrap();
        assert_eq!(place_of(&session).await, at(&a, None));
        session.execute("INFO FOR NS").await.unwrap();
        session.use_db("two").await.unwrap();
        session.use_ns(&b).await.unwrap();
        assert_eq!(place_of(&session).await, at(&b, "two"), "the server keeps the database");
        session.use_ns(&a).unset_db().await.unwrap();
        assert_eq!(place_of(&session).await, at(&a, None));
        session.use_db("no").use_ns(&b).unset_db().use_db("three").await.unwrap();
        assert_eq!(place_of(&session).await, at(&b, "three"), "the last call for each part counts");
        session.unset_ns().await.unwrap();
        assert_eq!(place_of(&session).await, NOWHERE);
    }
}

#[async_test]
async fn user_of_a_namespace_or_database_cannot_leave_it() {
    let (db, root) = place().await;
    let ns = root.namespace().unwrap();
    let schema = "DEFINE USER nina ON NAMESPACE PASSWORD 'n'; DEFINE USER dora ON DATABASE PASSWORD 'd';
        DEFINE TABLE member; DEFINE ACCESS member ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)";
    root.execute(schema).await.unwrap();
    let nina = db.new_session().signin(Namespace::new(&ns, "nina", "n")).await.unwrap();
    let dora = db.new_session().signin(Database::new(&ns, "test", "dora", "d")).await.unwrap();
    let user = db.new_session().await.unwrap();
    user.signup(RecordAccess::new(&ns, "test", "member", [("name", "ada")].into_iter().collect::<BTreeMap<_, _>>()))
        .await
        .unwrap();

    nina.use_db("test").await.unwrap();
    nina.unset_db().await.unwrap();
    let refused = nina.use_ns("other").unset_db().await.unwrap_err();
    assert!(refused.is_auth() && !refused.to_string().contains("bound"), "{refused}");
    assert_eq!(place_of(&nina).await, at(&ns, None));
    for bound in [&dora, &user] {
        for refused in [bound.unset_db().await.unwrap_err(), bound.use_ns(&ns).unset_db().await.unwrap_err()] {
            assert!(refused.is_auth(), "{refused:?}");
            let words = "the identity is bound to its database and cannot leave it: ";
            assert!(refused.to_string().starts_with(words), "{refused}");
        }
        assert!(bound.use_ns("other").await.unwrap_err().is_auth());
        assert_eq!(place_of(bound).await, at(&ns, "test"));
    }
    for bound in [nina, dora, user] {
        bound.unset_ns().await.unwrap();
        assert_eq!(place_of(&bound).await, NOWHERE);
        let fork = bound.fork().await.unwrap();
        assert_eq!(place_of(&fork).await, NOWHERE, "a fork starts in the namespace and database of its origin");
        fork.use_ns(&ns).use_db("test").await.unwrap();
        assert_eq!(place_of(&fork.fork().await.unwrap()).await, at(&ns, "test"));
    }
}

#[async_test]
async fn fork_starts_in_the_namespace_and_database_of_its_origin() {
    let (db, root) = place().await;
    let ns = root.namespace().unwrap();
    let nobody = db.new_session().await.unwrap();
    assert_eq!(place_of(&nobody.fork().await.unwrap()).await, NOWHERE);
    for session in [root, nobody] {
        session.use_ns(&ns).unset_db().await.unwrap();
        assert_eq!(place_of(&session.fork().await.unwrap()).await, at(&ns, None));
        session.use_db("test").await.unwrap();
        assert_eq!(place_of(&session.fork().await.unwrap()).await, at(&ns, "test"));
        session.unset_ns().await.unwrap();
        assert_eq!(place_of(&session.fork().await.unwrap()).await, NOWHERE);
    }
}

/// Drops the future of `change` after 0, 1, 2, … polls until it completes: once polled, the change is carried out.
async fn dropped<T, F: Future<Output = T>>(session: &Session, after: Place, change: impl Fn() -> F) {
    let ns = session.namespace().unwrap();
    for polls in 0.. {
        session.use_ns(&ns).use_db("test").await.unwrap();
        let done = poll_times(polls, change()).await;
        // Runs after the change.
        session.unset("nothing").await.unwrap();
        let expected = if polls == 0 { at(&ns, "test") } else { after.clone() };
        assert_eq!(place_of(session).await, expected, "after {polls} polls");
        if done.is_some() {
            break;
        }
    }
    session.use_ns(&ns).await.unwrap();
}

#[async_test]
async fn dropped_change_is_carried_out_or_never_begins() {
    let (db, session) = place().await;
    let ns = session.namespace().unwrap();
    let login = login().await;
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    db.use_ns(&ns).await.unwrap();
    let other = unique("dropped");
    for session in [&session, &db] {
        dropped(session, at(&ns, None), || session.unset_db()).await;
        dropped(session, NOWHERE, || session.unset_ns()).await;
        dropped(session, at(&other, None), || session.use_ns(&other).unset_db().into_future()).await;
        dropped(session, at(&other, "db"), || session.use_ns(&other).use_db("db").into_future()).await;
    }
}

/// Connections that create the same namespace conflict; some have selected it when they fail.
#[async_test]
async fn handle_knows_the_outcome_of_a_half_failed_change() {
    let login = login().await;
    let token = connect().await.signin(Root::new(login.username, login.password)).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..16 {
        sessions.push(connect().await.new_session().authenticate(&token).await.unwrap());
    }
    for _ in 0..6 {
        let ns = unique("new");
        let changes = sessions.iter().map(|session| tokio::spawn(session.use_ns(&ns).use_db("test").into_future()));
        for (session, change) in sessions.iter().zip(changes.collect::<Vec<_>>()) {
            let outcome = change.await.unwrap();
            let seen = place_of(session).await;
            match outcome {
                Ok(()) => assert_eq!(seen, at(&ns, "test")),
                Err(error) => {
                    assert!(error.is_conflict() && error.is_retryable(), "{error:?}");
                    session.use_ns(&ns).use_db("test").await.unwrap();
                }
            }
        }
    }
}

#[async_test]
async fn namespace_and_databases_that_many_make_at_once_are_made() {
    let (db, _) = place().await;
    let (namespace, login) = (unique("many"), login().await);
    let sessions = (0..40).map(|index| {
        let (db, namespace, login) = (db.clone(), namespace.clone(), login.clone());
        tokio::spawn(async move {
            let root = Root::new(login.username, login.password);
            let session = db.new_session().signin(root).use_ns(&namespace).use_db(format!("d{}", index % 4)).await?;
            session.use_ns(&namespace).use_db(format!("e{}", index % 8)).await?;
            Ok::<_, Error>(session)
        })
    });
    for session in sessions.collect::<Vec<_>>() {
        let session = session.await.unwrap().unwrap();
        assert_eq!(session.namespace().as_deref(), Some(&*namespace));
    }
}
