//! The interface without `async`.

use std::collections::BTreeMap;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use surreal_session::blocking::{Iterate, Wait};
use surreal_session::prelude::*;
use surreal_session::{CommitMarker, Result};
use surreal_session_tests::{Proxy, async_test, is_skipped_here, login, unique};
use tokio::runtime::Handle;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account>,
    balance: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(relation)]
struct Paid {
    id: Id<Paid>,
    r#in: Id<Account>,
    out: Id<Account>,
    amount: i64,
}

const SCHEMA: &str = "
    DEFINE TABLE account PERMISSIONS FULL;
    DEFINE TABLE paid TYPE RELATION;
    DEFINE FUNCTION fn::double($n: int) { RETURN $n * 2 };
    DEFINE ACCESS member ON DATABASE TYPE RECORD
        SIGNUP (CREATE account SET balance = $start) SIGNIN (SELECT * FROM account WHERE balance = $start) WITH REFRESH";

fn url() -> String {
    async { Ok::<_, Error>(login().await.url) }.wait().unwrap()
}

fn place() -> (Surreal, Session) {
    let login = async { Ok::<_, Error>(login().await) }.wait().unwrap();
    let db = Surreal::connect(&login.url).wait().unwrap();
    let root = Root::new(login.username, login.password);
    let session = db.new_session().signin(root).use_ns(unique("ns")).use_db("test").wait().unwrap();
    session.execute(SCHEMA).wait().unwrap();
    (db, session)
}

fn account(session: &Session, name: &str, balance: i64) -> Account {
    session.create::<Account>().id(name).content(NewAccount { balance }).wait().unwrap()
}

#[test]
fn sessions_have_their_own_place_identity_and_variables() -> Result<()> {
    let (db, session) = place();
    session.ping().wait()?;
    assert!(db.server_version().wait()?.major() >= 3);
    session.set("n", 1).wait()?;
    let fork = session.fork().wait()?;
    fork.set("n", 2).wait()?;
    fork.use_db("other").wait()?;
    let seen = |session: &Session| session.query("RETURN [session::db(), $n]").wait()?.take::<(String, i64)>(0);
    assert_eq!((seen(&session)?, seen(&fork)?), (("test".into(), 1), ("other".into(), 2)));
    fork.unset("n").wait()?;
    let namespace = session.namespace().unwrap();
    let access = RecordAccess::new(namespace, "test", "member", BTreeMap::from([("start", 7)]));
    let (member, tokens) = db.new_session().signup(access.clone()).with_tokens().wait()?;
    assert_eq!(member.info::<Option<Account>>().wait()?.unwrap().balance, 7);
    member.refresh(tokens).wait()?;
    member.signin(access).wait()?;
    member.invalidate().wait()?;
    assert_eq!(member.info::<Option<Account>>().wait()?, None);
    assert!(db.sessions().wait()?.contains(&fork.id()));
    fork.close_session().wait()?;
    let cache = SessionCache::by_token(&db, |user| user);
    let token = member
        .signin(RecordAccess::new(session.namespace().unwrap(), "test", "member", BTreeMap::from([("start", 7)])))
        .wait()?
        .access;
    assert_eq!(cache.get(&token).wait()?.id(), cache.get(&token).wait()?.id());
    db.close().wait()?;
    db.wait_closed()?;
    assert_eq!(session.ping().wait().unwrap_err().kind(), ErrorKind::Closed);
    Ok(())
}

