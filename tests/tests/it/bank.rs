//! Many writers move money over sockets that are cut all the time: the sum is right, and the ledger has each transfer
//! exactly as often as its caller was told.
//!
//! Runs for two seconds for each way to make a transfer, or for `BANK_SECONDS`.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{CommitMarker, Result};
use surreal_session_tests::{Proxy, async_test, is_version_in, login, no_transaction_is_open, place};
use tokio::time::{sleep, timeout};

const WRITERS: usize = 16;
const ACCOUNTS: usize = 64;
const OPENING: i64 = 1_000;
/// Longer than any call here may take: a call that still waits after it hangs.
const HANGS: Duration = Duration::from_mins(1);

#[derive(Debug, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account, i64>,
    balance: i64,
}

/// A line of the ledger. Its id is random, so that a transfer that is made twice has two.
#[derive(Debug, Serialize, Deserialize, Record)]
struct Entry {
    id: Id<Entry>,
    number: usize,
    from: Id<Account, i64>,
    to: Id<Account, i64>,
    amount: i64,
}

/// The way to make a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ByHand,
    Run,
    ExactlyOnce,
}

/// The outcome of a transfer, as its caller knows it.
#[derive(Debug, Clone)]
enum Told {
    Done,
    NotDone,
    Unknown(Option<CommitMarker>),
}

struct Bank {
    way: Way,
    sessions: Vec<Session>,
    end: Instant,
    next: AtomicUsize,
    told: Mutex<BTreeMap<usize, Told>>,
    outcomes: Mutex<BTreeMap<String, usize>>,
}

/// A number that differs for each `salt`, the same in every run.
fn scattered(number: usize, salt: usize) -> usize {
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(salt.wrapping_mul(0xD1B5_4A32_D192_ED03)) >> 17) % 1_009
}

fn entry(number: usize) -> NewEntry {
    let from = scattered(number, 1) % ACCOUNTS;
    let to = (from + 1 + scattered(number, 2) % (ACCOUNTS - 1)) % ACCOUNTS;
    let id = |key| Id::new(i64::try_from(key).unwrap());
    NewEntry { number, from: id(from), to: id(to), amount: i64::try_from(scattered(number, 3)).unwrap() % 50 + 1 }
}

async fn carry_out(tx: &Transaction, number: usize) -> Result<()> {
    let entry = entry(number);
    let (from, to, amount) = (entry.from, entry.to, entry.amount);
    tx.update::<Account>().id(from).set(|account| account.balance.sub(amount)).return_none().await?;
    tx.update::<Account>().id(to).set(|account| account.balance.add(amount)).return_none().await?;
    tx.create::<Entry>().content(entry).return_none().await
}

impl Bank {
    fn count(&self, outcome: impl fmt::Display) {
        *self.outcomes.lock().unwrap().entry(outcome.to_string()).or_default() += 1;
    }

    async fn work(self: Arc<Self>, writer: usize) {
        let session = self.sessions[writer % self.sessions.len()].clone();
        while Instant::now() < self.end {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let result = timeout(HANGS, self.transfer(&session, number)).await.expect("hangs");
            let told = self.judge(result);
            self.told.lock().unwrap().insert(number, told);
        }
    }

    async fn transfer(&self, session: &Session, number: usize) -> Result<()> {
        match self.way {
            Way::ByHand => self.by_hand(session, number).await,
            Way::Run => session.transaction().run(async |tx| carry_out(&tx, number).await).await,
            Way::ExactlyOnce => session.transaction().exactly_once().run(async |tx| carry_out(&tx, number).await).await,
        }
    }

