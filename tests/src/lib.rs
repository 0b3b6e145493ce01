//! What the tests share: one real server for the whole run, a way to cut or stall a socket, a scripted peer for what
//! the real server cannot be made to do, and futures that are dropped halfway.

#![expect(clippy::unwrap_used, reason = "this is test code: what fails here fails the test")]

mod partly;
mod peer;
mod proxy;
mod raw;
mod runtime;
mod server;

pub use partly::{eventually, poll_times};
pub use peer::{Conversation, Peer};
pub use proxy::Proxy;
pub use raw::Raw;
pub use runtime::{beside_four_workers, on_four_workers, on_one_thread};
pub use server::{Login, connect, login, place, unique};
pub use surreal_session_tests_macros::async_test;
