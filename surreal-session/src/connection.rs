//! One WebSocket connection: a handle that any number of tasks hold, and the one task that owns the socket.
//!
//! [`Handle`] encodes nothing and decodes nothing: it passes finished frames to the [`driver`] through one queue and
//! waits for the bytes of the reply on a oneshot. The driver owns the socket, the calls in flight and their
//! deadlines, and routes bytes by request id. It never waits for an application, and every call that it
//! accepted ends exactly once: with a reply, with an error, or because its caller has gone.

mod backoff;
mod call;
mod calls;
mod config;
mod deadlines;
mod driver;
mod end;
mod epoch;
mod event_queue;
mod foreign;
mod handle;
mod ignored;
mod late;
mod routes;
mod silence;
mod socket;
mod timer;
#[cfg(feature = "rustls")]
mod tls;
mod url;

pub(crate) use backoff::{Backoff, PAUSES};
pub(crate) use call::{Cleanup, Subscription};
pub(crate) use config::Config;
pub(crate) use epoch::{Epoch, Owner};
pub(crate) use event_queue::{Capacity, QueueItem, StreamEnd};
pub(crate) use handle::{Deadline, Handle, not_driven};
pub(crate) use late::LateReply;
pub(crate) use timer::Timer;
pub(crate) use url::ServerUrl;
