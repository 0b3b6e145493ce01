//! Metrics: an observer counts the calls of a program, and serves them as a page for Prometheus.
//!
//! `cargo run --example metrics` starts a server in this process, makes some calls and reads its own page. Set `SURREAL_URL`
//! to use your own server.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use surreal_session::connection::{ConnectionEvent, ConnectionStatus, FinishedCall, LiveGap, Observer, RetriedCall};
use surreal_session::prelude::*;
use surreal_session_examples::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

#[derive(Debug, Serialize, Deserialize, Record)]
struct Order {
    id: Id<Order>,
    item: String,
    count: u32,
}

/// The upper bounds of the buckets in seconds, as OpenTelemetry's conventions have them for `db.client.operation.duration`.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let metrics = Arc::new(Metrics::default());
    let db = Surreal::connect(&server.url).observer(Arc::clone(&metrics)).await?;
    let shop = db.new_session().signin(server.root.clone()).use_ns("examples").use_db("metrics").await?;
    shop.execute("DEFINE TABLE OVERWRITE order; DELETE order").await?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    println!("-- The page is at http://{address}/metrics");
    let pages = tokio::spawn(serve(listener, db.clone(), metrics));

    orders(&shop).await?;
    conflict(&shop).await?;
    overflow(&shop).await?;
    let slow = tokio::spawn(shop.execute("SLEEP 1s").into_future());
    while db.status().calls_in_flight == 0 {
        sleep(Duration::from_millis(1)).await;
    }

    let page = timeout(Duration::from_secs(10), read_page(&address.to_string())).await??;
    println!("-- The page, without its buckets");
    page.lines().filter(|line| !line.contains("_bucket{")).for_each(|line| println!("{line}"));
    check(&page)?;
    slow.await??;
    pages.abort();
    db.close().await?;
    Ok(())
}

fn new(item: &str) -> NewOrder {
    NewOrder { item: item.to_owned(), count: 1 }
}

/// Writes and reads, and fails once.
async fn orders(shop: &Session) -> surreal_session::Result<()> {
    for id in ["first", "second", "third"] {
        shop.create::<Order>().id(id).content(new("tea")).await?;
    }
    shop.select::<Order>().filter(|o| o.item.eq("tea")).await?;
    if let Err(error) = shop.create::<Order>().id("first").content(new("pie")).await {
        println!("-- Counted with its kind: {error}");
    }
    Ok(())
}

/// Runs a transaction that conflicts once, and is run again.
async fn conflict(shop: &Session) -> surreal_session::Result<()> {
    let (other, mut conflicts) = (shop.fork().await?, true);
    let run = shop.transaction().run(|tx| {
        let (other, conflicts) = (&other, std::mem::take(&mut conflicts));
        async move {
            tx.update::<Order>().id("first").set(|o| o.count.add(1)).await?;
            if conflicts {
                other.update::<Order>().id("first").set(|o| o.count.add(1)).await?;
            }
            Ok(())
        }
    });
    run.await
}

/// Reads a live query too slowly for its queue.
async fn overflow(shop: &Session) -> surreal_session::Result<()> {
    let mut changes = shop.live::<Order>().capacity(1).await?;
    loop {
        shop.insert((0..50).map(|_| new("bread")).collect::<Vec<_>>()).await?;
        // The observer gets the gap when the program reads it.
        while let Ok(Some(event)) = timeout(Duration::from_millis(100), changes.next()).await {
            if let LiveEvent::Gap(gap) = event? {
                println!("-- Events are missing: {gap:?}");
                return Ok(());
            }
        }
    }
}

/// The metrics of one connection.
#[derive(Debug, Default)]
struct Metrics(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// By their labels.
    durations: BTreeMap<String, Histogram>,
    retries: BTreeMap<String, u64>,
    gaps: BTreeMap<String, u64>,
    lost_sockets: u64,
    restored_sessions: u64,
}

#[derive(Debug, Default)]
struct Histogram {
    /// The calls in each bucket alone. Longer ones are in none.
    buckets: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

impl Metrics {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page in the text format of Prometheus.
    fn page(&self, status: &ConnectionStatus) -> Result<String, fmt::Error> {
        let counts = self.counts();
        let mut page = String::new();
        head(&mut page, "db_client_operation_duration_seconds", "histogram")?;
        for (labels, histogram) in &counts.durations {
            histogram.write(&mut page, labels)?;
        }
        series(&mut page, "surreal_session_retries_total", &counts.retries)?;
        series(&mut page, "surreal_session_live_gaps_total", &counts.gaps)?;
        value(&mut page, "surreal_session_lost_sockets_total", "counter", counts.lost_sockets)?;
        value(&mut page, "surreal_session_restored_sessions_total", "counter", counts.restored_sessions)?;
        value(&mut page, "surreal_session_calls_in_flight", "gauge", status.calls_in_flight)?;
        value(&mut page, "surreal_session_sessions", "gauge", status.sessions)?;
        value(&mut page, "surreal_session_sockets", "gauge", status.sockets())?;
        Ok(page)
    }
}

/// Its methods run in the tasks that make the calls, so they only count.
impl Observer for Metrics {
    fn call_finished(&self, call: &FinishedCall<'_>) {
        self.counts().durations.entry(labels_of(call)).or_default().add(call.duration);
    }

