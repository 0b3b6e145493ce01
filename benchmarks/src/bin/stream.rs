//! Measures reads of 1,000,000 rows: time, and the memory of the client.
//!
//! `benchmarks/run stream` starts a server for it, which takes some 2 GB. Each read runs in a process of its own.

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::{Id, Queryable, Record};
use surreal_session::{Result, Surreal};
use surreal_session_benchmarks::{Bare, Meter, Options, OwnProcess, Server, Table, digits, peak_bytes, resident_bytes};

const ROWS: u64 = 1_000_000;

/// About 110 bytes in a reply.
#[derive(Debug, Serialize, Deserialize, Record)]
struct Row {
    id: Id<Row>,
    number: i64,
    text: String,
}

/// The reads, and their names in the table.
const READS: [(&str, &str); 6] = [
    ("bare", "bare socket, `SELECT * FROM row`, one reply"),
    ("select", "`select::<Row>().await`"),
    ("stream", "`select::<Row>().stream()`"),
    ("unsnapped", "the same with `without_snapshot`"),
    ("query", "`query(\"SELECT * FROM row\").stream::<Row>(0)`"),
    ("sdk", "SDK 3.3.5, `select(\"row\").await`"),
];

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let (options, server) = (Options::parse(), Server::from_env());
    let rows = options.times(ROWS);
    if let Some(read) = OwnProcess::part() {
        return run(&read, &server, rows).await;
    }
    let db = connect(&server).await?;
    db.execute("REMOVE TABLE IF EXISTS row; DEFINE TABLE row").await?;
    let text = "a text of some length that makes the record as long as usual ones are";
    db.insert_iter((0..rows.cast_signed()).map(|number| NewRow { number, text: text.to_owned() })).await?;
    println!("{rows} rows of two fields, medians:\n");
    let mut table = Table::new(&["Read", "Wall", "Client CPU per row", "Memory of the client"]);
    for (read, name) in READS.into_iter().filter(|(read, _)| options.includes(read)) {
        let mut measured: Vec<[f64; 4]> = (0..options.rounds.min(3)).filter_map(|_| measure(read)).collect();
        measured.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let Some([wall, cpu, before, peak]) = measured.get(measured.len() / 2) else { continue };
        table.row(&[
            name.to_owned(),
            format!("{} s", digits(*wall)),
            format!("{} µs", digits(*cpu)),
            format!("{} MB to {} MB", digits(*before), digits(*peak)),
        ]);
    }
    table.print();
    db.execute("REMOVE DATABASE stream").await
}

fn measure(read: &str) -> Option<[f64; 4]> {
    let line = OwnProcess::start(read).line();
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    numbers.try_into().ok()
}

async fn connect(server: &Server) -> Result<Surreal> {
    let db = Surreal::connect(&server.url).max_message_bytes(1 << 30).await?;
    db.signin(server.root()).await?;
    db.use_ns("benchmarks").use_db("stream").await?;
    Ok(db)
}

#[expect(clippy::cast_precision_loss)]
async fn run(read: &str, server: &Server, expected: u64) -> Result<()> {
    let db = connect(server).await?;
    let mut bare = Bare::connect(server, "benchmarks", "stream").await;
    let before = resident_bytes();
    let meter = Meter::start();
    let rows = match read {
        "bare" => {
            bare.call(&Bare::request("query", vec!["SELECT * FROM row".into()])).await;
            expected
        }
        "select" => db.select::<Row>().await?.len() as u64,
        "stream" => count(db.select::<Row>().stream()).await?,
        "unsnapped" => count(db.select::<Row>().stream().without_snapshot()).await?,
        "query" => count(db.query("SELECT * FROM row").stream::<Row>(0)).await?,
        _ => sdk(server).await,
    };
    if rows == expected {
        let cost = meter.stop(1);
        let cpu = cost.cpu.as_secs_f64() * 1e6 / expected as f64;
        let megabytes = |bytes| bytes as f64 / 1e6;
        println!("{} {cpu} {} {}", cost.wall.as_secs_f64(), megabytes(before), megabytes(peak_bytes()));
    }
    Ok(())
}

async fn count(rows: impl futures_util::Stream<Item = Result<Row>>) -> Result<u64> {
    rows.try_fold(0, async |count, _| Ok(count + 1)).await
}

#[cfg(feature = "sdk")]
async fn sdk(server: &Server) -> u64 {
    use surrealdb::types::{RecordId, SurrealValue};

    #[derive(SurrealValue)]
    struct Row {
        id: RecordId,
        number: i64,
        text: String,
    }
    let sdk = surreal_session_benchmarks::Sdk::connect(server, "benchmarks", "stream").await.expect("it connects");
    let rows: surrealdb::Result<Vec<Row>> = sdk.db().select("row").await;
    rows.map_or(0, |rows| rows.len() as u64)
}

#[cfg(not(feature = "sdk"))]
async fn sdk(_: &Server) -> u64 {
    0
}
