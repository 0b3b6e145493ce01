//! Measures the time from the call that makes a change until another connection sees it, in turns with two bare sockets:
//! once with the statements that a user would type, once with those that the client sends.
//!
//! `benchmarks/run live` starts a server for it.

use std::time::Instant;

use ciborium::{Value, cbor};
use serde::{Deserialize, Serialize};
use surreal_session::Result;
use surreal_session::prelude::{Id, LiveEvent, Queryable, Record, Session, Surreal};
use surreal_session_benchmarks::{Bare, Options, Recorder, Sample, Server, Table};
use tokio_tungstenite::tungstenite::Bytes;

const WRITES: i64 = 100;

#[derive(Debug, Serialize, Deserialize, Record)]
struct Item {
    id: Id<Item>,
    number: i64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let namespace = format!("live_{}", std::process::id());
    let (writer, reader) = (session(&namespace).await?, session(&namespace).await?);
    writer.execute("DEFINE TABLE item").await?;
    let typed = Statements::new("CREATE item SET number = 1", "LIVE SELECT * FROM item");
    let sent = Statements::recorded(&namespace).await?;

    let (mut ours, mut least, mut same) = (Sample::default(), Sample::default(), Sample::default());
    for _ in 0..4 * options.rounds {
        measure(&writer, &reader, &mut ours).await?;
        typed.measure(&namespace, &mut least).await;
        sent.measure(&namespace, &mut same).await;
    }
    println!("From the call that makes a change until a stream on another socket has it:\n");
    let mut table = Table::new(&["Client", "Median", "99 %", "ratio of this library, median", "99 %"]);
    let rows = [
        ("bare, `CREATE item SET number = 1`, `LIVE SELECT * FROM item`", &least),
        ("bare, the statements of this library", &same),
        ("this library", &ours),
    ];
    for (name, sample) in rows {
        let [time, p99] = [0.5, 0.99].map(|share| sample.quantile(share).as_secs_f64() * 1e6);
        let ratio = |share| ours.quantile(share).as_secs_f64() / sample.quantile(share).as_secs_f64();
        let [to_median, to_p99] = [0.5, 0.99].map(|share| format!("{:.2}", ratio(share)));
        table.row(&[name.to_owned(), format!("{time:.0} µs"), format!("{p99:.0} µs"), to_median, to_p99]);
    }
    table.print();
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

    /// Those of this library, without their sessions.
    async fn recorded(namespace: &str) -> Result<Self> {
        let server = Server::from_env();
        let recorder = Recorder::start(&server).await;
        let db = Surreal::connect(recorder.url()).await?;
        db.signin(server.root()).await?;
        db.use_ns(namespace).use_db("test").await?;
        db.live::<Item>().await?.kill().await?;
        db.create::<Item>().content(NewItem { number: 1 }).await?;
        let requests = recorder.take();
        let find = |text| requests.iter().find_map(|request| Bare::without_session(request, text)).expect("a request");
        Ok(Self { create: find("CREATE"), live: find("LIVE SELECT") })
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
