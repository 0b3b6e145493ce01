//! A real SurrealDB server inside the process.
//!
//! [`Embedded::start`] runs SurrealDB 3.3.5 on `127.0.0.1`, on a port that the system chooses, in memory and
//! with authentication on. It is the same server as the `surreal` program: clients reach it over a WebSocket,
//! sign in, and meet its permissions and its errors. That makes it the database for a test suite, for an
//! example that must run anywhere, or for a program that keeps its data in a directory of its own.
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
//! # What it leaves alone
//!
//! The server has its own threads, so the caller's runtime may be of any kind. No log subscriber, signal
//! handler or allocator is installed and nothing is printed; the server's events go to whatever `tracing`
//! subscriber the program has. Several servers can run side by side, each with its own data.
//!
//! # Licence
//!
//! This crate is MIT or Apache-2.0, but it links SurrealDB, which is under the Business Source License 1.1.
//! The client crate, `surreal-session`, does not depend on either.

#![recursion_limit = "256"] // the server's nested futures go past the default of 128

mod builder;
mod embedded;
mod error;
mod handle;
mod server;
mod socket;
mod storage;

pub use builder::Builder;
pub use embedded::Embedded;
pub use error::StartError;
