//! Many sessions over a few sockets: each keeps its identity, place and variables through cuts and restarts.
//!
//! `SURREAL_CHAOS_SESSIONS` sets their number (200 unless set; up to 64 share a socket, or 250 if they are more than 500), and
//! `SURREAL_SERVE` names a program to run as the server. Figures are printed: the time of each phase, requests per second, and
//! memory.

use std::env;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::iter;
use surreal_session::prelude::*;
use surreal_session_tests::{DiskServer, Proxy, async_test};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Long enough to restore 10,000 sessions on a server that is not optimised.
const DEADLINE: Duration = Duration::from_mins(8);
const HANGS: Duration = Duration::from_mins(10);
/// The sessions that are opened at the same time.
const AT_ONCE: usize = 64;
/// The tasks that use sessions during the cuts.
const READERS: usize = 16;

/// The number of a session, and what it must see of itself.
#[derive(Debug, Clone)]
struct Known {
    session: Session,
    state: State,
}

/// Namespace, database, variable, and the user's name.
type State = (String, String, usize, String);

async fn state(session: &Session) -> surreal_session::Result<State> {
    session.query("RETURN [session::ns(), session::db(), $me, $token.ID]").await?.take(0)
}

impl Known {
    /// Checks that the session is what it was, unless the connection fails the call.
    async fn check(&self) -> surreal_session::Result<()> {
        let state = timeout(HANGS, state(&self.session)).await.expect("hangs")?;
        assert_eq!(state, self.state);
        Ok(())
    }

    /// The same, again after each failure of the connection.
    async fn check_until_answered(&self) {
        while let Err(error) = self.check().await {
            assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
        }
    }
}

/// Sessions of three users, from which others are forked: of root, of a namespace, and of a database.
async fn users(db: &Surreal) -> [Session; 3] {
    let root = db.new_session().signin(Root::new("root", "root")).use_ns("one").use_db("one").await.unwrap();
    let users =
        "DEFINE USER nia ON NAMESPACE PASSWORD 'n' ROLES OWNER; DEFINE USER dan ON DATABASE PASSWORD 'd' ROLES OWNER";
    root.execute(users).await.unwrap();
    // One after another: sessions that make the same place at once conflict.
    let places = db.new_session().signin(Root::new("root", "root")).await.unwrap();
    for namespace in (0..5).map(|number| format!("ns_{number}")).chain(["one".to_owned()]) {
        for database in 0..7 {
            places.use_ns(&namespace).use_db(format!("db_{database}")).await.unwrap();
        }
    }
    let nia = db.new_session().signin(Namespace::new("one", "nia", "n")).use_db("one").await.unwrap();
    let dan = db.new_session().signin(Database::new("one", "one", "dan", "d")).await.unwrap();
    [root, nia, dan]
}

async fn open(users: &[Session; 3], number: usize) -> Known {
    let user = number % 3;
    let session = users[user].fork().await.unwrap();
    let mut place = ["one".to_owned(), "one".to_owned()];
    if user == 0 {
        place[0] = format!("ns_{}", number % 5);
        session.use_ns(&place[0]).await.unwrap();
    }
    if user < 2 {
        place[1] = format!("db_{}", number % 7);
        session.use_db(&place[1]).await.unwrap();
    }
    session.set("me", number).await.unwrap();
    let [namespace, database] = place;
    Known { session, state: (namespace, database, number, ["root", "nia", "dan"][user].to_owned()) }
}

async fn check_all(sessions: &[Known]) {
    let mut checks = JoinSet::new();
    for known in sessions {
        let known = known.clone();
        checks.spawn(async move { known.check_until_answered().await });
    }
    while let Some(checked) = checks.join_next().await {
        checked.unwrap();
    }
}

#[async_test(not_send)]
async fn sessions_stay_what_they_are_through_cuts_and_restarts() {
    let count = env::var("SURREAL_CHAOS_SESSIONS").map_or(200, |count| count.parse().unwrap());
    let on_a_socket = if count > 500 { 250 } else { 64 };
    let mut server = DiskServer::start().await;
    let proxy = Proxy::start(server.url()).await;
    let opening = Surreal::connect(proxy.url()).sockets(1..=64).sessions_per_socket(on_a_socket).deadline(DEADLINE);
    let db = opening.await.unwrap();
    let users = users(&db).await;
    let (begun, memory) = (Instant::now(), memory(&server));
    let sessions =
        iter(0..count).map(|number| open(&users, number)).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    println!("{count} sessions over {} sockets, opened in {:.1?}", proxy.links().len(), begun.elapsed());
    report_memory(memory, self::memory(&server), count);
    assert!(proxy.links().len() >= 4, "{} sockets", proxy.links().len());
    check_all(&sessions).await;

    for how in ["stopped", "killed"] {
        let before = proxy.requests_per_second().len();
        match how {
            "stopped" => server.stop().await,
            _ => server.kill().await,
        }
        server.start_again().await;
        let begun = Instant::now();
        check_all(&sessions).await;
        let rates = proxy.requests_per_second();
        println!(
            "server {how}: the last session restored after {:.1?}; requests per second {:?}",
            begun.elapsed(),
            &rates[before - 1..]
        );
    }
    let failures = under_cuts(&proxy, &sessions).await;
    println!("{} cuts: {failures} calls failed, no session changed", proxy.cuts());
    check_all(&sessions).await;
    drop((sessions, users));
    timeout(HANGS, db.close()).await.expect("hangs").unwrap();
}

/// Uses the sessions while their sockets are cut, and returns the number of calls that failed.
async fn under_cuts(proxy: &Proxy, sessions: &[Known]) -> usize {
    let (is_over, failures) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut readers = JoinSet::new();
    for reader in 0..READERS {
        let (is_over, failures) = (Arc::clone(&is_over), Arc::clone(&failures));
        let mine: Vec<_> = sessions.iter().skip(reader).step_by(READERS).cloned().collect();
        readers.spawn(async move {
            for known in mine.iter().cycle() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                if let Err(error) = known.check().await {
                    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error:?}");
                    failures.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    proxy.chaos(Duration::from_millis(200)..Duration::from_millis(800));
    sleep(Duration::from_secs(2)).await;
    proxy.calm();
    is_over.store(true, Ordering::Relaxed);
    while let Some(reader) = readers.join_next().await {
        reader.unwrap();
    }
    failures.load(Ordering::Relaxed)
}

/// The resident memory of this process and of the server, in KiB, if the server is a program on Linux.
fn memory(server: &DiskServer) -> Option<(i64, i64)> {
    let resident = |process: &str| {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some((resident("self")?, resident(&server.process()?.to_string())?))
}

fn report_memory(before: Option<(i64, i64)>, after: Option<(i64, i64)>, count: usize) {
    if let (Some(before), Some(after), Ok(count)) = (before, after, i64::try_from(count)) {
        let each = |before: i64, after: i64| (after - before) * 1024 / count;
        println!(
            "bytes for each idle session: {} of the client, {} of the server",
            each(before.0, after.0),
            each(before.1, after.1)
        );
    }
}
