//! Measures 512 calls in flight over 1, 2, 4 and 8 sockets, in turns.
//!
//! `benchmarks/run sockets` starts a server for it. The server runs the requests of a socket in one task.

use std::sync::Arc;

use futures_util::future::join_all;
use surreal_session::Result;
use surreal_session_benchmarks::{
    BareClient, Costs, Meter, Options, Ours, Server, Subject, Table, Work, digits, micros, ratio,
};

const IN_FLIGHT: u64 = 512;
const CALLS: u64 = 20_000;

/// The clients of one kind, each with a socket.
type Clients = Vec<Arc<dyn Subject>>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let (options, server) = (Options::parse(), Server::from_env());
    let database = format!("sockets_{}", std::process::id());
    let admin = Ours::connect(&server, &database).await?;
    println!(
        "Create of 8 fields, {IN_FLIGHT} in flight, wall µs (client CPU µs), medians of {} rounds:\n",
        options.rounds
    );
    let columns = ["Sockets", "bare", "this library", "SDK 3.3.5", "ratio to bare", "ratio to SDK", "spread"];
    let mut table = Table::new(&columns);
    for sockets in [1, 2, 4, 8] {
        let work = Work::CreateInFlight(IN_FLIGHT / sockets);
        let subjects = [
            bare(&server, &database, sockets, work).await?,
            ours(&server, &database, sockets).await?,
            sdk(&server, &database, sockets).await,
        ];
        let mut costs: [Costs; 3] = Default::default();
        for round in 0..=options.rounds {
            for (clients, costs) in subjects.iter().zip(&mut costs).filter(|(clients, _)| !clients.is_empty()) {
                admin.prepare(work).await?;
                let calls = options.times(CALLS) / sockets;
                let meter = Meter::start();
                let runs = clients.iter().filter_map(|client| Arc::clone(client).run(work, calls));
                for ended in join_all(runs.map(tokio::spawn)).await {
                    ended.expect("the work is done");
                }
                let cost = meter.stop(calls * sockets);
                // The first warms up.
                if round > 0 {
                    costs.add(cost);
                }
            }
        }
        let [bare, ours, sdk] = costs.each_ref().map(Costs::median);
        let spread = format!("{} %", digits(costs.iter().map(Costs::spread).fold(0.0, f64::max) * 100.0));
        let sockets = sockets.to_string();
        table.row(&[sockets, micros(bare), micros(ours), micros(sdk), ratio(ours, bare), ratio(ours, sdk), spread]);
    }
    table.print();
    Ok(())
}

async fn bare(server: &Server, database: &str, sockets: u64, work: Work) -> Result<Clients> {
    let mut clients: Clients = Vec::new();
    for _ in 0..sockets {
        let client = BareClient::connect(server, database).await?;
        client.record(work).await?;
        clients.push(Arc::new(client));
    }
    Ok(clients)
}

/// Sessions of one connection, which places each on the socket with the fewest.
async fn ours(server: &Server, database: &str, sockets: u64) -> Result<Clients> {
    let sessions = Ours::on_sockets(server, database, usize::try_from(sockets).expect("few")).await?;
    Ok(sessions.into_iter().map(|session| Arc::new(session) as _).collect())
}

#[cfg(feature = "sdk")]
async fn sdk(server: &Server, database: &str, sockets: u64) -> Clients {
    let mut clients: Clients = Vec::new();
    for _ in 0..sockets {
        let sdk = surreal_session_benchmarks::Sdk::connect(server, "benchmarks", database).await;
        clients.push(Arc::new(sdk.expect("the SDK connects")));
    }
    clients
}

#[cfg(not(feature = "sdk"))]
async fn sdk(_: &Server, _: &str, _: u64) -> Clients {
    Vec::new()
}
