//! An import of 100,000 rows with a progress bar, and an export of all of them, in a few megabytes of memory.
//!
//! `cargo run --example import` starts a server in this process. Set `SURREAL_URL` to use your own server.

use std::error::Error;
use std::io::{self, Write};
use std::time::Instant;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_examples::Server;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
struct Reading {
    id: Id<Reading, (String, i64)>,
    celsius: f64,
    note: Option<String>,
}

const ROWS: u64 = 100_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start().await?;
    let db = Surreal::connect(&server.url).await?;
    let session = db.new_session().signin(server.root.clone()).use_ns("examples").use_db("import").await?;
    session.execute("REMOVE TABLE IF EXISTS reading; DEFINE TABLE reading").await?;

    let begun = Instant::now();
    let inserted = session.insert_iter((0..ROWS).map(row)).on_progress(show).await?;
    println!("\r{inserted} rows were inserted in {:.1?}        ", begun.elapsed());

    let begun = Instant::now();
    let mut readings = session.select::<Reading>().stream();
    let (mut rows, mut bytes, mut warmest) = (0_u64, 0, f64::MIN);
    while let Some(reading) = readings.try_next().await? {
        rows += 1;
        bytes += line(&reading).len();
        warmest = warmest.max(reading.celsius);
    }
    println!("{rows} rows were read in {:.1?}: {bytes} bytes of CSV, the warmest {warmest} °C", begun.elapsed());
    assert_eq!((inserted, rows), (ROWS, ROWS));

    // A stream that ends early continues behind its last row.
    let mut first = session.select::<Reading>().stream();
    for _ in 0..1_000 {
        first.try_next().await?;
    }
    let cursor = first.cursor().ok_or("the stream has returned no row")?;
    drop(first);
    let rest = session.select::<Reading>().stream().after(cursor);
    let rest: u64 = rest.try_fold(0, async |rows, _| Ok(rows + 1)).await?;
    println!("{rest} rows follow the first 1000");
    assert_eq!(rest, ROWS - 1_000);

    let station = session.select::<Reading>().prefix(("station-3",)).aggregate(|r| (count(), r.celsius.mean())).await?;
    println!("station-3: {} readings, {:.2} °C on average", station.0, station.1);
    Ok(())
}

fn row(number: u64) -> ((String, i64), NewReading) {
    let station = format!("station-{}", number % 7);
    let minute = i64::try_from(number / 7).unwrap_or(i64::MAX);
    let celsius = f64::from(u32::try_from(number * 7_919 % 400).unwrap_or_default()) / 10.0 - 5.0;
    let note = number.is_multiple_of(1_000).then(|| "checked".to_owned());
    ((station, minute), NewReading { celsius, note })
}

fn line(reading: &Reading) -> String {
    let (station, minute) = reading.id.key();
    format!("{station},{minute},{},{}\n", reading.celsius, reading.note.as_deref().unwrap_or_default())
}

/// Draws the progress bar.
fn show(rows: u64) {
    let done = usize::try_from(rows * 40 / ROWS).unwrap_or(40);
    print!("\r[{}{}] {rows}", "#".repeat(done), " ".repeat(40_usize.saturating_sub(done)));
    // A bar that cannot be drawn is no reason to stop.
    let _ = io::stdout().flush();
}
