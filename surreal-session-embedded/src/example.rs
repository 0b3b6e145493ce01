//! Runs the examples of the documentation, each with a runtime and a server that nothing else uses.

use std::error::Error as _;

use surreal_session::auth::Root;
use surreal_session::{Error, Result, Session, Surreal};
use tokio::runtime;

use crate::Embedded;

/// Runs an example with a session that is signed in as root and has a namespace and a database selected.
///
/// # Panics
///
/// If the example fails.
pub fn example<F: AsyncFnOnce(Session) -> Result<()>>(example: F) {
    example_url(async |url| {
        let db = Surreal::connect(url).await?;
        let session = db.new_session().signin(Root::new("root", "root")).use_ns("docs").use_db("docs").await?;
        example(session).await
    });
}

/// Runs an example with a connection whose default session is signed in as root and has a namespace and a database
/// selected.
///
/// # Panics
///
/// If the example fails.
pub fn example_db<F: AsyncFnOnce(Surreal) -> Result<()>>(example: F) {
    example_url(async |url| {
        let db = Surreal::connect(url).await?;
        db.signin(Root::new("root", "root")).await?;
        db.use_ns("docs").use_db("docs").await?;
        example(db).await
    });
}

/// Runs an example with the address of a server in memory, whose root user has the name `root` and the password `root`.
///
/// # Panics
///
/// If the example fails.
#[expect(clippy::panic, reason = "an example that fails must fail its test")]
pub fn example_url<F: AsyncFnOnce(String) -> Result<()>>(example: F) {
    let outcome = runtime::Builder::new_current_thread().enable_all().build().map(|runtime| {
        runtime.block_on(async {
            let server = Embedded::start().await.unwrap_or_else(|error| panic!("no server: {error}"));
            let outcome = example(server.url().to_owned()).await;
            server.shutdown().await;
            outcome
        })
    });
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => panic!("the example failed: {}", chain(&error)),
        Err(error) => panic!("no runtime: {error}"),
    }
}

/// The error and its sources, separated by colons.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
