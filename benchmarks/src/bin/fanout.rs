//! Measures the time from a change until the last of 100 live streams has it, on one socket and on eight, in turns.
//!
//! `benchmarks/run fanout` starts a server for it. Each stream has a task; the bare sockets have a task each and read no
//! event. The writer has a connection of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use surreal_session::prelude::{Expression, LiveEvent, LiveStream, Queryable, Session};
use surreal_session::{Result, Surreal};
use surreal_session_benchmarks::{
    Bare, Costs, Item, Meter, NewItem, Options, Recorder, Server, Table, digits, micros, ratio,
};
use tokio::sync::Notify;
use tokio::time::timeout;

/// The number of streams on the table.
const STREAMS: u64 = 100;
/// The number of changes in a round.
const CHANGES: u64 = 200;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let (options, server) = (Options::parse(), Server::from_env());
    println!(
        "One change and its {STREAMS} events, wall µs (client CPU µs), medians of {} rounds in turns:\n",
        options.rounds
    );
    let columns = ["Work", "bare", "this library", "SDK 3.3.5", "ratio to bare", "ratio to SDK", "spread"];
    let mut table = Table::new(&columns);
    for (streams, sockets) in
        [(Streams::Different, 1), (Streams::Different, 8), (Streams::Equal, 1), (Streams::Equal, 8)]
    {
        let subjects = [
            FanOut::bare(&server, streams, sockets).await?,
            FanOut::ours(&server, streams, sockets).await?,
            FanOut::sdk(&server, streams, sockets).await?,
        ];
        let mut costs: [Costs; 3] = Default::default();
        for round in 0..=options.rounds {
            for (subject, costs) in subjects.iter().zip(&mut costs) {
                let Some(subject) = subject else { continue };
                let changes = options.times(CHANGES);
                let meter = Meter::start();
                subject.write(changes).await?;
                let cost = meter.stop(changes);
                // The first warms up.
                if round > 0 {
                    costs.add(cost);
                }
            }
        }
        let [bare, ours, sdk] = costs.each_ref().map(Costs::median);
        let spread = costs.iter().map(Costs::spread).fold(0.0, f64::max);
        let kind = format!("{streams:?}").to_lowercase();
        let title =
            format!("1 writer, {STREAMS} {kind} streams on {sockets} socket{}", if sockets == 1 { "" } else { "s" });
        let spread = format!("{} %", digits(spread * 100.0));
        table.row(&[title, micros(bare), micros(ours), micros(sdk), ratio(ours, bare), ratio(ours, sdk), spread]);
    }
    table.print();
    Ok(())
}

/// What the streams have in common, apart from the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Streams {
    /// Each has a condition of its own, which every change fulfils.
    Different,
    /// They have none, so that this library registers one live query for all.
    Equal,
}

/// Live streams on the table of a database, and a writer.
struct FanOut {
    writer: Session,
    events: Arc<Events>,
    /// Keeps the connections.
    _connections: Vec<Box<dyn Send + Sync>>,
}

impl FanOut {
    async fn bare(server: &Server, streams: Streams, sockets: u64) -> Result<Option<Self>> {
        let (database, writer) = prepare(server, "bare", streams, sockets).await?;
        let live = live_request(server, streams, &database).await?;
        let events = Arc::new(Events::default());
        for _ in 0..sockets {
            let mut socket = Bare::connect(server, NAMESPACE, &database).await;
            for number in 0..STREAMS / sockets {
                let number = u8::try_from(number).expect("few");
                socket.live_in_session(number, &live, server, [NAMESPACE, &database]).await;
            }
            let events = Arc::clone(&events);
            tokio::spawn(async move {
                loop {
                    socket.receive().await;
                    events.add();
                }
            });
        }
        events.expect(STREAMS / sockets * sockets);
        Ok(Some(Self { writer, events, _connections: Vec::new() }))
    }