    fn call_retried(&self, retry: &RetriedCall<'_>) {
        let (summary, error) = (retry.summary, format!("{:?}", retry.error));
        let labels = labels([("db_query_summary", Some(summary)), ("error_type", Some(&error))]);
        *self.counts().retries.entry(labels).or_default() += 1;
    }

    fn connection_event(&self, event: &ConnectionEvent) {
        match event {
            ConnectionEvent::Disconnected { .. } => self.counts().lost_sockets += 1,
            ConnectionEvent::SessionRestored { .. } => self.counts().restored_sessions += 1,
            _ => {}
        }
    }

    fn live_gap(&self, gap: &LiveGap<'_>) {
        *self.counts().gaps.entry(labels([("reason", Some(gap.reason))])).or_default() += 1;
    }
}

impl Histogram {
    fn add(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            self.buckets[bucket] += 1;
        }
        self.count += 1;
        self.seconds += seconds;
    }

    /// Writes the buckets as Prometheus has them: each includes those before it.
    fn write(&self, page: &mut String, labels: &str) -> fmt::Result {
        let (mut calls, name) = (0, "db_client_operation_duration_seconds");
        for (bound, bucket) in BUCKETS.iter().zip(self.buckets) {
            calls += bucket;
            writeln!(page, "{name}_bucket{{{labels},le=\"{bound}\"}} {calls}")?;
        }
        writeln!(page, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", self.count)?;
        writeln!(page, "{name}_sum{{{labels}}} {}", self.seconds)?;
        writeln!(page, "{name}_count{{{labels}}} {}", self.count)
    }
}

/// OpenTelemetry's attributes of a call. All of them have few values; a text or a record id has no place here.
fn labels_of(call: &FinishedCall<'_>) -> String {
    let namespace = call.namespace.zip(call.database).map(|(namespace, database)| format!("{namespace}|{database}"));
    let error = call.error.map(|error| format!("{error:?}"));
    labels([
        ("db_system_name", Some("surrealdb")),
        ("db_namespace", namespace.as_deref()),
        ("db_operation_name", Some(call.operation)),
        ("db_collection_name", call.table),
        ("error_type", error.as_deref()),
    ])
}

fn labels<const N: usize>(labels: [(&str, Option<&str>); N]) -> String {
    let escaped = |value: &str| value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    let known = labels.iter().filter_map(|(name, value)| Some(format!("{name}=\"{}\"", escaped((*value)?))));
    known.collect::<Vec<_>>().join(",")
}

fn head(page: &mut String, name: &str, kind: &str) -> fmt::Result {
    writeln!(page, "# TYPE {name} {kind}")
}

fn value(page: &mut String, name: &str, kind: &str, value: impl fmt::Display) -> fmt::Result {
    head(page, name, kind)?;
    writeln!(page, "{name} {value}")
}

fn series(page: &mut String, name: &str, values: &BTreeMap<String, u64>) -> fmt::Result {
    head(page, name, "counter")?;
    values.iter().try_for_each(|(labels, value)| writeln!(page, "{name}{{{labels}}} {value}"))
}

const KIND: &str = "content-type: text/plain; version=0.0.4";

/// Answers each request with the page. A program that has an HTTP server has a route for it instead.
async fn serve(listener: TcpListener, db: Surreal, metrics: Arc<Metrics>) -> Result<(), Box<dyn Error + Send + Sync>> {
    loop {
        let (mut socket, _) = listener.accept().await?;
        // The start of the request is enough: every request gets the same answer.
        let _ = socket.read(&mut [0; 1024]).await?;
        let page = metrics.page(&db.status())?;
        let head = format!("HTTP/1.1 200 OK\r\n{KIND}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", page.len());
        socket.write_all(head.as_bytes()).await?;
        socket.write_all(page.as_bytes()).await?;
        socket.shutdown().await?;
    }
}

/// Reads the page as Prometheus does.
async fn read_page(address: &str) -> Result<String, Box<dyn Error>> {
    let mut socket = TcpStream::connect(address).await?;
    socket.write_all(format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    let (_, page) = answer.split_once("\r\n\r\n").ok_or("not an answer of HTTP")?;
    Ok(page.to_owned())
}

/// Looks for what the calls above must have left on the page.
fn check(page: &str) -> Result<(), Box<dyn Error>> {
    let place = "db_system_name=\"surrealdb\",db_namespace=\"examples|metrics\"";
    let count = format!("db_client_operation_duration_seconds_count{{{place}");
    for line in [
        format!("{count},db_operation_name=\"CREATE\",db_collection_name=\"order\"}} 3"),
        format!("{count},db_operation_name=\"CREATE\",db_collection_name=\"order\",error_type=\"AlreadyExists\"}} 1"),
        format!("{count},db_operation_name=\"SELECT\",db_collection_name=\"order\"}} 1"),
        format!("{count},db_operation_name=\"begin\"}} 2"),
        "surreal_session_retries_total{db_query_summary=\"transaction\",error_type=\"Conflict\"} 1".to_owned(),
        "surreal_session_live_gaps_total{reason=\"Overflow\"} 1".to_owned(),
        "surreal_session_lost_sockets_total 0".to_owned(),
        "surreal_session_calls_in_flight 1".to_owned(),
        // Live queries have a socket for themselves.
        "surreal_session_sockets 2".to_owned(),
    ] {
        if !page.lines().any(|found| found == line) {
            return Err(format!("the page has no line `{line}`").into());
        }
    }
    Ok(())
}
