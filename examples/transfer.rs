//! Transactions: concurrent transfers between bank accounts, each applied exactly once, and a transaction that is cancelled.
//!
//! `cargo run --example transfer` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use surreal_session::CommitMarker;
use surreal_session::prelude::*;
use surreal_session_examples::Server;
use tokio::task::JoinSet;

#[derive(Debug, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account>,
    balance: i64,
}

/// The reason why a transfer was not made. `From` converts errors of the database, so that `?` works on them.
#[derive(Debug)]
enum Refused {
    NoAccount(Id<Account>),
    Overdrawn { balance: i64, amount: i64 },
    Failed(surreal_session::Error),
}

const OPENING: i64 = 100;
const NAMES: [&str; 3] = ["ada", "bob", "cy"];
const AMOUNTS: [i64; 5] = [10, 25, 40, 70, 120];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let bank = db.new_session().signin(server.root.clone()).use_ns("examples").use_db("bank").await?;
    bank.execute("DEFINE TABLE IF NOT EXISTS account; DELETE account").await?;
    CommitMarker::define(&bank).await?;

    println!("-- Three accounts, opened in one atomic batch");
    let opening = NAMES.map(|name| bank.create::<Account>().id(name).content(NewAccount { balance: OPENING }));
    let accounts = bank.batch(Vec::from(opening)).atomic().await?;
    show(&accounts);

    println!(
        "-- Twelve concurrent transfers, which run again after a conflict, and are applied once if a reply is lost"
    );
    let runs = Arc::new(AtomicUsize::new(0));
    let mut transfers = JoinSet::new();
    for number in 0..12 {
        let (from, to) = (accounts[number % 3].id.clone(), accounts[(number + 1 + number / 6) % 3].id.clone());
        let (bank, runs, amount) = (bank.clone(), Arc::clone(&runs), AMOUNTS[number % 5]);
        transfers.spawn(async move { transfer(&bank, &from, &to, amount, &runs).await });
    }
    let (mut done, mut refused) = (0, 0);
    while let Some(transfer) = transfers.join_next().await {
        match transfer? {
            Ok(_) => done += 1,
            Err(error @ Refused::Overdrawn { .. }) => {
                println!("refused: {error}");
                refused += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let runs = runs.load(Ordering::Relaxed);
    println!("{done} done, {refused} refused, in {runs} runs: {} were retries after a conflict", runs - done - refused);
    show(&bank.select::<Account>().await?);

    println!("-- A transaction that is cancelled");
    let tx = bank.begin_transaction().await?;
    tx.update::<Account>().all().set(|account| account.balance.set(0)).await?;
    println!("total inside the transaction: {}", total(&tx).await?);
    println!("total outside of it:          {}", total(&bank).await?);
    tx.cancel().await?;

    println!("-- A transaction with a failed statement cannot be committed");
    let tx = bank.begin_transaction().await?;
    tx.update::<Account>().all().set(|account| account.balance.add(1_000)).await?;
    if let Err(error) = tx.create::<Account>().id("ada").content(NewAccount { balance: 1 }).await {
        println!("ignored: {error}");
    }
    match tx.commit().await {
        Err(error) if error.kind() == ErrorKind::TransactionFailed => println!("commit: {error}"),
        other => return Err(format!("the commit should have failed: {other:?}").into()),
    }

    let total = total(&bank).await?;
    println!("-- The total is {total}, as in the beginning");
    assert_eq!(total, OPENING * 3, "the total has changed");
    db.close().await?;
    Ok(())
}

/// Moves money from one account to another exactly once, and returns the new balance of the first.
///
/// If the reply to the commit is lost, the client settles whether it was applied. Without `exactly_once`, the transfer fails
/// then with `CommitUnknown`, and to repeat it may move the money twice.
async fn transfer(
    bank: &Session,
    from: &Id<Account>,
    to: &Id<Account>,
    amount: i64,
    runs: &AtomicUsize,
) -> Result<i64, Refused> {
    bank.transaction()
        .exactly_once()
        .try_run(async |tx| {
            runs.fetch_add(1, Ordering::Relaxed);
            let account = tx.select::<Account>().id(from).await?.ok_or_else(|| Refused::NoAccount(from.clone()))?;
            if account.balance < amount {
                return Err(Refused::Overdrawn { balance: account.balance, amount });
            }
            let take = tx.update::<Account>().id(from).set(|account| account.balance.sub(amount));
            let give = tx.update::<Account>().id(to).set(|account| account.balance.add(amount));
            let (from, _) = tx.batch((take, give)).await?;
            Ok(from.balance)
        })
        .await
}

async fn total(db: &impl Queryable) -> Result<i64, surreal_session::Error> {
    Ok(db.select::<Account>().await?.iter().map(|account| account.balance).sum())
}

fn show(accounts: &[Account]) {
    for account in accounts {
        println!("{}: {}", account.id, account.balance);
    }
}

impl From<surreal_session::Error> for Refused {
    fn from(error: surreal_session::Error) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAccount(id) => write!(f, "no such account: {id}"),
            Self::Overdrawn { balance, amount } => write!(f, "the balance of {balance} is less than {amount}"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl Error for Refused {}
