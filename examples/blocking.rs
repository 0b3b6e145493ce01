//! Without `async`: isolated sessions, transfers by several threads in transactions, and a live query as an iterator.
//!
//! `cargo run --example blocking` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::Result;
use surreal_session::blocking::{Iterate, Wait};
use surreal_session::prelude::*;
use surreal_session_examples::Server;

#[derive(Debug, Serialize, Deserialize, Record)]
struct Account {
    id: Id<Account>,
    balance: i64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().wait()?;
    let db = Surreal::connect(&server.url).wait()?;
    let open = |database: &str| -> Result<Session> {
        let session = db.new_session().signin(server.root.clone()).use_ns("blocking").use_db(database).wait()?;
        session.execute("DEFINE TABLE IF NOT EXISTS account; DELETE account").wait()?;
        Ok(session)
    };

    println!("-- Two sessions on one socket, each with its own database");
    let (north, south) = (open("north")?, open("south")?);
    for name in ["ada", "bob"] {
        north.create::<Account>().id(name).content(NewAccount { balance: 100 }).wait()?;
    }
    println!("north has {} accounts, south has {}", count(&north)?, count(&south)?);

    println!("-- A live query, while four threads transfer money");
    let mut accounts = north.live::<Account>().filter(|a| a.balance.lt(100)).wait()?;
    thread::scope(|scope| {
        for number in 1..=4 {
            let north = &north;
            scope.spawn(move || match transfer(north, 10 * number) {
                Ok(left) => println!("transferred {}, {left} left", 10 * number),
                Err(error) => println!("not transferred: {error}"),
            });
        }
    });
    // Ends when nothing has changed for a while.
    for event in accounts.iter_within(Duration::from_millis(500)) {
        match event? {
            LiveEvent::Change(change) => println!("{} has {}", change.id, change.data.balance),
            other => println!("{other:?}"),
        }
    }
    accounts.kill().wait()?;
    let sum: i64 = north.select::<Account>().wait()?.iter().map(|account| account.balance).sum();
    assert_eq!(sum, 200);
    println!("the sum of both accounts is still {sum}");
    Ok(db.close().wait()?)
}

fn count(session: &Session) -> Result<u64> {
    session.select::<Account>().count().wait()
}

/// Moves money from Ada to Bob. The closure runs again if another thread was faster.
fn transfer(session: &Session, amount: i64) -> Result<i64> {
    session.transaction().run_blocking(|tx| {
        let ada = tx.update::<Account>().id("ada").set(|a| a.balance.sub(amount)).wait()?;
        tx.update::<Account>().id("bob").set(|a| a.balance.add(amount)).wait()?;
        Ok(ada.balance)
    })
}