#[test]
fn every_verb_works() -> Result<()> {
    let (_db, session) = place();
    let (ada, bob) = (account(&session, "ada", 10), account(&session, "bob", 20));
    session.insert(vec![NewAccount { balance: 30 }]).wait()?;
    session.relate(NewPaid { r#in: ada.id.clone(), out: bob.id.clone(), amount: 5 }).wait()?;
    session.insert(vec![NewPaid { r#in: bob.id.clone(), out: ada.id.clone(), amount: 6 }]).relation().wait()?;
    session.update::<Account>().id(&ada.id).merge(AccountPatch { balance: set(11) }).wait()?;
    session.upsert::<Account>().id("eve").content(NewAccount { balance: 40 }).wait()?;
    assert_eq!(session.select::<Account>().filter(|a| a.balance.gte(20)).wait()?.len(), 3);
    assert_eq!(session.select::<Account>().count().wait()?, 4);
    let paid = session.traverse(&ada.id).out::<Paid>().to::<Account>().wait()?;
    assert_eq!(paid, [bob]);
    assert_eq!(session.run::<i64>("fn::double").args((21,)).wait()?, 42);
    assert_eq!(session.query("RETURN $n").bind("n", 3).wait()?.take::<i64>(0)?, 3);
    let (one, all) = session.batch((session.select::<Account>().id("ada"), session.select::<Account>())).wait()?;
    assert_eq!((one.unwrap().balance, all.len()), (11, 4));
    session.delete::<Account>().id("eve").wait()?;
    let tx = session.begin_transaction().wait()?;
    tx.delete::<Account>().id(&ada.id).wait()?;
    tx.cancel().wait()?;
    assert!(session.select::<Account>().id("ada").wait()?.is_some());
    Ok(())
}

/// Sixteen threads add to one account, and each closure runs until it does not conflict.
#[test]
fn transactions_run_again_after_a_conflict() {
    let (_db, session) = place();
    account(&session, "ada", 0);
    let runs = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let add = |tx: Transaction| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    let ada = tx.select::<Account>().id("ada").one().wait()?;
                    tx.update::<Account>().id("ada").merge(AccountPatch { balance: set(ada.balance + 1) }).wait()
                };
                session.transaction().retry_for(Duration::from_secs(20)).run_blocking(add).unwrap();
            });
        }
    });
    assert_eq!(session.select::<Account>().id("ada").one().wait().unwrap().balance, 16);
    assert!(runs.into_inner() >= 16);
}

#[test]
fn closures_may_fail_with_their_own_error_and_panic() -> Result<()> {
    #[derive(Debug)]
    enum Refused {
        Poor,
        #[expect(dead_code, reason = "its Debug form is in the message of a failed test")]
        Failed(Error),
    }
    impl From<Error> for Refused {
        fn from(error: Error) -> Self {
            Self::Failed(error)
        }
    }
    if is_skipped_here("it::blocking::closures_may_fail_with_their_own_error_and_panic") {
        return Ok(());
    }
    let (_db, session) = place();
    account(&session, "ada", 5);
    let withdraw = |amount: i64| {
        session.transaction().try_run_blocking(|tx| {
            let left = tx.execute("UPDATE account:ada SET balance -= 1").wait().map(|()| 5 - amount)?;
            if left < 0 { Err(Refused::Poor) } else { Ok(left) }
        })
    };
    assert!(matches!(withdraw(9), Err(Refused::Poor)));
    assert_eq!(withdraw(2).map_err(|refused| format!("{refused:?}")), Ok(3));
    CommitMarker::define(&session).wait()?;
    // A transaction of its own in the closure of another.
    session.transaction().exactly_once().run_blocking(|tx| {
        tx.execute("UPDATE account:ada SET balance -= 1").wait()?;
        session.transaction().run_blocking(|inner| inner.execute("CREATE account:inner SET balance = 1").wait())
    })?;
    assert!(session.select::<Account>().id("inner").wait()?.is_some());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        session.transaction().run_blocking(|tx| -> Result<()> {
            tx.execute("DELETE account").wait()?;
            panic!("the closure panics")
        })
    }));
    assert!(panicked.is_err());
    // The thread waits as before, and is not taken for one of a closure.
    assert!(session.select::<Account>().id("ada").wait()?.is_some());
    Ok(())
}

#[test]
fn live_streams_are_iterators() -> Result<()> {
    if is_skipped_here("it::blocking::live_streams_are_iterators") {
        return Ok(());
    }
    let (_db, session) = place();
    let mut accounts = session.live::<Account>().wait()?;
    let (before, mut synced) = session.live::<Account>().synced().wait()?;
    assert!(before.is_empty());
    let begun = Instant::now();
    assert!(accounts.iter_within(Duration::from_millis(100)).next().is_none());
    assert!(begun.elapsed() >= Duration::from_millis(100));
    let writer = {
        let session = session.clone();
        thread::spawn(move || (0..5).for_each(|number| drop(account(&session, &format!("a{number}"), number))))
    };
    let mut balances = Vec::new();
    for event in accounts.iter().take(5) {
        match event? {
            LiveEvent::Change(change) => balances.push(change.data.balance),
            other => panic!("{other:?}"),
        }
    }
    balances.sort_unstable();
    assert_eq!(balances, [0, 1, 2, 3, 4]);
    writer.join().unwrap();
    assert_eq!(synced.iter_within(Duration::from_secs(2)).take(5).flatten().count(), 5);
    accounts.kill().wait()?;
    synced.kill().wait()
}

