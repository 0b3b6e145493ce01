//! Many tasks move money between accounts, over sockets that break and in futures that are dropped: no money appears
//! and none is lost.
//!
//! Each transfer changes two accounts and leaves its number on both. The outcome that its caller got must agree with
//! the accounts, and the balances must add up.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Range};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session::{Error, Result};
use surreal_session_tests::{Proxy, async_test, login, no_transaction_is_open, place, poll_times};
use tokio::task::JoinHandle;

#[derive(Debug, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account, i64>,
    balance: i64,
    /// The amount of each transfer, by its number.
    moves: Vec<(usize, i64)>,
}

const WRITERS: usize = 16;
const TRANSFERS: usize = 2_000;
const ACCOUNTS: i64 = 100;
const OPENING: i64 = 1_000;
/// Number of transfers after which a socket is killed.
const KILL_EVERY: usize = 400;
const SOCKETS: usize = 2;
const SESSIONS: usize = 3;
const PAUSES: Range<Duration> = Duration::from_millis(1)..Duration::from_millis(20);

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
        let mut sessions = vec![db.new_session().signin(root).use_ns(namespace).use_db("test").await.unwrap()];
        for _ in 1..SESSIONS {
            sessions.push(sessions[0].fork().await.unwrap());
        }
        Self { proxy, sessions }
    }
}

/// The outcome of a transfer, as its caller sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    NotDone,
    Unknown,
}

/// Counts of all outcomes.
#[derive(Debug, Default)]
struct Totals {
    done: usize,
    cancelled: usize,
    dropped: usize,
    disconnected: usize,
    unknown: usize,
    given_up: usize,
    conflicts: usize,
    kills: usize,
}

/// A simple random generator, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn up_to(&mut self, limit: i64) -> i64 {
        i64::try_from(self.below(limit.unsigned_abs())).unwrap() + 1
    }
}

struct Transfer {
    number: usize,
    from: i64,
    to: i64,
    amount: i64,
}

impl Transfer {
    fn random(number: usize, dice: &mut Dice) -> Self {
        let from = dice.up_to(ACCOUNTS);
        let to = (from - 1 + dice.up_to(ACCOUNTS - 1)) % ACCOUNTS + 1;
        Self { number, from, to, amount: dice.up_to(200) }
    }

    /// Makes the transfer in a transaction that the caller ends.
    async fn carry_out(&self, tx: &Transaction) -> Result<()> {
        let query = tx.query(
            "UPDATE ONLY $from SET balance -= $amount, moves += [[$number, -$amount]] RETURN NONE;
             UPDATE ONLY $to SET balance += $amount, moves += [[$number, $amount]] RETURN NONE",
        );
        let [from, to] = [self.from, self.to].map(Id::<Account, i64>::new);
        let query = query.bind("from", from).bind("to", to).bind("amount", self.amount).bind("number", self.number);
        query.await?.check().map(drop)
    }
}

/// The program's own error, which cancels the transfer.
enum Refused {
    Regretted,
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

struct Bank {
    lines: Vec<Mutex<Arc<Line>>>,
    namespace: String,
    next: AtomicUsize,
    totals: Mutex<Totals>,
    told: Mutex<BTreeMap<usize, Outcome>>,
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
            let transfer = Transfer::random(number, &mut dice);
            let told = self.transfer(session, &transfer, &mut dice).await;
            self.told.lock().unwrap().insert(number, told);
        }
    }

    /// Cuts a socket under all its users, and opens another one in its place.
    async fn kill(&self, socket: usize) {
        let fresh = Arc::new(Line::open(&self.namespace).await);
        let old = std::mem::replace(&mut *self.lines[socket].lock().unwrap(), fresh);
        old.proxy.cut();
        self.count(|totals| &mut totals.kills, 1);
    }

    async fn transfer(&self, session: &Session, transfer: &Transfer, dice: &mut Dice) -> Outcome {
        match dice.below(20) {
            0 => self.cancel(session, transfer).await,
            1 => self.run(session, transfer, true).await,
            2..=4 => {
                let polls = usize::try_from(dice.below(12)).unwrap();
                let told = poll_times(polls, self.run(session, transfer, false)).await;
                told.unwrap_or_else(|| {
                    self.count(|totals| &mut totals.dropped, 1);
                    // A commit goes on after its first poll.
                    if polls == 0 { Outcome::NotDone } else { Outcome::Unknown }
                })
            }
            _ => self.run(session, transfer, false).await,
        }
    }

    async fn run(&self, session: &Session, transfer: &Transfer, regret: bool) -> Outcome {
        let runs = AtomicUsize::new(0);
        let run = session.transaction().retries(20).backoff(PAUSES).try_run(async |tx| {
            runs.fetch_add(1, Ordering::Relaxed);
            // Counted here: a run that was lost is repeated.
            transfer.carry_out(&tx).await.inspect_err(|error| self.count_loss(error))?;
            if regret { Err(Refused::Regretted) } else { Ok(()) }
        });
        let result = run.await;
        self.count(|totals| &mut totals.conflicts, runs.into_inner().saturating_sub(1));
        self.judge(result)
    }

    fn count_loss(&self, error: &surreal_session::Error) {
        if error.kind() == ErrorKind::TransactionLost {
            self.count(|totals| &mut totals.disconnected, 1);
        }
    }

    /// Writes everything and cancels.
    async fn cancel(&self, session: &Session, transfer: &Transfer) -> Outcome {
        let cancel = async {
            let tx = session.begin_transaction().await?;
            transfer.carry_out(&tx).await?;
            tx.cancel().await?;
            Err(Refused::Regretted)
        };
        self.judge(cancel.await)
    }

    fn judge(&self, result: Result<(), Refused>) -> Outcome {
        let (told, counter): (_, fn(&mut Totals) -> &mut usize) = match result {
            Ok(()) => (Outcome::Done, |totals| &mut totals.done),
            Err(Refused::Regretted) => (Outcome::NotDone, |totals| &mut totals.cancelled),
            Err(Refused::Failed(error)) => match error.kind() {
                ErrorKind::CommitUnknown => (Outcome::Unknown, |totals| &mut totals.unknown),
                ErrorKind::Conflict => (Outcome::NotDone, |totals| &mut totals.given_up),
                ErrorKind::Disconnected | ErrorKind::TransactionLost => {
                    (Outcome::NotDone, |totals| &mut totals.disconnected)
                }
                _ => panic!("{error:?}"),
            },
        };
        self.count(counter, 1);
        told
    }
}

