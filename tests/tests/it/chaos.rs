//! A bank under a bad network: each socket is cut after less than a second, and the server is restarted.
//!
//! Each transfer changes two accounts and writes a line of the ledger, in one transaction. The outcome that its caller got
//! must agree with the ledger: a transfer that was made has one line, one that was not made has none.
//!
//! `SURREAL_CHAOS_SECONDS` sets the time (5 unless set). `SURREAL_SERVE` names a program to run as the server, which is then
//! killed with `SIGKILL` instead of being restarted in this process.

use std::collections::BTreeMap;
use std::env;
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::connection::Reconnect;
use surreal_session::prelude::*;
use surreal_session::{CommitMarker, Result};
use surreal_session_tests::{DiskServer, Proxy, async_test, eventually, no_transaction_is_open};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

#[derive(Debug, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account, i64>,
    balance: i64,
}

/// A line of the ledger.
#[derive(Debug, Serialize, Deserialize, Record)]
struct Line {
    id: Id<Line>,
    number: i64,
    from: i64,
    to: i64,
    amount: i64,
}

const WRITERS: i64 = 16;
const ACCOUNTS: i64 = 40;
const OPENING: i64 = 1_000;
const DEADLINE: Duration = Duration::from_secs(15);
/// Far longer than a transfer with all its retries.
const HANGS: Duration = Duration::from_mins(1);
/// The way in which a writer makes its transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    ByHand,
    Run,
    ExactlyOnce,
}

/// The outcome of a transfer, as its caller sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Made,
    NotMade,
    Unknown,
}

struct Bank {
    is_open: AtomicBool,
    next: AtomicI64,
    told: Mutex<BTreeMap<i64, (Way, Outcome)>>,
    /// The kinds of the errors, by way.
    errors: Mutex<BTreeMap<(Way, String), usize>>,
}

/// A simple random generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % limit.unsigned_abs()).unwrap()
    }
}

impl Bank {
    async fn work(self: Arc<Self>, session: Session, writer: i64) {
        let way = [Way::ByHand, Way::Run, Way::ExactlyOnce][usize::try_from(writer).unwrap() % 3];
        let mut dice = Dice(writer.unsigned_abs() * 7_919 + 1);
        while self.is_open.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let from = dice.below(ACCOUNTS);
            let to = (from + 1 + dice.below(ACCOUNTS - 1)) % ACCOUNTS;
            let line = NewLine { number, from, to, amount: dice.below(50) + 1 };
            let made = timeout(HANGS, make(way, &session, &line)).await.expect("a transfer hangs");
            let outcome = self.judge(way, made);
            self.told.lock().unwrap().insert(number, (way, outcome));
        }
    }

    fn judge(&self, way: Way, made: Result<()>) -> Outcome {
        let Err(error) = made else { return Outcome::Made };
        let kind = format!("{:?}/{:?}", error.kind(), error.delivery());
        *self.errors.lock().unwrap().entry((way, kind)).or_default() += 1;
        match (error.kind(), error.delivery()) {
            (ErrorKind::CommitUnknown, _) => Outcome::Unknown,
            // The commit was not sent: what a statement did is rolled back.
            (_, Delivery::NotSent | Delivery::RolledBack | Delivery::Answered) => Outcome::NotMade,
            _ => panic!("{way:?}: {error:?}"),
        }
    }
}

async fn make(way: Way, session: &Session, line: &NewLine) -> Result<()> {
    match way {
        Way::ByHand => {
            let tx = session.begin_transaction().await?;
            carry_out(&tx, line).await?;
            tx.commit().await
        }
        Way::Run => session.transaction().run(async |tx| carry_out(&tx, line).await).await,
        Way::ExactlyOnce => session.transaction().exactly_once().run(async |tx| carry_out(&tx, line).await).await,
    }
}

async fn carry_out(tx: &Transaction, line: &NewLine) -> Result<()> {
    tx.update::<Account>().id(line.from).set(|account| account.balance.sub(line.amount)).await?;
    tx.update::<Account>().id(line.to).set(|account| account.balance.add(line.amount)).await?;
    let NewLine { number, from, to, amount } = *line;
    tx.create::<Line>().content(NewLine { number, from, to, amount }).await.map(drop)
}

