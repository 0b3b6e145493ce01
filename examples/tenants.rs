//! Many tenants: 600 sessions, each in its database, over a few sockets to a cluster of two nodes, one of which dies.
//!
//! `cargo run --example tenants` starts the cluster in this process.

use std::error::Error;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use surreal_session::prelude::*;
use surreal_session_embedded::Cluster;
use tokio::task::JoinSet;
use tokio::time::sleep;

#[derive(Debug, Serialize, Deserialize, Record)]
struct Note {
    id: Id<Note, String>,
    tenant: usize,
    visits: u32,
}

struct Tenant {
    number: usize,
    session: Session,
}

const TENANTS: usize = 600;
/// The number of tenants that are opened at the same time.
const AT_ONCE: usize = 16;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut cluster = Cluster::start(2).await?;
    let db = Surreal::connect(cluster.urls()).sockets(2..=8).deadline(Duration::from_secs(30)).await?;
    let root = db.new_session().signin(Root::new("root", "root")).use_ns("examples").await?;

    println!("-- {TENANTS} tenants, each with a session and a database");
    let begun = Instant::now();
    let tenants = open(&root).await?;
    println!("opened in {:.1?}", begun.elapsed());
    show(&db);

    let begun = Instant::now();
    visit_all(&tenants, 1).await?;
    println!("-- Each tenant has written and read its own note, in {:.1?}", begun.elapsed());

    cluster.kill(0).await;
    let begun = Instant::now();
    visit_all(&tenants, 2).await?;
    println!("-- One node has died; each tenant went on with its own note, in {:.1?}", begun.elapsed());
    show(&db);

    cluster.restart(0).await?;
    let begun = Instant::now();
    while db.status().endpoints.iter().any(|endpoint| endpoint.sockets == 0) {
        sleep(Duration::from_millis(20)).await;
    }
    println!("-- The node is back, and has a socket after {:.1?}: new sessions use it", begun.elapsed());
    visit_all(&tenants, 3).await?;
    show(&db);

    drop((tenants, root));
    db.close().await?;
    cluster.shutdown().await;
    Ok(())
}

/// Opens a session for each tenant. Forks share one identity, so that no password is checked again.
async fn open(root: &Session) -> Result<Vec<Tenant>, Box<dyn Error>> {
    let mut opening: JoinSet<surreal_session::Result<Tenant>> = JoinSet::new();
    let mut tenants = Vec::with_capacity(TENANTS);
    for number in 0..TENANTS {
        if opening.len() == AT_ONCE {
            let opened = opening.join_next().await.transpose()?;
            tenants.extend(opened.transpose()?);
        }
        let root = root.clone();
        opening.spawn(async move {
            let session = root.fork().await?;
            session.use_db(format!("tenant_{number}")).await?;
            session.create::<Note>().id("visits").content(NewNote { tenant: number, visits: 0 }).await?;
            Ok(Tenant { number, session })
        });
    }
    while let Some(tenant) = opening.join_next().await {
        tenants.push(tenant??);
    }
    Ok(tenants)
}

/// Counts a visit of each tenant, and checks that each finds its own note.
async fn visit_all(tenants: &[Tenant], visits: u32) -> Result<(), Box<dyn Error>> {
    let mut visiting = JoinSet::new();
    for Tenant { number, session } in tenants {
        let (number, session) = (*number, session.clone());
        visiting.spawn(async move { (number, visit(&session, visits).await) });
    }
    while let Some(visit) = visiting.join_next().await {
        let (number, note) = visit?;
        let note = note?;
        assert_eq!((note.tenant, note.visits), (number, visits), "the note of another tenant");
    }
    Ok(())
}

/// Sets the number of visits. The write says the same if it is made twice, so it is simply repeated after a lost socket.
async fn visit(session: &Session, visits: u32) -> surreal_session::Result<Note> {
    loop {
        match session.update::<Note>().id("visits").set(|note| note.visits.set(visits)).await {
            Err(error) if error.kind() == ErrorKind::Disconnected => {}
            other => return other,
        }
    }
}

fn show(db: &Surreal) {
    let status = db.status();
    for endpoint in &status.endpoints {
        println!("  {}: {} sockets", endpoint.url, endpoint.sockets);
    }
    println!("  {} sessions are open on the servers", status.sessions);
}
