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

/// Compiles the code of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
