//! A real SurrealDB server inside the process.
//!
//! [`Embedded::start`] runs SurrealDB 3.3.5 on `127.0.0.1`, on a free port, in memory and with authentication on. It is
//! the same server as the `surreal` program: clients connect over a WebSocket, sign in, and get its permissions and
//! errors. Use it for a test suite, for an example that must run anywhere, or for a program that keeps its data in a
//! directory.
//!
//! ```no_run
//! use surreal_session_embedded::Embedded;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Embedded::start().await?;
//! let db = server.connect().await?;
//! db.use_ns("shop").use_db("inventory").await?;
//! println!("{} listens on {}", db.version().await?, server.url());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Threads and global state
//!
//! The server has its own threads, so the caller's runtime may be of any kind. It installs no log subscriber, signal
//! handler or allocator, and prints nothing. Its events go to the `tracing` subscriber of the program. Several servers
//! can run at the same time, each with its own data.
//!
//! # Licence
//!
//! This crate is MIT or Apache-2.0, but it links SurrealDB, which is under the Business Source License 1.1.
//! The client crate, `surreal-session`, does not depend on either.

#![recursion_limit = "256"] // the server's nested futures go past the default of 128

mod cluster;
mod embedded;
mod error;
mod example;
mod handle;
mod kit;
mod once;
mod parses;
mod server;
mod socket;
mod storage;
mod store;

pub use cluster::Cluster;
pub use embedded::{Builder, Embedded};
pub use error::StartError;
#[doc(hidden)]
pub use example::{example, example_db, example_url};
pub use server::LiveEngine;

/// Runs a test with a database of its own: `#[surreal_session_embedded::test]`.
///
/// The arguments of the test are made for it:
///
/// | Argument | |
/// |---|---|
/// | `db: Session`, as often as wanted | a session in the test's database, signed in as root |
/// | `db: Surreal` | a connection of the test's own, whose default session is signed in as root, in the test's database |
/// | `server: Embedded`, with `server = "own"` | the server of this test alone |
///
/// The tests of a process share a server in memory, [`Embedded::shared`], and each has a database of its own in the namespace
/// `surreal_session_test`. The test returns nothing or a `Result`. When it has passed, its database is removed. When it has
/// failed, the database stays while the process runs, and its name is printed with the test's output. `should_panic`,
/// `ignore` and other attributes work as usual.
///
/// With the environment variable `SURREAL_URL` (and `SURREAL_USER` and `SURREAL_PASS`, `root` unless set) the tests use that
/// server. Databases of failed tests stay there for inspection; a later run removes them, and what an aborted run has left,
/// when they are a day old. `cargo nextest` runs each test in a process, and so with a server of its own, unless
/// `SURREAL_URL` is set.
///
/// # Options
///
/// | Option | |
/// |---|---|
/// | `flavor = "multi_thread"`, `worker_threads = 4` | the test's runtime, as in `tokio::test`; `"current_thread"` unless set |
/// | `schema = (User, Post)` | the models that are [defined](surreal_session::Session::define) in the database before the fixtures |
/// | `fixtures("users.surql", path::to::seed)` | what the database has before the test: SurrealQL in files, relative to that of the test; `async` functions of an argument such as a `Session`, that return a `Result`. In this order |
/// | `server = "own"` | a server for this test alone, which it may stop |
/// | `blocking` | the test and its fixtures are no `async fn` |
/// | `crate = "path"` | where this crate is, if not at `::surreal_session_embedded` |
///
/// # Examples
///
/// ```
/// use surreal_session::prelude::*;
///
/// async fn seed(db: Session) -> surreal_session::Result<()> {
///     db.execute("CREATE user:ada SET name = 'Ada'").await
/// }
///
/// #[surreal_session_embedded::test(fixtures(seed))]
/// async fn renames(db: Session) -> surreal_session::Result<()> {
///     db.execute("UPDATE user:ada SET name = 'Eve'").await?;
///     let name: Option<String> = db.query("RETURN user:ada.name").await?.take(0)?;
///     assert_eq!(name.as_deref(), Some("Eve"));
///     Ok(())
/// }
/// ```
pub use surreal_session_derive::database_test as test;

/// What the attribute [`test`](macro@test) and the macro [`assert_parses!`] use. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use surreal_session::blocking::Wait;

    pub use crate::kit::{Argument, Outcome, Place, Test, run, run_blocking};
    pub use crate::parses::assert_parses;
}

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