#[test]
fn connection_outlives_its_socket_and_tells_its_events() -> Result<()> {
    let proxy = async { Ok::<_, Error>(Proxy::start(&login().await.url).await) }.wait()?;
    let db = Surreal::connect(proxy.url()).wait()?;
    let mut events = db.events();
    proxy.cut();
    assert!(events.iter().any(|event| matches!(event, Ok(ConnectionEvent::Disconnected { .. }))));
    db.ping().wait()?;
    let mut later = events.iter_within(Duration::from_secs(5));
    assert!(later.any(|event| matches!(event, Ok(ConnectionEvent::Connected { .. }))));
    drop(later);
    drop(db);
    assert!(events.iter().all(|event| event.is_ok()));
    Ok(())
}

#[test]
fn many_threads_share_a_session() {
    let (_db, session) = place();
    let start = Arc::new(Barrier::new(32));
    let threads = (0..32).map(|number| {
        let (session, start) = (session.clone(), Arc::clone(&start));
        thread::spawn(move || {
            start.wait();
            for round in 0..20 {
                let name = format!("t{number}r{round}");
                account(&session, &name, round);
                assert_eq!(session.select::<Account>().id(&name).one().wait().unwrap().balance, round);
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(session.select::<Account>().count().wait().unwrap(), 640);
}

/// A connection that an async program has made, and its blocking sections.
#[async_test(not_send)]
async fn waiting_in_an_async_program_is_refused_where_it_would_block() {
    let db = surreal_session_tests::connect().await;
    let refused = db.ping().wait().unwrap_err();
    assert_eq!((refused.kind(), refused.delivery()), (ErrorKind::InvalidArgument, Delivery::NotSent));
    assert!(refused.to_string().contains("`.await`") && refused.to_string().contains("wait_on"), "{refused}");
    let mut events = db.events();
    let items: Vec<_> = events.iter().collect();
    assert!(matches!(&items[..], [Err(error)] if error.kind() == ErrorKind::InvalidArgument), "{items:?}");
    assert!(db.transaction().run_blocking(|_| Ok(())).is_err());

    let (handle, used) = (Handle::current(), db.clone());
    let section = tokio::task::spawn_blocking(move || {
        assert_eq!(used.ping().wait().unwrap_err().kind(), ErrorKind::InvalidArgument);
        used.ping().wait_on(&handle)
    });
    section.await.unwrap().unwrap();
    // A thread of the program's own belongs to no runtime.
    let used = db.clone();
    let waited = tokio::task::spawn_blocking(|| thread::spawn(move || used.ping().wait()).join().unwrap());
    waited.await.unwrap().unwrap();
}

/// Its first call connects, on the thread for connections; tasks of a runtime may use it as well.
#[test]
fn lazy_connection_may_be_a_static() {
    static DB: LazyLock<Surreal> = LazyLock::new(|| Surreal::connect(url()).lazy());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| DB.ping().wait().unwrap());
        }
    });
    surreal_session_tests::on_four_workers(Box::pin(async { DB.ping().await.unwrap() }));
    assert_eq!(DB.status().endpoints[0].sockets, 1);
}

/// What the connection itself calls runs on its thread, which must not wait for itself.
#[test]
fn function_of_the_program_that_waits_is_refused() {
    let (db, session) = place();
    let used = session.clone();
    let opening = db.new_session().signin_with(move || {
        let used = used.clone();
        async move { used.ping().wait().map(|()| Root::new("root", "root")) }
    });
    let error = opening.wait().unwrap_err();
    assert!(error.to_string().contains("`wait` would block"), "{error:?}");
}

#[test]
fn handles_that_are_dropped_leave_nothing() {
    let (db, session) = place();
    let fork = session.fork().wait().unwrap();
    let id = fork.id();
    drop(fork);
    let until = Instant::now() + Duration::from_secs(10);
    while db.sessions().wait().unwrap().contains(&id) {
        assert!(Instant::now() < until, "the session is still there");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The child's part of the next test.
#[test]
#[ignore = "runs in a process of its own"]
fn exit_with_calls_that_wait() {
    let session = Surreal::connect(url()).wait().unwrap();
    for _ in 0..8 {
        let session = session.clone();
        thread::spawn(move || session.query("SLEEP 1m").deadline(Duration::from_mins(2)).wait());
    }
    thread::sleep(Duration::from_millis(200));
    exit(7);
}

#[test]
fn process_ends_while_calls_wait() {
    let arguments = ["--exact", "blocking::exit_with_calls_that_wait", "--ignored"];
    let begun = Instant::now();
    let child =
        Command::new(std::env::current_exe().unwrap()).args(arguments).env("SURREAL_URL", url()).output().unwrap();
    assert_eq!(child.status.code(), Some(7), "{child:?}");
    assert!(begun.elapsed() < Duration::from_secs(30));
}
