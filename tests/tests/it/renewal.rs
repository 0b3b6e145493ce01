//! Sessions whose identity expires: renewed by token, refresh token, credentials or a function, and never somebody else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use surreal_session::ErrorKind;
use surreal_session::auth::Level;
use surreal_session::connection::ConnectionEvent;
use surreal_session::prelude::*;
use surreal_session_embedded::Embedded;
use surreal_session_tests::{Loss, Proxy, async_test, eventually, login, place, unique};
use tokio::time::sleep;

/// Access methods with tokens and sessions of two seconds, with refresh tokens and without.
const SCHEMA: &str = "
    DEFINE TABLE member PERMISSIONS FULL; DEFINE TABLE note PERMISSIONS FULL; DEFINE TABLE now;
    CREATE member:ada SET name = 'ada'; CREATE member:bob SET name = 'bob'; CREATE now:1 SET name = 'ada';
    DEFINE ACCESS kept ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)
        SIGNIN (SELECT * FROM member WHERE name = $name) WITH REFRESH DURATION FOR TOKEN 2s, FOR SESSION 2s;
    DEFINE ACCESS bare ON DATABASE TYPE RECORD SIGNUP (CREATE member SET name = $name)
        SIGNIN (SELECT * FROM member WHERE name = $name) DURATION FOR TOKEN 2s, FOR SESSION 2s;
    DEFINE ACCESS moved ON DATABASE TYPE RECORD
        SIGNIN (SELECT * FROM member WHERE name = (SELECT VALUE name FROM ONLY now:1))
        DURATION FOR TOKEN 1s, FOR SESSION 1s;
    DEFINE ACCESS idle ON DATABASE TYPE RECORD SIGNIN (SELECT * FROM member WHERE name = $name)
        WITH REFRESH DURATION FOR TOKEN 1s, FOR SESSION 1h;
";

fn named(name: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("name", name.to_owned())])
}

/// Counts the renewals that are told to it.
fn counter() -> (Arc<AtomicUsize>, impl Fn(Tokens) + Send + Sync + 'static) {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let tell = move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    };
    (told, tell)
}

/// Cuts all sockets, and waits until the client has noticed it.
async fn cut(proxy: &Proxy, db: &Surreal) {
    let mut events = db.events();
    proxy.cut();
    while !matches!(events.next().await, Some(ConnectionEvent::Disconnected { .. })) {}
}

async fn prepared() -> (Surreal, Session, String) {
    let (db, root) = place().await;
    root.execute(SCHEMA).await.unwrap();
    let ns = root.namespace().unwrap();
    (db, root, ns)
}

