//! Outages: a server with its data on disk is stopped and started under a program that goes on working.
//!
//! `cargo run --example outage` starts the server in this process, and ends by itself after about ten seconds.

use std::error::Error;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use serde::{Deserialize, Serialize};
use surreal_session::connection::{ConnectionEvent, ConnectionEvents};
use surreal_session::prelude::*;
use surreal_session_embedded::Embedded;
use tokio::time::{interval, sleep};

#[derive(Debug, Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading>,
    station: String,
    value: u32,
}

const READINGS: u32 = 70;
const PACE: Duration = Duration::from_millis(100);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = env::temp_dir().join(format!("surreal-session-outage-{}", process::id()));
    let settings = Embedded::builder().path(&directory);
    let server = settings.clone().start().await?;
    // The server starts again at the same address, as a service does.
    let settings = settings.port(server.port());

    let db = Surreal::connect(server.url()).await?;
    let session = db.new_session().signin(Root::new("root", "root")).use_ns("examples").use_db("outage").await?;
    session.set("station", "roof").await?;
    session.execute("DEFINE TABLE IF NOT EXISTS reading").await?;
    let started = Instant::now();
    let events = tokio::spawn(report(db.events(), started));
    let live = tokio::spawn(watch(session.live::<Reading>().await?));
    let readings = tokio::spawn(measure(session.clone()));
    sleep(Duration::from_secs(1)).await;

    println!("-- The server is shut down for two seconds; calls wait for it");
    server.shutdown().await;
    sleep(Duration::from_secs(2)).await;
    let server = settings.clone().start().await?;
    sleep(Duration::from_secs(1)).await;

    println!("-- The server crashes while a transaction is open");
    let tx = session.begin_transaction().await?;
    tx.create::<Reading>().content(NewReading { station: "cellar".into(), value: 0 }).await?;
    server.kill().await;
    match tx.commit().await {
        Ok(()) => return Err("a commit without a server has succeeded".into()),
        Err(error) => {
            let (delivery, is_retryable) = (error.delivery(), error.is_retryable());
            println!("commit: {error}; delivery {delivery:?}, can be repeated: {is_retryable}");
        }
    }
    if let Err(error) = session.ping().deadline(Duration::from_millis(200)).await {
        println!("a call with a short deadline: {error}; delivery {:?}", error.delivery());
    }
    let server = settings.start().await?;
    let station: Option<String> = session.query("RETURN $station").await?.take(0)?;
    println!("-- The session has its place and its variable again: {:?}, {station:?}", session.database());

    let counts = readings.await?;
    println!("-- {counts}");
    let kept = session.select::<Reading>().count().await?;
    println!("{kept} readings are in the database");
    assert!(
        u64::from(counts.written) <= kept && kept <= u64::from(counts.written + counts.unknown),
        "readings were lost"
    );
    db.close().await?;
    events.await?;
    live.await?;
    server.shutdown().await;
    fs::remove_dir_all(&directory)?;
    Ok(())
}

/// Prints what the connection notices.
async fn report(mut events: ConnectionEvents, started: Instant) {
    while let Some(event) = events.next().await {
        let seconds = started.elapsed().as_secs_f64();
        match event {
            ConnectionEvent::Connected { endpoint, .. } => println!("{seconds:5.2} s  connected to {endpoint}"),
            ConnectionEvent::Disconnected { error, .. } => println!("{seconds:5.2} s  lost: {error}"),
            ConnectionEvent::Reconnecting { attempt, after, .. } => {
                println!("{seconds:5.2} s  attempt {attempt} failed, the next one in {after:.0?}");
            }
            ConnectionEvent::SessionRestored { .. } => println!("{seconds:5.2} s  a session is restored"),
            other => println!("{seconds:5.2} s  {other:?}"),
        }
    }
}

/// Counts the events of a live query, and prints where some are missing.
async fn watch(mut readings: LiveStream<Reading>) {
    let mut changes = 0;
    while let Some(event) = readings.next().await {
        match event {
            Ok(LiveEvent::Change(_)) => changes += 1,
            other => println!("live query after {changes} changes: {other:?}"),
        }
    }
}

/// The outcomes of a number of writes.
#[derive(Default)]
struct Counts {
    written: u32,
    unknown: u32,
    failed: u32,
    slowest: Duration,
}

/// Writes readings, one after another.
async fn measure(session: Session) -> Counts {
    let mut counts = Counts::default();
    let mut pace = interval(PACE);
    for value in 0..READINGS {
        pace.tick().await;
        let begun = Instant::now();
        match session.create::<Reading>().content(NewReading { station: "roof".into(), value }).await {
            Ok(_) => counts.written += 1,
            // The server may have written it before the reply was lost. A program that must know asks, or uses a transaction.
            Err(error) if error.delivery() == Delivery::Unknown => counts.unknown += 1,
            Err(_) => counts.failed += 1,
        }
        counts.slowest = counts.slowest.max(begun.elapsed());
    }
    counts
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { written, unknown, failed, slowest } = self;
        write!(
            f,
            "{READINGS} readings: {written} written, {unknown} unknown, {failed} failed; the slowest took {slowest:.1?}"
        )
    }
}
