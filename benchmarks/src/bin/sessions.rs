//! Measures 10,000 sessions: memory, the time to open them, and the time until all of them answer again after all sockets
//! were cut.
//!
//! `benchmarks/run sessions` starts a server for it. Each client runs in a process of its own, and connects through a TCP
//! proxy in another one, which cuts.

use std::pin::pin;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use surreal_session::Surreal;
use surreal_session::prelude::{Queryable, Session};
use surreal_session_benchmarks::{
    CUTTER, Cutter, Meter, Options, OwnProcess, Server, Table, digits, resident_bytes, run_cutter,
};
use tokio::time::{sleep, timeout};

const SESSIONS: u64 = 10_000;
/// The number of sessions that are opened or called at the same time.
const AT_ONCE: usize = 64;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let options = Options::parse();
    let sessions = options.times(SESSIONS);
    match OwnProcess::part().as_deref() {
        Some(CUTTER) => run_cutter().await,
        Some("ours") => ours(sessions).await,
        Some("sdk") => sdk(sessions).await,
        Some(part) => panic!("unknown part {part}"),
        None => compare(&options, sessions),
    }
}

fn compare(options: &Options, sessions: u64) {
    println!("{sessions} sessions that are signed in, {AT_ONCE} opened or called at the same time, medians:\n");
    let mut table =
        Table::new(&["Client", "Memory each", "Open all", "Call each once", "Cut, until each has answered"]);
    for (part, name) in [("ours", "this library"), ("sdk", "SDK 3.3.5")] {
        let rounds = if part == "ours" { options.rounds } else { 1 };
        let measured: Vec<[f64; 4]> = (0..rounds).filter_map(|_| numbers(&OwnProcess::start(part).line())).collect();
        if measured.is_empty() {
            continue;
        }
        let median = |index: usize| {
            let mut values: Vec<_> = measured.iter().map(|numbers| numbers[index]).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let kilobytes = format!("{} kB", digits(median(0) / 1e3));
        let seconds = |index| format!("{} s", digits(median(index)));
        table.row(&[name.to_owned(), kilobytes, seconds(1), seconds(2), seconds(3)]);
    }
    table.print();
}

fn numbers(line: &str) -> Option<[f64; 4]> {
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    numbers.try_into().ok()
}

async fn ours(number: u64) {
    let (mut cutter, server) = (Cutter::start(), Server::from_env());
    let db = Surreal::connect(&cutter.url).await.expect("it connects");
    db.signin(server.root()).await.expect("a sign-in");
    db.use_ns("benchmarks").use_db("sessions").await.expect("a database");
    let before = resident_bytes();
    let meter = Meter::start();
    let forks = stream::iter(0..number).map(|_| db.fork().into_future()).buffer_unordered(AT_ONCE);
    let sessions: Vec<Session> = forks.map(|session| session.expect("a session")).collect().await;
    let opened = meter.stop(1).wall;
    let memory = resident_bytes().saturating_sub(before);
    let called = call_all(&sessions, call).await;
    cutter.cut();
    let restored = call_all(&sessions, call).await;
    report(memory, number, [opened, called, restored]);
}

async fn call(session: &Session) -> bool {
    session.execute("RETURN 1").await.is_ok()
}

/// Calls each until it has answered; a call that is lost with its socket is made again.
async fn call_all<'a, S, F: Future<Output = bool>>(sessions: &'a [S], call: impl Fn(&'a S) -> F) -> Duration {
    let meter = Meter::start();
    let calls = stream::iter(sessions).for_each_concurrent(AT_ONCE, async |session| {
        while !call(session).await {
            sleep(Duration::from_millis(5)).await;
        }
    });
    let calls = pin!(calls);
    timeout(Duration::from_secs(300), calls).await.map_or(Duration::MAX, |()| meter.stop(1).wall)
}

#[expect(clippy::cast_precision_loss)]
fn report(memory: u64, sessions: u64, times: [Duration; 3]) {
    let [opened, called, restored] = times.map(|time| time.as_secs_f64());
    println!("{} {opened} {called} {restored}", memory as f64 / sessions as f64);
}

/// It has one socket, which the server limits to 255 sessions: as many clients as are needed.
#[cfg(feature = "sdk")]
async fn sdk(number: u64) {
    use surreal_session_benchmarks::Sdk;

    const EACH: usize = 250;
    let (mut cutter, mut server) = (Cutter::start(), Server::from_env());
    server.url.clone_from(&cutter.url);
    let connect = || Sdk::connect(&server, "benchmarks", "sessions");
    let first = connect().await.expect("it connects");
    let before = resident_bytes();
    let meter = Meter::start();
    let mut sessions = Vec::new();
    while sessions.len() < usize::try_from(number).expect("few") {
        let client = connect().await.expect("it connects");
        let copies = stream::iter(0..EACH).map(|_| client.copy()).buffer_unordered(AT_ONCE);
        let copies: Vec<_> = copies.map(|copy| copy.expect("a session")).collect().await;
        sessions.extend(copies);
    }
    let opened = meter.stop(1).wall;
    let memory = resident_bytes().saturating_sub(before);
    let called = call_all(&sessions, Sdk::answers).await;
    cutter.cut();
    let restored = call_all(&sessions, Sdk::answers).await;
    report(memory, number, [opened, called, restored]);
    drop(first);
}

#[cfg(not(feature = "sdk"))]
async fn sdk(_: u64) {}
