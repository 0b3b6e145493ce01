//! The connection to a server: its sockets, and what a program can set and see of them.
//!
//! A connection has any number of sockets, to one server or to the nodes of a cluster. Sessions are placed on them, and move
//! to others when a socket is lost. [`Reconnect`] sets how sockets are opened again, [`ConnectionEvents`] reports what
//! happens to them, and [`ConnectionStatus`] shows how many there are. An [`Observer`] gets the end of each call as well, and
//! [`TraceContext`] continues a trace inside the server.
// A `Client` is what sessions hold of a connection. Its `supervisor` is a task that opens sockets, replaces lost ones, and
// places sessions. A `Link` is one open socket: it passes finished frames to its `driver` through one queue, and waits for
// the bytes of the reply on a oneshot. The driver owns the socket, the calls in flight and their deadlines, and routes bytes
// by request id. It never waits for an application, and every call that it accepted ends exactly once: with a reply, with an
// error, or because its caller has gone. `state` is what all of them share. `watch` observes the
// calls of the program.

mod backoff;
mod call;
mod calls;
mod client;
mod config;
mod deadline;
mod dial;
mod driver;
mod end;
mod endpoints;
mod epoch;
mod event_queue;
mod events;
mod fleet;
mod foreign;
mod frame_queue;
mod headers;
mod ignored;
mod link;
mod observer;
mod reconnect;
mod retry;
mod routes;
mod shared_driver;
mod silence;
mod socket;
mod state;
mod status;
mod supervisor;
mod timer;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls;
mod trace_context;
mod transport;
mod url;
mod watch;

pub use crate::protocol::{Feature, ServerVersion};
pub(crate) use backoff::{Backoff, PAUSES, random_up_to};
pub(crate) use call::{Cleanup, Subscription};
pub(crate) use client::Client;
pub(crate) use config::Config;
pub(crate) use deadline::{Deadline, Patience};
pub(crate) use end::runtime_gone;
pub use endpoints::Endpoints;
pub(crate) use epoch::{Epoch, Owner};
pub(crate) use event_queue::{Capacity, Missed, MissedReason, QueueItem, StreamEnd};
pub use events::{ConnectionEvent, ConnectionEvents};
pub(crate) use frame_queue::FrameQueue;
pub(crate) use link::{LateReply, Lease, Link, Purpose};
pub use observer::{FinishedCall, LiveGap, Observer, RetriedCall};
pub use reconnect::Reconnect;
pub(crate) use retry::{Retry, RetryLimit};
pub(crate) use state::not_driven;
pub use status::{ConnectionStatus, EndpointStatus};
pub(crate) use timer::Timer;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub use tls::TlsConfig;
pub use trace_context::TraceContext;
pub(crate) use trace_context::TraceSource;
pub(crate) use url::ServerUrl;
pub(crate) use watch::{CallSubject, CallWatch, RunWatch, carried, note_retry, note_rows};
