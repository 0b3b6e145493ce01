//! Runs a server in memory for other programs, until its standard input ends.
//!
//! `cargo run -p surreal-session-embedded --example serve` prints its URL: give it to other programs as `SURREAL_URL`.

use std::io::{copy, sink, stdin};

use surreal_session_embedded::{Embedded, StartError};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let server = Embedded::start().await?;
    println!("{}", server.url());
    // The input is ignored, and so is an error that ends it.
    let ended = tokio::task::spawn_blocking(|| copy(&mut stdin(), &mut sink()));
    let _ = ended.await;
    server.shutdown().await;
    Ok(())
}
