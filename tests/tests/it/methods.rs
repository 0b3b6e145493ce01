//! Every method of a session, on `Surreal` and on `Session`: awaited to the end, and dropped after each number of polls.
//!
//! `place.rs` tests the choice of namespace and database.

use std::collections::BTreeMap;

use surreal_session::ErrorKind;
use surreal_session::prelude::*;
use surreal_session_tests::{async_test, login, place, poll_times};

/// Both kinds of handle, on two connections, as root in the same database; and the name of its namespace.
struct Both {
    db: Surreal,
    session: Session,
    namespace: String,
    root: Tokens,
}

const SCHEMA: &str = "
    DEFINE USER dora ON DATABASE PASSWORD 'd' ROLES VIEWER;
    DEFINE TABLE member PERMISSIONS FULL;
    DEFINE ACCESS member ON DATABASE TYPE RECORD
        SIGNUP (CREATE member SET name = $name) SIGNIN (SELECT * FROM member WHERE name = $name) WITH REFRESH";

impl Both {
    async fn new() -> Self {
        let (db, session) = place().await;
        session.execute(SCHEMA).await.unwrap();
        let (login, namespace) = (login().await, session.namespace().unwrap());
        let root = db.signin(Root::new(login.username, login.password)).await.unwrap();
        db.use_ns(&namespace).use_db("test").await.unwrap();
        Self { db, session, namespace, root }
    }

    fn each(&self) -> [&Session; 2] {
        [&self.db, &self.session]
    }

    fn dora(&self) -> Database {
        Database::new(&self.namespace, "test", "dora", "d")
    }

    fn member<'a>(&self, name: &'a str) -> RecordAccess<BTreeMap<&'a str, &'a str>> {
        RecordAccess::new(&self.namespace, "test", "member", BTreeMap::from([("name", name)]))
    }

    /// Signs the session in as root again.
    async fn restore(&self, session: &Session) {
        session.authenticate(&self.root).await.unwrap();
        session.use_ns(&self.namespace).use_db("test").await.unwrap();
    }

    /// Counts the members.
    async fn members(&self) -> usize {
        let count = self.db.fork().await.unwrap();
        self.restore(&count).await;
        count.query("SELECT VALUE id FROM member").await.unwrap().take::<Vec<RecordId>>(0).unwrap().len()
    }
}

/// Drops the future of `make` after 0, 1, 2, … polls until it completes. After each drop, and once every change of
/// `session` that it began is over, runs `check` with `true` if the future was polled at all.
async fn at_every_poll<T, F: Future<Output = T>>(
    session: &Session,
    make: impl Fn() -> F,
    mut check: impl AsyncFnMut(bool),
) -> T {
    for polls in 0..100 {
        let outcome = poll_times(polls, make()).await;
        // The changes of a session run one after another: this one ends last.
        session.unset("nothing").await.unwrap();
        check(polls > 0).await;
        if let Some(outcome) = outcome {
            return outcome;
        }
    }
    panic!("never ready");
}

/// The name of the session's user on the server.
async fn who(session: &Session) -> Option<String> {
    session.query("RETURN $token.ID").await.unwrap().take(0).ok().flatten()
}

/// Checks the session's user, that a fork has the same one, and that the handle knows its namespace and database.
async fn is(session: &Session, expected: Option<&str>) {
    let seen: (Option<String>, Option<String>) =
        session.query("RETURN [session::ns(), session::db()]").await.unwrap().take(0).unwrap();
    assert_eq!((session.namespace(), session.database()), seen);
    let fork = session.fork().await.unwrap();
    assert_eq!((fork.namespace(), fork.database()), seen);
    let expected = expected.map(str::to_owned);
    assert_eq!((who(session).await, who(&fork).await), (expected.clone(), expected));
}

#[async_test(not_send)]
async fn dropped_query_runs_all_statements_or_none() {
    let both = Both::new().await;
    let text = "BEGIN; CREATE a SET n = 1; CREATE b SET n = 1; COMMIT";
    let (db, session) = (&both.db, &both.session);
    drop(at_every_poll(db, || db.query(text).into_future(), async |_: bool| db.ping().await.unwrap()).await.unwrap());
    drop(
        at_every_poll(session, || session.query(text).into_future(), async |_: bool| db.ping().await.unwrap())
            .await
            .unwrap(),
    );
    let counts = "RETURN count(SELECT 1 FROM a); RETURN count(SELECT 1 FROM b)";
    let (a, b): (usize, usize) = db.query(counts).await.unwrap().take_all().unwrap();
    assert!(a == b && a >= 2, "{a}, {b}");
}

