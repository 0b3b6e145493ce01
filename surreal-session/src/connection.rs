//! The connection to a server: its sockets, and what a program can set and see of them.
//!
//! One WebSocket is served by one task: a client that any number of tasks hold, and the task that owns the socket.
//!
//! [`Client`] passes finished frames to the [`driver`] through one queue, and waits for the bytes of the reply on a
//! oneshot. The driver owns the socket, the calls in flight and their deadlines, and routes bytes by request id. It never
//! waits for an application, and every call that it accepted ends exactly once: with a reply, with an error, or because
//! its caller has gone. [`state`] is what both share; neither names the other, except that a client starts a driver.

mod backoff;
mod call;
mod calls;
mod client;
mod config;
mod deadline;
mod driver;
mod end;
mod epoch;
mod event_queue;
mod foreign;
mod headers;
mod ignored;
mod retry;
mod routes;
mod silence;
mod socket;
mod state;
mod timer;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls;
mod url;

pub(crate) use backoff::PAUSES;
pub(crate) use call::{Cleanup, Subscription};
pub(crate) use client::{Client, LateReply, not_driven};
pub(crate) use config::Config;
pub(crate) use deadline::Deadline;
pub(crate) use end::runtime_gone;
pub(crate) use epoch::{Epoch, Owner};
pub(crate) use event_queue::{Capacity, Missed, MissedReason, QueueItem, StreamEnd};
pub(crate) use retry::{Retry, RetryLimit};
pub(crate) use timer::Timer;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub use tls::TlsConfig;
pub(crate) use url::ServerUrl;
