//! Measures a call that is awaited and a call that is waited for, in turns, on one thread each.
//!
//! `benchmarks/run wait` starts a server for it.

use std::time::Instant;

use surreal_session::Result;
use surreal_session::blocking::{Queryable, Session, Surreal, Wait};
use surreal_session_benchmarks::{Sample, Server};
use tokio::runtime::{Builder, Runtime};

const ROUNDS: usize = 20;
const CALLS: usize = 500;

fn main() -> Result<()> {
    let one = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let many = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (of_one, of_many) = (one.block_on(session())?, many.block_on(session())?);
    let waiting = session().wait()?;
    let (mut awaited, mut spread, mut waited) = (Sample::default(), Sample::default(), Sample::default());
    for _ in 0..ROUNDS {
        measure_async(&one, &of_one, &mut awaited)?;
        measure_async(&many, &of_many, &mut spread)?;
        for _ in 0..CALLS {
            let begun = Instant::now();
            waiting.execute("RETURN 1").wait()?;
            waited.add(begun.elapsed());
        }
    }
    println!("`RETURN 1`, one call after the other:");
    println!("  awaited, runtime of one thread  {awaited}");
    println!("  awaited, runtime of two threads {spread}");
    println!("  waited for                      {waited}");
    for (name, sample) in [("one thread", &awaited), ("two threads", &spread)] {
        let ratio = |share| waited.quantile(share).as_secs_f64() / sample.quantile(share).as_secs_f64();
        println!("  ratio to {name}: median {:.2}, p99 {:.2}", ratio(0.5), ratio(0.99));
    }
    Ok(())
}

fn measure_async(runtime: &Runtime, session: &Session, sample: &mut Sample) -> Result<()> {
    runtime.block_on(async {
        for _ in 0..CALLS {
            let begun = Instant::now();
            session.execute("RETURN 1").await?;
            sample.add(begun.elapsed());
        }
        Ok(())
    })
}

async fn session() -> Result<Session> {
    let server = Server::from_env();
    Surreal::connect(&server.url).await?.new_session().signin(server.root()).use_ns("wait").use_db("wait").await
}