#[async_test(not_send)]
async fn run_calls_a_function() {
    let both = Both::new().await;
    let (db, session) = (&both.db, &both.session);
    let call = || db.run::<usize>("array::len").args(([1, 2, 3],)).into_future();
    assert_eq!(at_every_poll(db, call, async |_: bool| db.ping().await.unwrap()).await.unwrap(), 3);
    let call = || session.run::<usize>("array::len").args(([1, 2],)).into_future();
    assert_eq!(at_every_poll(session, call, async |_: bool| session.ping().await.unwrap()).await.unwrap(), 2);
}

#[async_test(not_send)]
async fn dropped_signin_signs_in_or_changes_nothing() {
    let both = Both::new().await;
    for session in both.each() {
        let signin = || session.signin(both.dora());
        let check = async |polled: bool| {
            is(session, polled.then_some("dora")).await;
            session.reset().await.unwrap();
        };
        session.reset().await.unwrap();
        let tokens = at_every_poll(session, signin, check).await.unwrap();
        assert!(!tokens.access.as_str().is_empty());
        session.signin(both.dora()).await.unwrap();
        session.signin(Database::new(&both.namespace, "test", "dora", "wrong")).await.unwrap_err();
        is(session, Some("dora")).await;
    }
}

#[async_test(not_send)]
async fn dropped_signup_creates_one_user_or_none() {
    let both = Both::new().await;
    for session in both.each() {
        let mut members = both.members().await;
        let check = async |polled: bool| {
            members += usize::from(polled);
            assert_eq!(both.members().await, members);
            let me: Option<BTreeMap<String, Value>> = session.info().await.unwrap();
            assert_eq!(me.map(|me| me["name"].clone()), polled.then(|| Value::from("ada")));
            is(session, me_of(session).await.as_deref()).await;
            session.reset().await.unwrap();
        };
        session.reset().await.unwrap();
        at_every_poll(session, || session.signup(both.member("ada")), check).await.unwrap();
    }
}

/// The id of the session's record user.
async fn me_of(session: &Session) -> Option<String> {
    let me: Option<BTreeMap<String, Value>> = session.info().await.unwrap();
    me.map(|me| me["id"].to_string())
}

#[async_test(not_send)]
async fn dropped_authenticate_signs_in_or_changes_nothing() {
    let both = Both::new().await;
    let tokens = both.session.fork().await.unwrap().signin(both.dora()).await.unwrap();
    for session in both.each() {
        let check = async |polled: bool| {
            is(session, polled.then_some("dora")).await;
            session.reset().await.unwrap();
        };
        session.reset().await.unwrap();
        at_every_poll(session, || session.authenticate(&tokens), check).await.unwrap();
        session.authenticate(&tokens).await.unwrap();
        session.authenticate("none").await.unwrap_err();
        is(session, Some("dora")).await;
    }
}

#[async_test]
async fn dropped_refresh_renews_the_token_or_keeps_it_valid() {
    let both = Both::new().await;
    for session in both.each() {
        for polls in 0.. {
            session.reset().await.unwrap();
            let first = both.session.fork().await.unwrap().signup(both.member("bob")).await.unwrap();
            let renewed = poll_times(polls, session.refresh(&first)).await;
            session.unset("nothing").await.unwrap();
            let me = me_of(session).await;
            is(session, me.as_deref()).await;
            assert_eq!(
                (me.is_some(), both.db.fork().await.unwrap().refresh(&first).await.is_err()),
                (polls > 0, polls > 0)
            );
            if let Some(renewed) = renewed {
                session.refresh(renewed.unwrap()).await.unwrap();
                break;
            }
        }
    }
}

#[async_test]
async fn revoked_token_cannot_be_refreshed() {
    let both = Both::new().await;
    for session in both.each() {
        let user = session.fork().await.unwrap();
        for polls in 0.. {
            let tokens = user.signup(both.member("eve")).await.unwrap();
            let revoked = poll_times(polls, session.revoke(&tokens)).await;
            // A repeated call is safe and fails if the token was revoked already.
            match session.revoke(&tokens).await {
                Ok(()) => assert!(revoked.is_none()),
                Err(error) => assert!(polls > 0 && error.is_auth(), "{error:?}"),
            }
            assert!(user.refresh(&tokens).await.unwrap_err().is_auth());
            if let Some(revoked) = revoked {
                revoked.unwrap();
                break;
            }
        }
    }
}