/// How long the runs under load last: `RENEWAL_SECONDS`, or a few.
fn run_length() -> Duration {
    let seconds = std::env::var("RENEWAL_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

/// Makes calls with four tasks, in pairs of a read and a write, and returns how many were made. None may fail, and none may be
/// carried out twice.
async fn under_load(session: &Session, who: &str) -> usize {
    let end = Instant::now() + run_length();
    let tasks = (0..4).map(|task| {
        let (session, who) = (session.clone(), who.to_owned());
        tokio::spawn(async move {
            let mut calls = 0;
            while Instant::now() < end {
                let id = RecordId::new("note", format!("{who}_{task}_{calls}"));
                session.query("CREATE $id SET by = $auth").bind("id", &id).await.unwrap().check().map(drop).unwrap();
                let name: String = session.query("RETURN $auth.name").await.unwrap().take(0).unwrap();
                assert_eq!(name, who);
                calls += 1;
                sleep(Duration::from_millis(20)).await;
            }
            calls
        })
    });
    let mut calls = 0;
    for task in tasks.collect::<Vec<_>>() {
        calls += task.await.unwrap();
    }
    calls
}

async fn written(root: &Session) -> usize {
    root.query("RETURN count(SELECT * FROM note)").await.unwrap().take(0).unwrap()
}

#[async_test(not_send)]
async fn refresh_tokens_renew_a_session_under_load() {
    let (db, root, ns) = prepared().await;
    let session = db.new_session().signin(RecordAccess::new(&ns, "test", "kept", named("ada"))).await.unwrap();
    session.forget_credentials();
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    session.on_renewal(move |tokens| telling.lock().unwrap().push(tokens));
    let calls = under_load(&session, "ada").await;
    assert_eq!(written(&root).await, calls);
    let told = told.lock().unwrap();
    assert!(!told.is_empty() && told.windows(2).all(|pair| pair[0].refresh != pair[1].refresh), "{}", told.len());
}

#[async_test(not_send)]
async fn credentials_renew_a_session_under_load() {
    let (db, root, ns) = prepared().await;
    let session = db.new_session().signin(RecordAccess::new(&ns, "test", "bare", named("ada"))).await.unwrap();
    let calls = under_load(&session, "ada").await;
    assert_eq!(written(&root).await, calls);
}

#[async_test(not_send)]
async fn function_that_fails_twice_is_asked_again() {
    let (db, root, ns) = prepared().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let provide = move || {
        let (ns, number) = (ns.clone(), count.fetch_add(1, Ordering::SeqCst));
        async move {
            // The first one opens the session.
            if (1..=2).contains(&number) {
                return Err("the vault is closed");
            }
            Ok(RecordAccess::new(ns, "test", "bare", named("ada")))
        }
    };
    let session = db.new_session().signin_with(provide).await.unwrap();
    let end = Instant::now() + run_length();
    let (mut calls, mut failures) = (0, 0);
    while Instant::now() < end {
        match session.query("CREATE note SET by = $auth").await {
            Ok(response) => drop(response.check().unwrap()),
            Err(error) => {
                assert!(error.is_expired(), "{error:?}");
                assert!(format!("{error:?}").contains("the vault is closed"), "{error:?}");
                (calls, failures) = (calls - 1, failures + 1);
            }
        }
        calls += 1;
        sleep(Duration::from_millis(20)).await;
    }
    assert!(failures <= 2, "{failures}");
    assert!(asked.load(Ordering::SeqCst) >= 4, "{asked:?}");
    assert_eq!(i64::try_from(written(&root).await).unwrap(), calls);
}

#[async_test(not_send)]
async fn forks_share_one_refresh_token() {
    let (db, _root, ns) = prepared().await;
    let session = db.new_session().signin(RecordAccess::new(&ns, "test", "kept", named("ada"))).await.unwrap();
    session.forget_credentials();
    let mut forks = vec![session];
    for _ in 0..5 {
        forks.push(forks[0].fork().await.unwrap());
    }
    let end = Instant::now() + run_length();
    while Instant::now() < end {
        for fork in &forks {
            let name: String = fork.query("RETURN $auth.name").await.unwrap().take(0).unwrap();
            assert_eq!(name, "ada");
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[async_test(not_send)]
async fn four_calls_after_the_expiry_renew_once() {
    let (db, _root, ns) = prepared().await;
    let tokens =
        db.new_session().signin(RecordAccess::new(&ns, "test", "kept", named("ada"))).with_tokens().await.unwrap().1;
    let (renewed, told) = counter();
    let session = db.new_session().refresh(&tokens).on_renewal(told).await.unwrap();
    assert_eq!(renewed.load(Ordering::SeqCst), 1);
    let forks = [session.fork().await.unwrap(), session.fork().await.unwrap(), session.fork().await.unwrap(), session];
    // Nothing runs on this thread until they have expired.
    std::thread::sleep(Duration::from_millis(3_200));
    let calls = forks.iter().map(|fork| fork.query("RETURN $auth.name").into_future());
    for reply in futures_util::future::join_all(calls).await {
        assert_eq!(reply.unwrap().take::<String>(0).unwrap(), "ada");
    }
    let renewals = renewed.load(Ordering::SeqCst);
    // On four workers the sessions are renewed meanwhile.
    let expected = if tokio::runtime::Handle::current().metrics().num_workers() == 1 { 2..=2 } else { 1..=6 };
    assert!(expected.contains(&renewals), "{renewals}");
}

#[async_test(not_send)]
async fn session_without_means_expires_and_says_why() {
    let (db, _root, ns) = prepared().await;
    let (session, tokens) =
        db.new_session().signup(RecordAccess::new(&ns, "test", "bare", named("eve"))).with_tokens().await.unwrap();
    assert_eq!(tokens.refresh, None);
    eventually("the session expires", async || session.query("RETURN 1").await.is_err()).await;
    let error = session.query("RETURN 1").await.unwrap_err();
    assert!(error.is_expired() && error.is_auth() && !error.is_forbidden(), "{error:?}");
    assert_eq!(error.delivery(), Delivery::Answered);
    assert!(session.is_open());
    session.signin(RecordAccess::new(&ns, "test", "bare", named("eve"))).await.unwrap();
    session.execute("RETURN 1").await.unwrap();
}

#[async_test(not_send)]
async fn user_that_was_replaced_ends_the_session() {
    let (db, root, ns) = prepared().await;
    let session = db.new_session().signin(RecordAccess::new(&ns, "test", "moved", named("ada"))).await.unwrap();
    let clone = session.clone();
    assert_eq!(session.identity().record, Some(RecordId::new("member", "ada")));
    root.execute("UPDATE now:1 SET name = 'bob'").await.unwrap();
    let changed = loop {
        match session.query("RETURN $auth.name").await {
            Ok(response) => assert_eq!(response.take::<String>(0).unwrap(), "ada"),
            Err(error) => break error,
        }
        sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(changed.kind(), ErrorKind::IdentityChanged, "{changed:?}");
    assert!(changed.to_string().contains("`member:ada`") && changed.to_string().contains("`member:bob`"), "{changed}");
    assert_eq!(clone.query("RETURN 1").await.unwrap_err().kind(), ErrorKind::IdentityChanged);
    assert!(!session.is_open());
    eventually("the session is detached", async || !db.sessions().await.unwrap().contains(&session.id())).await;
    // A sign-in is a change that the program wants.
    session.signin(RecordAccess::new(&ns, "test", "moved", named("bob"))).await.unwrap();
    assert_eq!(session.identity().record, Some(RecordId::new("member", "bob")));
}

#[async_test(not_send)]
async fn user_whose_rights_are_taken_away_stays_the_same_user() {
    let (db, root, ns) = prepared().await;
    let define = async |roles: &str| {
        let text = format!(
            "DEFINE USER OVERWRITE dora ON DATABASE PASSWORD 'd' ROLES {roles} DURATION FOR TOKEN 1s, FOR SESSION 1s"
        );
        root.execute(Surql::dynamic(text)).await.unwrap();
    };
    define("EDITOR").await;
    let dora = db.new_session().signin(Database::new(&ns, "test", "dora", "d")).await.unwrap();
    dora.execute("DEFINE TABLE one").await.unwrap();
    define("VIEWER").await;
    let refused = loop {
        match dora.execute("DEFINE TABLE OVERWRITE one").await {
            Ok(()) => sleep(Duration::from_millis(50)).await,
            Err(error) => break error,
        }
    };
    assert!(refused.is_forbidden() && !refused.is_expired(), "{refused:?}");
    assert_eq!((dora.identity().level, dora.identity().user.as_deref()), (Level::Database, Some("dora")));
    root.execute("REMOVE USER dora ON DATABASE").await.unwrap();
    eventually("the session of a user who is gone expires", async || dora.query("RETURN 1").await.is_err()).await;
    assert!(dora.query("RETURN 1").await.unwrap_err().is_expired());
}

#[async_test(not_send)]
async fn namespace_and_variables_survive_a_renewal() {
    let (db, root, _) = prepared().await;
    let user = unique("short");
    let define = "PASSWORD 's' ROLES OWNER DURATION FOR TOKEN 1h, FOR SESSION 1s";
    root.execute(Surql::dynamic(format!("DEFINE USER {user} ON ROOT {define}"))).await.unwrap();
    let (ns, other) = (root.namespace().unwrap(), "elsewhere");
    let session = db.new_session().signin(Root::new(&user, "s")).use_ns(&ns).use_db(other).set("v", 7).await.unwrap();
    let expiry = session.identity().expires_at.unwrap();
    eventually("the session is renewed", async || session.identity().expires_at.unwrap() > expiry).await;
    let seen: (String, String, i64) =
        session.query("RETURN [session::ns(), session::db(), $v]").await.unwrap().take(0).unwrap();
    assert_eq!(seen, (ns, other.to_owned(), 7));
    root.execute(Surql::dynamic(format!("REMOVE USER {user} ON ROOT"))).await.unwrap();
}

#[async_test(not_send)]
async fn expired_token_is_replaced_when_the_link_is_lost() {
    let (_db, root, ns) = prepared().await;
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    // The session lives for an hour, and its token for a second: only the outage needs another one.
    let session = db.new_session().signin(RecordAccess::new(&ns, "test", "idle", named("ada"))).await.unwrap();
    let fork = session.fork().await.unwrap();
    session.forget_credentials();
    let (told, tell) = counter();
    session.on_renewal(tell);
    sleep(Duration::from_millis(2_100)).await;
    assert_eq!(told.load(Ordering::SeqCst), 0);
    cut(&proxy, &db).await;
    for session in [&session, &fork] {
        let name: String = session.query("RETURN $auth.name").await.unwrap().take(0).unwrap();
        assert_eq!(name, "ada");
    }
    assert_eq!(told.load(Ordering::SeqCst), 1, "one refresh token for both");
    drop(root);
}

#[async_test(not_send)]
async fn refresh_whose_reply_is_lost_falls_back_to_credentials() {
    let (_db, _root, ns) = prepared().await;
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let access = || RecordAccess::new(&ns, "test", "idle", named("ada"));
    let (with, without) =
        (db.new_session().signin(access()).await.unwrap(), db.new_session().signin(access()).await.unwrap());
    without.forget_credentials();
    for (session, is_kept) in [(with, true), (without, false)] {
        sleep(Duration::from_millis(2_100)).await;
        proxy.lose_next("refresh", Loss::Reply);
        cut(&proxy, &db).await;
        let reply = session.query("RETURN $auth.name").await;
        assert_eq!(reply.is_ok(), is_kept, "{reply:?}");
        if let Err(error) = reply {
            assert!(format!("{error:?}").contains("was lost, and with it the new tokens"), "{error:?}");
        }
    }
}

#[async_test(not_send)]
async fn server_that_lost_its_keys_is_signed_in_to_again() {
    let server = Embedded::start().await.unwrap();
    let proxy = Proxy::start(server.url()).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let root = Root::new(server.username(), server.password());
    let session = db.new_session().signin(root).use_ns("a").use_db("b").await.unwrap();
    let other = Embedded::builder().credentials(server.username(), server.password()).start().await.unwrap();
    proxy.aim(other.url());
    cut(&proxy, &db).await;
    session.execute("DEFINE TABLE t").await.unwrap();
    assert_eq!(session.identity().level, Level::Root);
    server.shutdown().await;
    other.shutdown().await;
}

#[async_test(not_send)]
async fn identity_is_known_for_each_level() {
    let (db, root, ns) = prepared().await;
    root.execute("DEFINE USER nina ON NAMESPACE PASSWORD 'n' ROLES OWNER; DEFINE USER dora ON DATABASE PASSWORD 'd'")
        .await
        .unwrap();
    let nina = db.new_session().signin(Namespace::new(&ns, "nina", "n")).await.unwrap().identity();
    assert_eq!(
        (nina.level, nina.user.as_deref(), nina.namespace.as_ref()),
        (Level::Namespace, Some("nina"), Some(&ns))
    );
    assert_eq!((nina.database, nina.record, nina.access, nina.expires_at), (None, None, None, None));
    let dora = db.new_session().signin(Database::new(&ns, "test", "dora", "d")).await.unwrap().identity();
    assert_eq!((dora.level, dora.database.as_deref()), (Level::Database, Some("test")));
    let ada = db.new_session().signin(RecordAccess::new(&ns, "test", "kept", named("ada"))).await.unwrap();
    let identity = ada.identity();
    assert_eq!((identity.level, identity.record), (Level::Record, Some(RecordId::new("member", "ada"))));
    assert_eq!((identity.access.as_deref(), identity.user), (Some("kept"), None));
    let left = identity.expires_at.unwrap().timestamp() - Datetime::now().timestamp();
    assert!((0..=3).contains(&left), "{left}");
    assert_eq!(ada.fork().await.unwrap().identity().level, Level::Record);
    ada.invalidate().await.unwrap();
    assert_eq!(ada.identity().level, Level::Anonymous);
    assert_eq!(db.new_session().await.unwrap().identity().level, Level::Anonymous);
}

#[async_test(not_send)]
async fn tokens_come_with_the_session_or_reach_the_program_though_it_fails() {
    let (db, _root, ns) = prepared().await;
    let access = RecordAccess::new(&ns, "test", "kept", named("ada"));
    let (session, tokens) = db.new_session().signin(access).with_tokens().await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let new = db.new_session().refresh(&tokens).on_renewal(move |tokens| telling.lock().unwrap().push(tokens));
    let error = new.use_db("forbidden").await.unwrap_err();
    assert!(error.is_forbidden(), "{error:?}");
    let renewed = told.lock().unwrap().pop().unwrap();
    assert_ne!(renewed.refresh, tokens.refresh);
    db.new_session().refresh(renewed).await.unwrap();
    assert_eq!(db.new_session().with_tokens().await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    drop(session);
}

#[async_test(not_send)]
async fn explicit_refresh_renews_the_forks_too() {
    let (db, _root, ns) = prepared().await;
    let access = RecordAccess::new(&ns, "test", "idle", named("ada"));
    let (session, tokens) = db.new_session().signin(access).with_tokens().await.unwrap();
    session.forget_credentials();
    let fork = session.fork().await.unwrap();
    session.refresh(&tokens).await.unwrap();
    sleep(Duration::from_millis(2_100)).await;
    // The token has expired, so a fork of the fork needs the refresh token that the session has got.
    let third = fork.fork().await.unwrap();
    assert_eq!(third.identity().level, Level::Record);
}

#[async_test(not_send)]
async fn every_kind_of_call_renews_an_expired_session() {
    let (db, root, ns) = prepared().await;
    let mut sessions = Vec::new();
    for _ in 0..6 {
        sessions.push(db.new_session().signin(RecordAccess::new(&ns, "test", "kept", named("ada"))).await.unwrap());
    }
    let [query, set, select, transaction, live, fork] = &*sessions else { panic!("{sessions:?}") };
    let tx = transaction.begin_transaction().await.unwrap();
    tx.execute("CREATE note:of_a_transaction").await.unwrap();
    // Nothing else runs on this thread meanwhile, so that nothing is renewed before.
    std::thread::sleep(Duration::from_millis(3_200));
    query.execute("CREATE note:of_a_query").await.unwrap();
    set.set("v", 1).await.unwrap();
    select.use_ns(&ns).use_db("test").await.unwrap();
    assert_eq!(select.info::<BTreeMap<String, Value>>().await.unwrap()["name"], Value::from("ada"));
    tx.execute("CREATE note:two_of_a_transaction").await.unwrap();
    tx.commit().await.unwrap();
    let mut notes = live.live::<Note>().await.unwrap();
    assert_eq!(fork.fork().await.unwrap().identity().level, Level::Record);
    let seen: i64 = set.query("RETURN $v").await.unwrap().take(0).unwrap();
    assert_eq!((seen, written(&root).await), (1, 3));
    root.execute("CREATE note:of_root").await.unwrap();
    assert!(matches!(notes.next().await, Some(Ok(LiveEvent::Change(_)))));
}

#[derive(Debug, serde::Serialize, serde::Deserialize, Record)]
struct Note {
    id: Id<Note>,
}

#[async_test(not_send)]
async fn sessions_are_renewed_while_their_sockets_are_cut() {
    let (_db, _root, ns) = prepared().await;
    let proxy = Proxy::start(&login().await.url).await;
    let db = Surreal::connect(proxy.url()).await.unwrap();
    let mut sessions = Vec::new();
    for name in ["ada", "bob", "ada", "bob"] {
        let session = db.new_session().signin(RecordAccess::new(&ns, "test", "kept", named(name))).await.unwrap();
        sessions.push((name, session.fork().await.unwrap()));
        sessions.push((name, session));
    }
    proxy.chaos(Duration::from_millis(200)..Duration::from_millis(800));
    let end = Instant::now() + run_length();
    let mut calls = 0;
    while Instant::now() < end {
        for (name, session) in &sessions {
            match session.query("RETURN $auth.name").await {
                Ok(reply) => assert_eq!(reply.take::<String>(0).unwrap(), *name),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}"),
            }
            calls += 1;
        }
        sleep(Duration::from_millis(10)).await;
    }
    proxy.calm();
    assert!(calls > sessions.len(), "{calls}");
    for (name, session) in &sessions {
        // Once more a socket may be cut that was opened before.
        eventually("the session works", async || {
            let reply = session.query("RETURN $auth.name").await;
            reply.inspect(|reply| assert_eq!(reply.take::<String>(0).unwrap(), *name)).is_ok()
        })
        .await;
    }
}

#[async_test(not_send)]
async fn identity_is_known_without_the_clock_of_the_server() {
    let server = Embedded::builder().deny_function("time::now").start().await.unwrap();
    let db = Surreal::connect(server.url()).await.unwrap();
    let root = db.new_session().signin(Root::new(server.username(), server.password())).await.unwrap();
    assert_eq!(root.identity().level, Level::Root);
    root.use_ns("ns").use_db("db").await.unwrap();
    root.execute("DEFINE USER dora ON DATABASE PASSWORD 'd' DURATION FOR TOKEN 1h, FOR SESSION 1s").await.unwrap();
    let dora = db.new_session().signin(Database::new("ns", "db", "dora", "d")).await.unwrap();
    assert!(dora.identity().expires_at.is_some());
    // The expiry is not known in advance: the call that finds the session expired renews it.
    sleep(Duration::from_millis(2_200)).await;
    dora.execute("RETURN 1").await.unwrap();
    server.shutdown().await;
}

#[async_test(not_send)]
async fn functions_of_the_program_may_panic() {
    let (db, _root, ns) = prepared().await;
    let session = db.new_session().signin(RecordAccess::new(&ns, "test", "kept", named("ada"))).await.unwrap();
    session.on_renewal(|_| panic!("a bug of the program"));
    let panics =
        db.new_session().signin_with(|| async { if true { panic!("another one") } else { Root::new("a", "b") } }).await;
    assert!(panics.unwrap_err().to_string().contains("has panicked"));
    sleep(Duration::from_millis(4_500)).await;
    session.execute("RETURN 1").await.unwrap();
}
