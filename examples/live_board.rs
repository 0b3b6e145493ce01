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

    // The orders that are not served yet, and all changes from now on.
    let counter = kitchen.fork().await?;
    let open = counter.live::<Order>().filter(|o| o.state.ne("served")).as_set();
    let (orders, changes) = open.snapshot().await?;
    let mut board: Board = orders.into_iter().map(|order| (*order.id.key(), order)).collect();
    print("at first", &board);

    let writer = tokio::spawn(work(kitchen));
    let seen = follow(changes, &mut board).await?;
    writer.await??;

    println!("the board saw {seen} changes and is empty again");
    assert_eq!((seen, board.len()), (8, 0));
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
    // Removing the table ends the live query, and so the board's stream.
    kitchen.create::<Order>().id(4).content(new("last round")).await?;
    kitchen.execute("REMOVE TABLE order").await?;
    Ok(())
}

/// Keeps the board up to date until its stream ends, and counts the changes.
async fn follow(mut changes: LiveStream<Order>, board: &mut Board) -> Result<u64, Box<dyn Error>> {
    let mut seen = 0;
    while let Some(event) = changes.next().await {
        match event? {
            LiveEvent::Change(Notification { action: Action::Delete, id, .. }) => {
                board.remove(id.key());
                seen += 1;
            }
            LiveEvent::Change(Notification { id, data, .. }) if data.item == "last round" => {
                println!("last round, order {}", id.key());
                seen += 1;
            }
            LiveEvent::Change(Notification { id, data, .. }) => {
                board.insert(*id.key(), data);
                seen += 1;
            }
            // The board already shows a newer state of that order.
            LiveEvent::Gap(Gap::Superseded { missed }) => seen += missed,
            LiveEvent::Gap(gap) => return Err(format!("the board is not complete: {gap}").into()),
            LiveEvent::Ended(EndReason::TableRemoved) => println!("closed: the table is gone"),
            LiveEvent::Ended(reason) => return Err(format!("ended too early: {reason}").into()),
            other => return Err(format!("unknown event: {other:?}").into()),
        }
        print(&format!("after {seen} changes"), board);
    }
    Ok(seen)
}

fn print(when: &str, board: &Board) {
    println!("{when}:");
    for (number, Order { item, state, .. }) in board {
        println!("  {number:>3}  {item:<10} {state}");
    }
}