#[async_test(not_send)]
async fn invalidate_signs_out_and_keeps_namespace_and_database() {
    let both = Both::new().await;
    for session in both.each() {
        session.set("v", 1).await.unwrap();
        session.signin(both.dora()).await.unwrap();
        let check = async |polled: bool| {
            is(session, (!polled).then_some("dora")).await;
            let seen: (String, i64) = session.query("RETURN [session::db(), $v]").await.unwrap().take(0).unwrap();
            assert_eq!(seen, ("test".to_owned(), 1));
            session.signin(both.dora()).await.unwrap();
        };
        at_every_poll(session, || session.invalidate(), check).await.unwrap();
    }
}

#[async_test(not_send)]
async fn reset_signs_out_and_clears_namespace_and_database() {
    let both = Both::new().await;
    for session in both.each() {
        let check = async |polled: bool| {
            let place = (session.namespace().is_some(), session.database().is_some());
            assert_eq!(place, (!polled, !polled));
            both.restore(session).await;
            let v: Option<i64> = session.query("RETURN $v").await.unwrap().take(0).unwrap();
            assert_eq!(v, (!polled).then_some(1));
            session.set("v", 1).await.unwrap();
        };
        session.set("v", 1).await.unwrap();
        at_every_poll(session, || session.reset(), check).await.unwrap();
        session.reset().await.unwrap();
        is(session, None).await;
    }
}

#[async_test(not_send)]
async fn set_and_unset_change_only_this_sessions_variable() {
    let both = Both::new().await;
    let value = async |session: &Session| session.query("RETURN $v").await.unwrap().take::<Option<i64>>(0).unwrap();
    for session in both.each() {
        let check = async |polled: bool| {
            assert_eq!(value(session).await, polled.then_some(7));
            assert_eq!(value(&session.fork().await.unwrap()).await, polled.then_some(7));
            session.unset("v").await.unwrap();
        };
        at_every_poll(session, || session.set("v", 7), check).await.unwrap();
        session.set("v", 7).await.unwrap();
        let check = async |polled: bool| {
            assert_eq!(value(session).await, (!polled).then_some(7));
            assert_eq!(value(&session.fork().await.unwrap()).await, (!polled).then_some(7));
            session.set("v", 7).await.unwrap();
        };
        at_every_poll(session, || session.unset("v"), check).await.unwrap();
        session.unset("v").await.unwrap();
    }
    both.db.set("v", 1).await.unwrap();
    assert_eq!((value(&both.db).await, value(&both.session).await), (Some(1), None));
    both.db.set("v", None::<i64>).await.unwrap();
    assert_eq!((value(&both.db).await, value(&both.db.fork().await.unwrap()).await), (None, None));
}

#[async_test(not_send)]
async fn info_version_ping_and_sessions_change_nothing() {
    let both = Both::new().await;
    for session in both.each() {
        let alive = async |_: bool| both.session.ping().await.unwrap();
        assert_eq!(at_every_poll(session, || session.info::<Option<Value>>(), alive).await.unwrap(), None);
        let version = at_every_poll(session, || session.version(), alive).await.unwrap();
        assert_eq!(version, format!("surrealdb-{}", session.server_version().await.unwrap()));
        at_every_poll(session, || session.ping(), alive).await.unwrap();
        assert_eq!(at_every_poll(session, || session.sessions(), alive).await.unwrap(), [both.session.id()]);
        session.signup(both.member("ada")).await.unwrap();
        let me: BTreeMap<String, Value> = session.info().await.unwrap();
        assert_eq!(me["name"], Value::from("ada"));
        both.restore(session).await;
    }
}

#[async_test]
async fn close_session_ends_an_attached_session_and_close_the_connection() {
    let Both { db, session, .. } = Both::new().await;
    let default: Session = db.clone().into();
    assert_eq!(default.close_session().await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    let clone = session.clone();
    session.close_session().await.unwrap();
    assert_eq!(clone.ping().await.unwrap_err().kind(), ErrorKind::SessionClosed);
    assert_eq!(db.sessions().await.unwrap(), []);
    let session = db.new_session().await.unwrap();
    db.close().await.unwrap();
    for session in [&*db, &session] {
        let error = session.ping().await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Closed, Delivery::NotSent), "{error:?}");
    }
}
