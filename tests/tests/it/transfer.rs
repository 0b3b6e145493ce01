//! Money moves between accounts from many tasks, over sockets that break and in futures that are dropped: none is made
//! and none is lost.
//!
//! Each transfer reads two balances, writes both, and writes itself into a ledger. What its caller was told has to
//! agree with the ledger, and the ledger with the balances.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{Error, Result};
use surreal_session_tests::{Proxy, eventually, login, place, poll_times};

#[derive(Debug, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account, i64>,
    balance: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Transfer {
    id: Id<Transfer, i64>,
    from: i64,
    to: i64,
    amount: i64,
}

const WRITERS: usize = 16;
const TRANSFERS: usize = 2_000;
const ACCOUNTS: i64 = 24;
const OPENING: i64 = 1_000;
/// A socket is killed each time that so many transfers were made.
const KILL_EVERY: usize = 400;
const SOCKETS: usize = 2;
const SESSIONS: usize = 3;

/// A connection through a proxy that can cut it, and sessions on it.
struct Line {
    proxy: Proxy,
    sessions: Vec<Session>,
}

impl Line {
    async fn open(namespace: &str) -> Self {
        let login = login().await;
        let proxy = Proxy::start(&login.url).await;
        let db = Surreal::connect(proxy.url()).await.unwrap();
        let root = Root::new(login.username, login.password);
        let first = db.new_session().signin(root).use_ns(namespace).use_db("test").await.unwrap();
        let mut sessions = vec![first];
        for _ in 1..SESSIONS {
            sessions.push(sessions[0].fork().await.unwrap());
        }
        Self { proxy, sessions }
    }
}

/// What a caller was told about its transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Done,
    NotDone,
    Unknown,
}

/// What happened to all transfers together.
#[derive(Debug, Default)]
struct Totals {
    done: usize,
    poor: usize,
    cancelled: usize,
    dropped: usize,
    disconnected: usize,
    unknown: usize,
    given_up: usize,
    runs: usize,
    conflicts: usize,
    kills: usize,
}

/// Not random enough for anything else, and the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[derive(Debug)]
enum Refused {
    Poor,
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Moves money in a transaction that somebody else ends.
async fn move_money(tx: &Transaction, transfer: &Transfer) -> Result<(), Refused> {
    let Transfer { id, from, to, amount } = transfer;
    let (from, to) = (Id::<Account, i64>::new(*from), Id::<Account, i64>::new(*to));
    let balances = tx.query("RETURN [$from.balance, $to.balance]").bind("from", &from).bind("to", &to);
    let (mine, yours): (i64, i64) = balances.await?.take(0)?;
    if mine < *amount {
        return Err(Refused::Poor);
    }
    let text = "UPDATE $from SET balance = $mine; UPDATE $to SET balance = $yours; CREATE $id CONTENT $entry";
    let entry = NewTransfer { from: transfer.from, to: transfer.to, amount: *amount };
    let write = tx.query(text).bind("from", &from).bind("to", &to).bind("id", id).bind("entry", entry);
    write.bind("mine", mine - amount).bind("yours", yours + amount).await?.check()?;
    Ok(())
}

struct Bank {
    lines: Vec<Mutex<Arc<Line>>>,
    namespace: String,
    next: AtomicUsize,
    totals: Mutex<Totals>,
    told: Mutex<BTreeMap<i64, Told>>,
}

impl Bank {
    fn count(&self, of: impl FnOnce(&mut Totals) -> &mut usize, by: usize) {
        of(&mut self.totals.lock().unwrap()).add_assign(by);
    }

    /// Makes transfers until there have been enough.
    async fn work(self: Arc<Self>, writer: usize) {
        let mut dice = Dice(u64::try_from(writer).unwrap() * 7_919 + 1);
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= TRANSFERS {
                return;
            }
            if number % KILL_EVERY == KILL_EVERY / 2 {
                self.kill(number / KILL_EVERY % SOCKETS).await;
            }
            let line = Arc::clone(&self.lines[writer % SOCKETS].lock().unwrap());
            let session = &line.sessions[writer / SOCKETS % SESSIONS];
            let told = self.transfer(session, i64::try_from(number).unwrap(), &mut dice).await;
            self.told.lock().unwrap().insert(i64::try_from(number).unwrap(), told);
        }
    }

    /// Cuts a socket under everybody who uses it, and opens another one in its place.
    async fn kill(&self, socket: usize) {
        let fresh = Arc::new(Line::open(&self.namespace).await);
        let old = std::mem::replace(&mut *self.lines[socket].lock().unwrap(), fresh);
        old.proxy.cut();
        self.count(|totals| &mut totals.kills, 1);
    }

    async fn transfer(&self, session: &Session, number: i64, dice: &mut Dice) -> Told {
        let accounts = ACCOUNTS.unsigned_abs();
        let from = dice.below(accounts);
        let to = (from + 1 + dice.below(accounts - 1)) % accounts;
        let amount = i64::try_from(1 + dice.below(200)).unwrap();
        let [from, to] = [from, to].map(|key| i64::try_from(key).unwrap());
        let transfer = Transfer { id: Id::new(number), from, to, amount };
        match dice.below(20) {
            0 | 1 => self.cancelled(session, &transfer).await,
            2..=4 => {
                let polls = usize::try_from(dice.below(14)).unwrap();
                let told = poll_times(polls, self.run(session, &transfer)).await;
                told.unwrap_or_else(|| {
                    self.count(|totals| &mut totals.dropped, 1);
                    // A commit that was polled goes on by itself.
                    if polls == 0 { Told::NotDone } else { Told::Unknown }
                })
            }
            _ => self.run(session, &transfer).await,
        }
    }