async fn root(db: &Surreal) -> Session {
    db.new_session().signin(Root::new("root", "root")).use_ns("bank").use_db("bank").await.unwrap()
}

#[async_test(not_send)]
async fn bank_survives_cuts_and_restarts() {
    let seconds = env::var("SURREAL_CHAOS_SECONDS").map_or(5, |seconds| seconds.parse().unwrap());
    let mut server = DiskServer::start().await;
    let proxy = Proxy::start(server.url()).await;
    let policy = Reconnect::default().max_delay(Duration::from_millis(200));
    let db = Surreal::connect(proxy.url()).sockets(4..=4).reconnect(policy).deadline(DEADLINE).await.unwrap();
    let sessions = open_bank(&db).await;
    let bank = Arc::new(Bank {
        is_open: AtomicBool::new(true),
        next: AtomicI64::new(0),
        told: Mutex::default(),
        errors: Mutex::default(),
    });
    let mut writers = JoinSet::new();
    for (writer, session) in (0..).zip(&sessions) {
        writers.spawn(Arc::clone(&bank).work(session.clone(), writer));
    }
    proxy.chaos(Duration::from_millis(200)..Duration::from_millis(800));
    for restart in 0..3 {
        sleep(Duration::from_secs(seconds) / 3).await;
        match restart {
            0 => server.kill().await,
            1 => server.stop().await,
            _ => break,
        }
        server.start_again().await;
    }
    bank.is_open.store(false, Ordering::Relaxed);
    proxy.calm();
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    let cuts = proxy.cuts();
    for session in &sessions {
        no_transaction_is_open(session).await;
    }
    drop(sessions);
    timeout(HANGS, db.close()).await.expect("`close` hangs").unwrap();
    eventually("no socket is open", async || proxy.links().is_empty()).await;
    println!("{WRITERS} writers, {seconds} s, {cuts} cuts, 2 restarts: {bank}");
    audit(&server, &bank).await;
    assert!(cuts > 0, "no socket was cut");
}

async fn open_bank(db: &Surreal) -> Vec<Session> {
    let first = root(db).await;
    let accounts = (0..ACCOUNTS).map(|id| first.create::<Account>().id(id).content(NewAccount { balance: OPENING }));
    first.execute("DEFINE TABLE account; DEFINE TABLE line").await.unwrap();
    CommitMarker::define(&first).await.unwrap();
    first.batch(accounts.collect::<Vec<_>>()).atomic().await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..WRITERS {
        sessions.push(first.fork().await.unwrap());
    }
    sessions
}

/// Compares the ledger and the balances with the outcomes that the writers got.
async fn audit(server: &DiskServer, bank: &Bank) {
    let db = Surreal::connect(server.url()).await.unwrap();
    let auditor = root(&db).await;
    let mut balances: BTreeMap<i64, i64> = (0..ACCOUNTS).map(|account| (account, OPENING)).collect();
    let mut lines: BTreeMap<i64, usize> = BTreeMap::new();
    for line in auditor.select::<Line>().await.unwrap() {
        *balances.get_mut(&line.from).unwrap() -= line.amount;
        *balances.get_mut(&line.to).unwrap() += line.amount;
        *lines.entry(line.number).or_default() += 1;
    }
    for account in auditor.select::<Account>().await.unwrap() {
        assert_eq!(balances.remove(account.id.key()), Some(account.balance), "{:?}", account.id);
    }
    assert!(balances.is_empty(), "accounts are gone: {balances:?}");
    let told = bank.told.lock().unwrap();
    for (number, (way, outcome)) in told.iter() {
        let count = lines.remove(number).unwrap_or(0);
        let agrees = match outcome {
            Outcome::Made => count == 1,
            Outcome::NotMade => count == 0,
            Outcome::Unknown => count <= 1,
        };
        assert!(agrees, "transfer {number} ({way:?}): {outcome:?}, but {count} lines");
    }
    assert!(lines.is_empty(), "transfers that no writer made: {lines:?}");
}

impl Display for Bank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.told.lock().unwrap();
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        for told in told.values() {
            *counts.entry(told).or_default() += 1;
        }
        write!(f, "{} transfers, {counts:?}, errors {:?}", told.len(), self.errors.lock().unwrap())
    }
}
