//! Changes of one session take effect in the order of their first poll, on every runtime.

use std::time::Duration;

use surreal_session::prelude::*;
use surreal_session_tests::{async_test, connect, login, place, poll_times, rest, unique};
use tokio::task::yield_now;

const ROUNDS: usize = 150;

/// The session's namespace and database on the server, checked against its handle.
async fn database(session: &Session) -> String {
    let seen: String = session.query("RETURN session::db()").await.unwrap().take(0).unwrap();
    assert_eq!(session.database().as_deref(), Some(seen.as_str()));
    seen
}

/// Runs `program` on a worker of the runtime rather than in `block_on`.
async fn on_a_worker<F: Future<Output = ()> + Send + 'static>(program: F) {
    tokio::spawn(program).await.unwrap();
}

#[async_test]
async fn dropped_change_takes_effect_before_the_next() {
    let (_db, session) = place().await;
    on_a_worker(async move {
        for round in 0..ROUNDS {
            poll_times(1, session.use_db("a").into_future()).await;
            session.use_db("b").await.unwrap();
            assert_eq!(database(&session).await, "b", "round {round}");
        }
    })
    .await;
}

#[async_test]
async fn joined_changes_take_effect_in_the_order_of_their_polls() {
    let (_db, session) = place().await;
    on_a_worker(async move {
        for round in 0..ROUNDS {
            let (a, b) = tokio::join!(session.use_db("a").into_future(), session.use_db("b").into_future());
            a.unwrap();
            b.unwrap();
            assert_eq!(database(&session).await, "b", "round {round}");
        }
    })
    .await;
}

#[async_test]
async fn changes_of_a_task_that_was_spawned_later_come_later() {
    let (_db, session) = place().await;
    for round in 0..ROUNDS {
        poll_times(1, session.use_db("a").into_future()).await;
        let later = session.clone();
        tokio::spawn(async move { later.use_db("b").await }).await.unwrap().unwrap();
        assert_eq!(database(&session).await, "b", "round {round}");
    }
}

/// Every tokio future returns `Pending` once in a task that has used up its budget.
#[async_test]
async fn change_of_a_task_without_budget_keeps_its_position() {
    let (_db, session) = place().await;
    on_a_worker(async move {
        let lock = tokio::sync::Mutex::new(());
        for round in 0..20 {
            yield_now().await;
            while poll_times_now(lock.lock()).is_some() {}
            poll_now(session.use_db("a").into_future());
            let other = session.clone();
            std::thread::spawn(move || poll_now(other.use_db("b").into_future())).join().unwrap();
            session.unset("nothing").await.unwrap();
            assert_eq!(database(&session).await, "b", "round {round}");
        }
    })
    .await;
}

fn poll_times_now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut cx) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

fn poll_now<T>(future: impl Future<Output = T>) {
    let _ = poll_times_now(future);
}

