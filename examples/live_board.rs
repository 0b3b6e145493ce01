//! A board that follows a table: one session writes, another prints the changes as they happen.
//!
//! `cargo run --example live_board` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::collections::BTreeMap;
use std::error::Error;

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_examples::Server;

#[derive(Debug, Clone, Serialize, Deserialize, Record)]
struct Order {
    id: Id<Order, i64>,
    item: String,
    state: String,
}

type Board = BTreeMap<i64, Order>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let kitchen = db.new_session().signin(server.root.clone()).use_ns("example").use_db("live_board").await?;
    kitchen.execute("DEFINE TABLE OVERWRITE order; DELETE order").await?;
    kitchen.create::<Order>().id(1).content(new("soup")).await?;

    // The orders that are not served yet, and every change of them from now on.
    let counter = kitchen.fork().await?;
    let open = counter.live::<Order>().filter(|o| o.state.ne("served"));
    let (orders, changes) = open.synced().await?;
    let mut board: Board = orders.into_iter().map(|order| (*order.id.key(), order)).collect();
    print("at first", &board);

    let writer = tokio::spawn(work(kitchen));
    follow(changes, &mut board).await?;
    writer.await??;

    println!("the board shows what is left: {} order", board.len());
    assert!(board.values().map(|order| order.item.as_str()).eq(["last round"]));
    db.close().await?;
    Ok(())
}

fn new(item: &str) -> NewOrder {
    NewOrder { item: item.to_owned(), state: "waiting".to_owned() }
}

/// Cooks and serves, and removes the table at the end.
async fn work(kitchen: Session) -> surreal_session::Result<()> {
    kitchen.create::<Order>().id(2).content(new("pie")).await?;
    for order in [1, 2] {
        kitchen.update::<Order>().id(order).set(|o| o.state.set("cooking")).await?;
    }
    kitchen.create::<Order>().id(3).content(new("tea")).await?;
    for order in [1, 2, 3] {
        // The order stays in the table, but no longer passes the board's filter.
        kitchen.update::<Order>().id(order).set(|o| o.state.set("served")).await?;
    }
    kitchen.create::<Order>().id(4).content(new("last round")).await?;
    Ok(())
}

/// Keeps the board up to date until the last round. Nothing has to be repaired here: the stream reads again what it missed.
async fn follow(mut changes: SyncedStream<Order>, board: &mut Board) -> Result<(), Box<dyn Error>> {
    while !is_last_round(board) {
        match changes.next().await.ok_or("the stream is over")?? {
            SyncEvent::Created(order) | SyncEvent::Updated(order) => drop(board.insert(*order.id.key(), order)),
            SyncEvent::Deleted(id) => drop(board.remove(id.key())),
            SyncEvent::Ended(reason) => return Err(format!("ended too early: {reason}").into()),
            other => return Err(format!("unknown event: {other:?}").into()),
        }
        print("now", board);
    }
    changes.kill().await?;
    Ok(())
}

/// Changes of different orders come in no certain order, so the last one may be there before others have left.
fn is_last_round(board: &Board) -> bool {
    board.values().map(|order| order.item.as_str()).eq(["last round"])
}

fn print(when: &str, board: &Board) {
    println!("{when}:");
    for (number, Order { item, state, .. }) in board {
        println!("  {number:>3}  {item:<10} {state}");
    }
}