    async fn run(&self, session: &Session, transfer: &Transfer) -> Told {
        let runs = AtomicUsize::new(0);
        let run = session.transaction().retries(20).backoff(Duration::from_millis(1)..Duration::from_millis(20));
        let result = run
            .run(async |tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                move_money(&tx, transfer).await
            })
            .await;
        let runs = runs.into_inner();
        self.count(|totals| &mut totals.runs, runs);
        self.count(|totals| &mut totals.conflicts, runs.saturating_sub(1));
        match result {
            Ok(()) => {
                self.count(|totals| &mut totals.done, 1);
                Told::Done
            }
            Err(Refused::Poor) => {
                self.count(|totals| &mut totals.poor, 1);
                Told::NotDone
            }
            Err(Refused::Failed(error)) => self.judge(&error),
        }
    }

    /// Writes everything and takes it back.
    async fn cancelled(&self, session: &Session, transfer: &Transfer) -> Told {
        let cancel = async {
            let tx = session.begin_transaction().await?;
            move_money(&tx, transfer).await?;
            tx.cancel().await?;
            Ok::<_, Refused>(())
        };
        match cancel.await {
            Ok(()) | Err(Refused::Poor) => self.count(|totals| &mut totals.cancelled, 1),
            Err(Refused::Failed(error)) => drop(self.judge(&error)),
        }
        Told::NotDone
    }

    fn judge(&self, error: &Error) -> Told {
        match error.kind() {
            ErrorKind::CommitUnknown => {
                self.count(|totals| &mut totals.unknown, 1);
                return Told::Unknown;
            }
            ErrorKind::Conflict => self.count(|totals| &mut totals.given_up, 1),
            ErrorKind::Disconnected => self.count(|totals| &mut totals.disconnected, 1),
            _ => panic!("{error:?}"),
        }
        Told::NotDone
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_neither_made_nor_lost() {
    let (_db, auditor) = place().await;
    let accounts = "FOR $n IN 0..$count { CREATE type::record('account', $n) SET balance = $opening };
        DEFINE TABLE transfer;";
    let setup = auditor.query(accounts).bind("count", ACCOUNTS).bind("opening", OPENING);
    setup.await.unwrap().check().unwrap();
    let namespace = auditor.namespace().unwrap();
    let mut lines = Vec::new();
    for _ in 0..SOCKETS {
        lines.push(Mutex::new(Arc::new(Line::open(&namespace).await)));
    }
    let bank = Arc::new(Bank {
        lines,
        namespace,
        next: AtomicUsize::new(0),
        totals: Mutex::default(),
        told: Mutex::default(),
    });
    let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(Arc::clone(&bank).work(writer))).collect();
    // Whoever looks while they work sees whole transfers.
    let watching = async {
        while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
            assert_eq!(total(&auditor).await, ACCOUNTS * OPENING);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    watching.await;
    for writer in writers {
        writer.await.unwrap();
    }
    for line in &bank.lines {
        let line = Arc::clone(&line.lock().unwrap());
        for session in &line.sessions {
            nothing_open(session).await;
        }
    }
    let lost = audit(&auditor, &bank).await;
    let totals = bank.totals.lock().unwrap();
    println!("{TRANSFERS} transfers by {WRITERS} writers over {SOCKETS} sockets: {totals:?}, lost = {lost}");
    assert!(totals.conflicts > 0 && totals.dropped > 0 && totals.cancelled > 0, "{totals:?}");
    assert!(totals.kills >= 4 && totals.disconnected > 0, "{totals:?}");
    assert_eq!(lost, 0);
}

async fn total(auditor: &Session) -> i64 {
    auditor.query("RETURN math::sum(SELECT VALUE balance FROM account)").await.unwrap().take(0).unwrap()
}

/// Opens as many transactions as the server allows at once.
async fn nothing_open(session: &Session) {
    let mut open = Vec::new();
    eventually("no transaction is open", async || {
        open.extend(session.begin_transaction().await);
        open.len() == 64
    })
    .await;
}

/// Compares balances, ledger and what callers were told; how many transfers are not what their callers were told.
async fn audit(auditor: &Session, bank: &Bank) -> usize {
    // One look at both: commits whose futures were dropped may still be under way.
    let ledger = auditor.query("RETURN [(SELECT * FROM account), (SELECT * FROM transfer)]").await.unwrap();
    let (accounts, transfers): (Vec<Account>, Vec<Transfer>) = ledger.take(0).unwrap();
    let mut expected: BTreeMap<i64, i64> = (0..ACCOUNTS).map(|key| (key, OPENING)).collect();
    for transfer in &transfers {
        *expected.get_mut(&transfer.from).unwrap() -= transfer.amount;
        *expected.get_mut(&transfer.to).unwrap() += transfer.amount;
    }
    let balances: BTreeMap<i64, i64> = accounts.iter().map(|account| (*account.id.key(), account.balance)).collect();
    assert_eq!(balances, expected);
    assert!(balances.values().all(|balance| *balance >= 0), "{balances:?}");
    assert_eq!(balances.values().sum::<i64>(), ACCOUNTS * OPENING);
    let made: BTreeMap<i64, ()> = transfers.iter().map(|transfer| (*transfer.id.key(), ())).collect();
    let told = bank.told.lock().unwrap();
    assert_eq!(told.len(), TRANSFERS);
    let disagrees = |(number, told): &(&i64, &Told)| match told {
        Told::Done => !made.contains_key(number),
        Told::NotDone => made.contains_key(number),
        Told::Unknown => false,
    };
    told.iter().filter(disagrees).count()
}