#[async_test]
async fn every_kind_of_change_keeps_its_position() {
    let (db, root) = place().await;
    let ns = root.namespace().unwrap();
    let schema = "DEFINE USER dora ON DATABASE PASSWORD 'd'; DEFINE USER nina ON NAMESPACE PASSWORD 'n'";
    root.execute(schema).await.unwrap();
    let login = login().await;
    let root_user = || Root::new(&login.username, &login.password);
    let tokens = db.new_session().await.unwrap().signin(root_user()).await.unwrap();
    let session = db.new_session().authenticate(&tokens).use_ns(&ns).use_db("test").await.unwrap();
    let who = async || -> Option<String> { session.query("RETURN $token.ID").await.unwrap().take(0).unwrap() };
    for round in 0..15 {
        poll_times(1, session.signin(Database::new(&ns, "test", "dora", "d"))).await;
        poll_times(1, session.invalidate()).await;
        session.authenticate(&tokens).await.unwrap();
        assert_eq!(who().await.as_deref(), Some(login.username.as_str()), "round {round}");
        poll_times(1, session.authenticate(&tokens)).await;
        session.signin(Namespace::new(&ns, "nina", "n")).await.unwrap();
        assert_eq!(who().await.as_deref(), Some("nina"), "round {round}");
        poll_times(1, session.signin(root_user())).await;
        session.invalidate().await.unwrap();
        assert_eq!(who().await, None, "round {round}");
        poll_times(1, session.reset()).await;
        poll_times(1, session.set("a", 1)).await;
        poll_times(1, session.unset("a")).await;
        poll_times(1, session.set("a", 2)).await;
        poll_times(1, session.unset_ns()).await;
        poll_times(1, session.authenticate(&tokens)).await;
        session.use_ns(&ns).use_db("test").await.unwrap();
        let seen: (i64, String) = session.query("RETURN [$a, session::db()]").await.unwrap().take(0).unwrap();
        assert_eq!(seen, (2, "test".to_owned()), "round {round}");
        poll_times(1, session.set("a", 1)).await;
        session.reset().await.unwrap();
        assert_eq!(session.namespace(), None, "round {round}");
        session.use_ns(&ns).use_db("test").await.unwrap();
        let seen: Option<i64> = session.query("RETURN $a").await.unwrap().take(0).unwrap();
        assert_eq!(seen, None, "round {round}");
    }
}

#[async_test]
async fn fork_waits_for_the_changes_before_it_and_not_for_those_after() {
    let (db, session) = place().await;
    on_a_worker(async move {
        for round in 0..40 {
            poll_times(1, session.use_db("a").into_future()).await;
            let mut fork = Box::pin(session.fork());
            let forked = poll_times(1, &mut fork).await;
            session.use_db("b").await.unwrap();
            let fork = rest(forked, fork).await.unwrap();
            assert_eq!(
                (database(&fork).await.as_str(), database(&session).await.as_str()),
                ("a", "b"),
                "round {round}"
            );
            fork.close_session().await.unwrap();
        }
    })
    .await;
    drop(db);
}

#[async_test]
async fn kept_and_unpolled_fork_blocks_nothing() {
    let (_db, session) = place().await;
    poll_times(1, session.use_db("a").into_future()).await;
    let mut fork = Box::pin(session.fork());
    let forked = poll_times(1, &mut fork).await;
    tokio::time::timeout(Duration::from_secs(10), session.use_db("b")).await.unwrap().unwrap();
    assert_eq!(database(&rest(forked, fork).await.unwrap()).await, "a");
}

#[async_test]
async fn changes_before_the_close_are_carried_out_and_those_after_are_refused() {
    let (db, root) = place().await;
    let ns = root.namespace().unwrap();
    let schema = "DEFINE TABLE member; DEFINE ACCESS member ON DATABASE TYPE RECORD SIGNUP (CREATE member SET n = $n)";
    root.execute(schema).await.unwrap();
    for n in 0..20 {
        let session = db.new_session().await.unwrap();
        let params = std::collections::BTreeMap::from([("n", n)]);
        let mut signup = session.signup(RecordAccess::new(&ns, "test", "member", params));
        let signed_up = poll_times(1, &mut signup).await;
        let clone = session.clone();
        let (closed, refused) = tokio::join!(session.close_session(), clone.set("a", 1));
        closed.unwrap();
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::SessionClosed);
        rest(signed_up, signup).await.unwrap();
        let count: Vec<i64> =
            root.query("SELECT VALUE n FROM member WHERE n = $n").bind("n", n).await.unwrap().take(0).unwrap();
        assert_eq!(count, [n]);
    }
}

#[async_test]
async fn default_session_keeps_the_order_too() {
    let login = login().await;
    let db = connect().await;
    db.signin(Root::new(login.username, login.password)).await.unwrap();
    db.use_ns(unique("order")).await.unwrap();
    on_a_worker(async move {
        for round in 0..40 {
            poll_times(1, db.use_db("a").into_future()).await;
            db.use_db("b").await.unwrap();
            assert_eq!(database(&db).await, "b", "round {round}");
        }
    })
    .await;
}
