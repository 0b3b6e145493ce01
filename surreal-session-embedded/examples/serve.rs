//! Runs servers for other programs, until its standard input ends.
//!
//! `cargo run -p surreal-session-embedded --example serve` starts one in memory and prints its URL: give it to other
//! programs as `SURREAL_URL`. Options, in any order:
//!
//! - `--port N`: on this port instead of a free one
//! - `--path DIR`: with its data in this directory
//! - `--nodes N`: this number of nodes over one store in memory, a line with a URL for each
//! - `--engine router`: with this engine for live queries instead of `inline`

use std::env;
use std::error::Error;
use std::io::{copy, sink, stdin};
use std::path::PathBuf;

use surreal_session_embedded::{Cluster, Embedded, LiveEngine};

struct Options {
    port: u16,
    path: Option<PathBuf>,
    nodes: Option<usize>,
    engine: LiveEngine,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read()?;
    if let Some(nodes) = options.nodes {
        let cluster = Cluster::start_with(nodes, options.engine).await?;
        for url in cluster.urls() {
            println!("{url}");
        }
        end_of_input().await;
        cluster.shutdown().await;
        return Ok(());
    }
    let mut server = Embedded::builder().port(options.port).live_engine(options.engine);
    if let Some(path) = options.path {
        server = server.path(path);
    }
    let server = server.start().await?;
    println!("{}", server.url());
    end_of_input().await;
    server.shutdown().await;
    Ok(())
}

impl Options {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut options = Self { port: 0, path: None, nodes: None, engine: LiveEngine::Inline };
        let mut arguments = env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("no value after `{name}`"))?;
            match (name.as_str(), value.as_str()) {
                ("--port", port) => options.port = port.parse()?,
                ("--path", path) => options.path = Some(path.into()),
                ("--nodes", nodes) => options.nodes = Some(nodes.parse()?),
                ("--engine", "inline") => options.engine = LiveEngine::Inline,
                ("--engine", "router") => options.engine = LiveEngine::Router,
                _ => return Err(format!("unknown option `{name} {value}`").into()),
            }
        }
        Ok(options)
    }
}

async fn end_of_input() {
    // The input is ignored, and so is an error that ends it.
    let ended = tokio::task::spawn_blocking(|| copy(&mut stdin(), &mut sink()));
    let _ = ended.await;
}