    /// Repeats a transfer for as long as its error says that it may.
    async fn by_hand(&self, session: &Session, number: usize) -> Result<()> {
        loop {
            let attempt = async {
                let tx = session.begin_transaction().await?;
                carry_out(&tx, number).await?;
                tx.commit().await
            };
            match attempt.await {
                Err(error) if error.is_retryable() => {
                    self.count(format_args!("retry: {}", error.kind()));
                    sleep(Duration::from_millis(10)).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn judge(&self, result: Result<()>) -> Told {
        match result {
            Ok(()) => {
                self.count("done");
                Told::Done
            }
            Err(error) => {
                self.count(format_args!("{}, {:?}", error.kind(), error.delivery()));
                match error.is_safe_to_repeat() {
                    true => Told::NotDone,
                    false => Told::Unknown(error.commit_marker().cloned()),
                }
            }
        }
    }
}

fn seconds() -> u64 {
    env::var("BANK_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(2)
}

/// Sessions behind a proxy, in the database of `auditor`.
async fn sessions(proxy: &Proxy, auditor: &Session) -> Vec<Session> {
    let login = login().await;
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let db = Surreal::connect(proxy.url()).await.unwrap();
        let root = Root::new(&login.username, &login.password);
        let first = db.new_session().signin(root).use_ns(auditor.namespace().unwrap()).use_db("test").await.unwrap();
        sessions.extend([first.fork().await.unwrap(), first]);
    }
    sessions
}

async fn run_bank(way: Way) {
    let (_db, auditor) = place().await;
    CommitMarker::define(&auditor).await.unwrap();
    auditor.execute("DEFINE TABLE entry").await.unwrap();
    let accounts = (0..ACCOUNTS).map(|key| (i64::try_from(key).unwrap(), NewAccount { balance: OPENING }));
    auditor.insert(accounts.collect::<Vec<_>>()).await.unwrap();
    let proxy = Proxy::start(&login().await.url).await;
    let bank = Arc::new(Bank {
        way,
        sessions: sessions(&proxy, &auditor).await,
        end: Instant::now() + Duration::from_secs(seconds()),
        next: AtomicUsize::new(0),
        told: Mutex::default(),
        outcomes: Mutex::default(),
    });
    proxy.chaos(Duration::from_millis(200)..Duration::from_millis(800));
    let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(Arc::clone(&bank).work(writer))).collect();
    // Before 3.3, a read may see a part of a commit that is under way (store in memory).
    let sees_whole_commits = is_version_in("3.3"..).await;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let total = total(&auditor).await;
        assert!(total == OPENING * i64::try_from(ACCOUNTS).unwrap() || !sees_whole_commits, "{total}");
        sleep(Duration::from_millis(200)).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    proxy.calm();
    audit(&bank, &auditor).await;
    println!("{way:?}, {} cuts: {:?}", proxy.cuts(), bank.outcomes.lock().unwrap());
    for session in &bank.sessions {
        no_transaction_is_open(session).await;
    }
}

async fn total(auditor: &Session) -> i64 {
    auditor.query("RETURN math::sum(SELECT VALUE balance FROM account)").await.unwrap().take(0).unwrap()
}

async fn audit(bank: &Bank, auditor: &Session) {
    let told = bank.told.lock().unwrap().clone();
    let mut settled = BTreeMap::new();
    for (number, told) in &told {
        let is_done = match told {
            Told::Done => Some(true),
            Told::NotDone => Some(false),
            Told::Unknown(Some(marker)) => Some(auditor.was_applied(marker).await.unwrap()),
            Told::Unknown(None) => None,
        };
        settled.insert(*number, is_done);
    }
    // Commits that were sent may still be applied.
    sleep(Duration::from_millis(500)).await;
    let mut made: BTreeMap<usize, usize> = BTreeMap::new();
    let mut balances = BTreeMap::new();
    for entry in auditor.select::<Entry>().await.unwrap() {
        *made.entry(entry.number).or_default() += 1;
        *balances.entry(*entry.from.key()).or_insert(OPENING) -= entry.amount;
        *balances.entry(*entry.to.key()).or_insert(OPENING) += entry.amount;
    }
    for (number, is_done) in settled {
        let times = made.remove(&number).unwrap_or_default();
        let allowed = is_done.map_or(0..=1, |is_done| usize::from(is_done)..=usize::from(is_done));
        assert!(allowed.contains(&times), "transfer {number} is in the ledger {times} times: {:?}", told[&number]);
    }
    assert!(made.is_empty(), "nobody made these: {made:?}");
    for account in auditor.select::<Account>().await.unwrap() {
        assert_eq!(account.balance, balances.remove(account.id.key()).unwrap_or(OPENING), "{account:?}");
    }
}

#[async_test(not_send)]
async fn transfers_by_hand_are_in_the_ledger_as_often_as_their_callers_know() {
    run_bank(Way::ByHand).await;
}

#[async_test(not_send)]
async fn transfers_that_run_again_are_in_the_ledger_as_often_as_their_callers_know() {
    run_bank(Way::Run).await;
}

#[async_test(not_send)]
async fn transfers_that_run_exactly_once_are_in_the_ledger_once() {
    run_bank(Way::ExactlyOnce).await;
}
