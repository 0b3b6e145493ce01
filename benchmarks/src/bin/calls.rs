//! Measures calls of the bare socket, of this library and of the official SDK, in turns.
//!
//! `benchmarks/run calls` starts a server for it. `--only` takes a name of `Work::name`, `--subject` one of `bare`, `ours`,
//! `sdk`; without the feature `sdk` the last is missing.

use std::sync::Arc;

use surreal_session_benchmarks::{
    BareClient, Costs, Meter, Options, Ours, Server, Subject, Table, Work, digits, micros, ratio,
};
use tokio::runtime::{Builder, Runtime};

struct Subjects {
    bare: Arc<BareClient>,
    ours: Arc<Ours>,
    /// Their names and costs, in the order of the columns. A missing one costs nothing.
    measured: [(&'static str, Option<Arc<dyn Subject>>); 3],
}

fn main() -> surreal_session::Result<()> {
    let options = Options::parse();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let subjects = runtime.block_on(Subjects::connect(&Server::from_env()))?;
    println!("Wall µs (client CPU µs) per operation, medians of {} rounds in turns:\n", options.rounds);
    let columns = ["Work", "bare", "this library", "SDK 3.3.5", "ratio to bare", "ratio to SDK", "spread"];
    let mut table = Table::new(&columns);
    for work in Work::ALL.into_iter().filter(|work| options.includes(&work.name())) {
        subjects.compare(work, Place::BlockOn, &runtime, &options, &mut table)?;
        if work.is_call() {
            subjects.compare(work, Place::Spawned, &runtime, &options, &mut table)?;
        }
    }
    table.print();
    Ok(())
}

/// Where calls that follow each other are polled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// On the thread of `main`, which each reply wakes up.
    BlockOn,
    /// On a worker of the runtime.
    Spawned,
}

impl Subjects {
    async fn connect(server: &Server) -> surreal_session::Result<Self> {
        let database = format!("calls_{}", std::process::id());
        let ours = Arc::new(Ours::connect(server, &database).await?);
        let bare = Arc::new(BareClient::connect(server, &database).await?);
        let measured: [(_, Option<Arc<dyn Subject>>); 3] = [
            ("bare", Some(Arc::clone(&bare) as _)),
            ("ours", Some(Arc::clone(&ours) as _)),
            ("sdk", sdk(server, &database).await),
        ];
        Ok(Self { bare, ours, measured })
    }

    /// Measures in several rounds, of which the first is not counted.
    fn compare(
        &self,
        work: Work,
        place: Place,
        runtime: &Runtime,
        options: &Options,
        table: &mut Table,
    ) -> surreal_session::Result<()> {
        let mut costs: [Costs; 3] = Default::default();
        runtime.block_on(self.ours.prepare(work))?;
        runtime.block_on(self.bare.record(work))?;
        for round in 0..=options.rounds {
            for ((name, subject), costs) in self.measured.iter().zip(&mut costs) {
                let Some(subject) = subject.as_ref().filter(|_| options.measures(name)) else { continue };
                if !work.reads() {
                    runtime.block_on(self.ours.prepare(work))?;
                }
                let times = options.times(if round == 0 { work.times().div_ceil(10) } else { work.times() });
                let Some(run) = Arc::clone(subject).run(work, times) else { continue };
                let meter = Meter::start();
                match place {
                    Place::BlockOn => runtime.block_on(run),
                    Place::Spawned => runtime.block_on(runtime.spawn(run)).expect("the work is done"),
                }
                let cost = meter.stop(times * work.units());
                if round > 0 {
                    costs.add(cost);
                }
            }
        }
        table.row(&cells(work, place, &costs));
        Ok(())
    }
}

fn cells(work: Work, place: Place, costs: &[Costs; 3]) -> [String; 7] {
    let [bare, ours, sdk] = costs.each_ref().map(Costs::median);
    let spread = costs.iter().map(Costs::spread).fold(0.0, f64::max);
    let place = if place == Place::Spawned { ", in a task" } else { "" };
    [
        work.title() + place,
        micros(bare),
        micros(ours),
        micros(sdk),
        ratio(ours, bare),
        ratio(ours, sdk),
        format!("{} %", digits(spread * 100.0)),
    ]
}

#[cfg(feature = "sdk")]
async fn sdk(server: &Server, database: &str) -> Option<Arc<dyn Subject>> {
    let sdk = surreal_session_benchmarks::Sdk::connect(server, "benchmarks", database).await;
    Some(Arc::new(sdk.expect("the SDK connects")))
}

#[cfg(not(feature = "sdk"))]
async fn sdk(_: &Server, _: &str) -> Option<Arc<dyn Subject>> {
    None
}
