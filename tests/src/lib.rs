//! Helpers for the tests: one real server for the whole run, a proxy that cuts or stalls sockets, a scripted peer that
//! plays the faults that the real server cannot be made to show, and futures that are dropped halfway.

#![expect(clippy::unwrap_used, reason = "this is test code: what fails here fails the test")]

mod disk;
#[cfg(doctest)]
mod documents;
mod needs;
mod partly;
mod peer;
mod proxy;
mod raw;
mod runtime;
mod server;
mod sources;
mod versions;

pub use disk::DiskServer;
pub use partly::{eventually, no_transaction_is_open, poll_times, rest};
pub use peer::{Conversation, Peer};
pub use proxy::{Loss, Proxy, ProxyLink};
pub use raw::Raw;
pub use runtime::{beside_four_workers, on_four_workers, on_one_thread, without_a_runtime};
pub use server::{Login, connect, login, place, unique};
pub use sources::rust_files;
pub use surreal_session_tests_macros::async_test;
pub use versions::{is_skipped, is_skipped_here, is_version_in};