    async fn ours(server: &Server, streams: Streams, sockets: u64) -> Result<Option<Self>> {
        let (database, writer) = prepare(server, "ours", streams, sockets).await?;
        let sockets = usize::try_from(sockets).expect("few");
        let db = Surreal::connect(&server.url)
            .live_sockets(sockets)
            .live_queries_per_socket(usize::try_from(STREAMS).expect("few").div_ceil(sockets))
            .await?;
        db.signin(server.root()).await?;
        db.use_ns(NAMESPACE).use_db(&database).await?;
        let events = Arc::new(Events::default());
        for number in 0..STREAMS {
            let mut stream = open(&db, streams, number).await?;
            let events = Arc::clone(&events);
            tokio::spawn(async move {
                while let Some(event) = stream.next().await {
                    assert!(matches!(event, Ok(LiveEvent::Change(_))), "{event:?}");
                    events.add();
                }
            });
        }
        events.expect(STREAMS);
        Ok(Some(Self { writer, events, _connections: vec![Box::new(db)] }))
    }

    #[cfg(feature = "sdk")]
    async fn sdk(server: &Server, streams: Streams, sockets: u64) -> Result<Option<Self>> {
        use futures_util::StreamExt;

        let (database, writer) = prepare(server, "sdk", streams, sockets).await?;
        let mut connections: Vec<Box<dyn Send + Sync>> = Vec::new();
        let events = Arc::new(Events::default());
        for _ in 0..sockets {
            let sdk =
                surreal_session_benchmarks::Sdk::connect(server, NAMESPACE, &database).await.expect("it connects");
            for number in 0..STREAMS.cast_signed() / sockets.cast_signed() {
                let different = (streams == Streams::Different).then_some(number);
                let mut stream = sdk.live(different).await.expect("a stream");
                let events = Arc::clone(&events);
                tokio::spawn(async move {
                    while let Some(event) = stream.next().await {
                        event.expect("a change");
                        events.add();
                    }
                });
            }
            connections.push(Box::new(sdk));
        }
        events.expect(STREAMS / sockets * sockets);
        Ok(Some(Self { writer, events, _connections: connections }))
    }

    #[cfg(not(feature = "sdk"))]
    async fn sdk(_: &Server, _: Streams, _: u64) -> Result<Option<Self>> {
        Ok(None)
    }

    /// Makes changes, each when all streams have the one before.
    async fn write(&self, changes: u64) -> Result<()> {
        for number in 0..changes {
            self.writer.create::<Item>().content(NewItem::numbered(number)).return_none().await?;
            self.events.all().await;
        }
        Ok(())
    }
}

/// Counts the events of a change.
#[derive(Debug, Default)]
struct Events {
    expected: AtomicU64,
    seen: AtomicU64,
    complete: Notify,
}

impl Events {
    fn expect(&self, events: u64) {
        self.expected.store(events, Ordering::Relaxed);
    }

    fn add(&self) {
        let expected = self.expected.load(Ordering::Relaxed);
        if (self.seen.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(expected) {
            self.complete.notify_one();
        }
    }

    async fn all(&self) {
        timeout(Duration::from_secs(20), self.complete.notified()).await.expect("every stream sees the change");
    }
}

/// An empty table in a database, and a session that writes to it.
async fn prepare(server: &Server, subject: &str, streams: Streams, sockets: u64) -> Result<(String, Session)> {
    let database = format!("fanout_{}_{subject}_{streams:?}_{sockets}", std::process::id());
    let writer = Surreal::connect(&server.url).await?.new_session().signin(server.root());
    let writer = writer.use_ns(NAMESPACE).use_db(&database).await?;
    writer.execute("DEFINE TABLE item").await?;
    Ok((database, writer))
}

async fn open(session: &Session, streams: Streams, number: u64) -> Result<LiveStream<Item>> {
    let live = session.live::<Item>();
    match streams {
        Streams::Different => live.filter(|item| item.age.gte(-number.cast_signed())).await,
        Streams::Equal => live.await,
    }
}

/// The request that this library registers a live query with, without its session.
async fn live_request(server: &Server, streams: Streams, database: &str) -> Result<surreal_session_benchmarks::Bytes> {
    let recorder = Recorder::start(server).await;
    let db = Surreal::connect(recorder.url()).await?;
    db.signin(server.root()).await?;
    db.use_ns(NAMESPACE).use_db(database).await?;
    let stream = open(&db, streams, 0).await?;
    let requests = recorder.take();
    drop(stream);
    let live = requests.iter().find_map(|request| Bare::without_session(request, "LIVE SELECT"));
    Ok(live.expect("a live query was registered"))
}

const NAMESPACE: &str = "benchmarks";
