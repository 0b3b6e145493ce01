//! Measures the time from the call that makes a change until another connection sees it, in turns with two bare sockets:
//! once with the statements that a user would type, once with those that the client sends.
//!
//! `benchmarks/run live` starts a server for it.

use std::time::Instant;

use ciborium::{Value, cbor};
use serde::{Deserialize, Serialize};
use surreal_session::Result;
use surreal_session::prelude::{Id, LiveEvent, Queryable, Record, Session, Surreal};
use surreal_session_benchmarks::{Bare, Sample, Server};
use tokio_tungstenite::tungstenite::Bytes;

const ROUNDS: usize = 20;
const WRITES: i64 = 100;

#[derive(Debug, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    number: i64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let namespace = format!("live_{}", std::process::id());
    let (writer, reader) = (session(&namespace).await?, session(&namespace).await?);
    writer.execute("DEFINE TABLE item").await?;
    let typed = Statements::new("CREATE item SET number = 1", "LIVE SELECT * FROM item");
    let sent = Statements::new(
        "CREATE $_0 CONTENT $_1 RETURN AFTER",
        "LIVE SELECT VALUE { LET $_now = (SELECT * FROM ONLY ($after ?? $before).id); RETURN [rand::uuid::v7(), \
         $_now ?? $after ?? $before, NONE, IF $_now == NONE { 'DELETE' } ELSE IF $event == 'DELETE' { 'UPDATE' }]; } \
         FROM $_0",
    );

    let (mut ours, mut least, mut same) = (Sample::default(), Sample::default(), Sample::default());
    for _ in 0..ROUNDS {
        measure(&writer, &reader, &mut ours).await?;
        typed.measure(&namespace, &mut least).await;
        sent.measure(&namespace, &mut same).await;
    }
    println!("from the call to the event, two connections:");
    println!("  bare sockets, statements as typed  {least}");
    println!("  bare sockets, statements as ours   {same}");
    println!("  surreal-session                    {ours}");
    let ratio = |bare: &Sample, share| ours.quantile(share).as_secs_f64() / bare.quantile(share).as_secs_f64();
    println!("  ratio to the first   median {:.2}, p99 {:.2}", ratio(&least, 0.5), ratio(&least, 0.99));
    println!("  ratio to the second  median {:.2}, p99 {:.2}", ratio(&same, 0.5), ratio(&same, 0.99));
    Ok(())
}

async fn measure(writer: &Session, reader: &Session, sample: &mut Sample) -> Result<()> {
    let mut items = reader.live::<Item>().await?;
    for number in 0..WRITES {
        let begun = Instant::now();
        let event = async {
            let event = items.next().await;
            assert!(matches!(event, Some(Ok(LiveEvent::Change(_)))), "{event:?}");
            begun.elapsed()
        };
        let create = writer.create::<Item>().content(NewItem { number }).into_future();
        let (created, time) = tokio::join!(create, event);
        created?;
        sample.add(time);
    }
    items.kill().await
}

/// The statements that the bare sockets send.
struct Statements {
    create: Bytes,
    live: Bytes,
}

impl Statements {
    fn new(create: &str, live: &str) -> Self {
        let table = Value::Tag(7, Box::new("item".into()));
        let variables = cbor!({"_0" => table, "_1" => {"number" => 1}}).unwrap();
        let query = |text: &str| Bare::request("query", vec![text.into(), variables.clone()]);
        Self { create: query(create), live: query(live) }
    }

    async fn measure(&self, namespace: &str, sample: &mut Sample) {
        let mut writer = Bare::connect(&Server::from_env(), namespace, "test").await;
        // The live query goes with its connection.
        let mut reader = Bare::connect(&Server::from_env(), namespace, "test").await;
        reader.call(&self.live).await;
        for _ in 0..WRITES {
            let begun = Instant::now();
            let event = async {
                reader.receive().await;
                begun.elapsed()
            };
            let (_, time) = tokio::join!(writer.call(&self.create), event);
            sample.add(time);
        }
    }
}

async fn session(namespace: &str) -> Result<Session> {
    let server = Server::from_env();
    let db = Surreal::connect(&server.url).await?;
    db.new_session().signin(server.root()).use_ns(namespace).use_db("test").await
}
