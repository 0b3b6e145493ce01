//! Measures a call that is awaited and a call that is waited for, in turns, on one thread each.
//!
//! `benchmarks/run wait` starts a server for it.

use surreal_session::Result;
use surreal_session::blocking::{Queryable, Session, Surreal, Wait};
use surreal_session_benchmarks::{Costs, Meter, Options, Server, Table, digits, micros, ratio};
use tokio::runtime::{Builder, Runtime};

const CALLS: u64 = 3_000;

fn main() -> Result<()> {
    let options = Options::parse();
    let one = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let many = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let (of_one, of_many) = (one.block_on(session())?, many.block_on(session())?);
    let waiting = session().wait()?;
    let mut costs: [Costs; 3] = Default::default();
    let calls = options.times(CALLS);
    for round in 0..=options.rounds {
        let measured = [
            measure(calls, || awaited(&one, &of_one, calls))?,
            measure(calls, || awaited(&many, &of_many, calls))?,
            measure(calls, || (0..calls).try_for_each(|_| waiting.execute("RETURN 1").wait()))?,
        ];
        // The first warms up.
        if round > 0 {
            costs.iter_mut().zip(measured).for_each(|(costs, cost)| costs.add(cost));
        }
    }
    println!("`RETURN 1`, wall µs (client CPU µs), medians of {} rounds in turns:\n", options.rounds);
    let columns =
        ["awaited, one thread", "awaited, two threads", "`.wait()`", "ratio to one", "ratio to two", "spread"];
    let mut table = Table::new(&columns);
    let [one, two, waited] = costs.each_ref().map(Costs::median);
    let spread = format!("{} %", digits(costs.iter().map(Costs::spread).fold(0.0, f64::max) * 100.0));
    table.row(&[micros(one), micros(two), micros(waited), ratio(waited, one), ratio(waited, two), spread]);
    table.print();
    Ok(())
}

fn measure(calls: u64, work: impl FnOnce() -> Result<()>) -> Result<surreal_session_benchmarks::Cost> {
    let meter = Meter::start();
    work()?;
    Ok(meter.stop(calls))
}

fn awaited(runtime: &Runtime, session: &Session, calls: u64) -> Result<()> {
    runtime.block_on(async {
        for _ in 0..calls {
            session.execute("RETURN 1").await?;
        }
        Ok(())
    })
}

async fn session() -> Result<Session> {
    let server = Server::from_env();
    Surreal::connect(&server.url).await?.new_session().signin(server.root()).use_ns("wait").use_db("wait").await
}