#[async_test(not_send)]
async fn money_is_neither_made_nor_lost() {
    let (_db, auditor) = place().await;
    let accounts = "FOR $n IN 1..=$count { CREATE type::record('account', $n) SET balance = $opening, moves = [] }";
    let opening = auditor.query(accounts).bind("count", ACCOUNTS).bind("opening", OPENING);
    drop(opening.await.unwrap().check().unwrap());
    let bank = Arc::new(open_bank(auditor.namespace().unwrap()).await);
    let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(Arc::clone(&bank).work(writer))).collect();
    while !writers.iter().all(JoinHandle::is_finished) {
        // A reader sees only whole transfers meanwhile.
        assert_eq!(total(&auditor).await, ACCOUNTS * OPENING);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    for line in &bank.lines {
        let line = Arc::clone(&line.lock().unwrap());
        for session in &line.sessions {
            no_transaction_is_open(session).await;
        }
    }
    let lost = audit(&auditor, &bank).await;
    let totals = bank.totals.lock().unwrap();
    println!("{TRANSFERS} transfers by {WRITERS} writers over {SOCKETS} sockets: {totals:?}, lost: {lost:?}");
    assert_eq!(lost, [], "these transfers contradict their callers' outcomes");
    assert!(totals.conflicts > 0 && totals.dropped > 0 && totals.cancelled > 0, "{totals:?}");
    assert!(totals.kills == TRANSFERS / KILL_EVERY && totals.disconnected > 0, "{totals:?}");
}

async fn open_bank(namespace: String) -> Bank {
    let mut lines = Vec::new();
    for _ in 0..SOCKETS {
        lines.push(Mutex::new(Arc::new(Line::open(&namespace).await)));
    }
    Bank { lines, namespace, next: AtomicUsize::new(0), totals: Mutex::default(), told: Mutex::default() }
}

async fn total(auditor: &Session) -> i64 {
    auditor.query("RETURN math::sum(SELECT VALUE balance FROM account)").await.unwrap().take(0).unwrap()
}

/// Checks that the balances add up, and returns the transfers that contradict their callers' outcomes.
async fn audit(auditor: &Session, bank: &Bank) -> Vec<(usize, Outcome)> {
    let accounts = auditor.select::<Account>().await.unwrap();
    let mut made: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for account in &accounts {
        let moved: i64 = account.moves.iter().map(|(_, amount)| amount).sum();
        assert_eq!(account.balance, OPENING + moved, "{account:?}");
        for (number, amount) in &account.moves {
            made.entry(*number).or_default().push(*amount);
        }
    }
    for (number, amounts) in &made {
        assert!(amounts.len() == 2 && amounts.iter().sum::<i64>() == 0, "transfer {number} moved {amounts:?}");
    }
    assert_eq!(accounts.iter().map(|account| account.balance).sum::<i64>(), ACCOUNTS * OPENING);
    let told = bank.told.lock().unwrap();
    assert_eq!(told.len(), TRANSFERS);
    let disagrees = |(number, told): &(&usize, &Outcome)| match told {
        Outcome::Done => !made.contains_key(number),
        Outcome::NotDone => made.contains_key(number),
        Outcome::Unknown => false,
    };
    told.iter().filter(disagrees).map(|(number, told)| (*number, *told)).collect()
}
