//! A server for other programs, in memory, until its standard input ends.
//!
//! `cargo run -p surreal-session-embedded --example serve` prints where it is: give that to others as `SURREAL_URL`.

use std::io::{copy, sink, stdin};

use surreal_session_embedded::{Embedded, StartError};

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let server = Embedded::start().await?;
    println!("{}", server.url());
    // It does not matter what is typed, nor why there is no more of it.
    let ended = tokio::task::spawn_blocking(|| copy(&mut stdin(), &mut sink()));
    let _ = ended.await;
    server.shutdown().await;
    Ok(())
}
