//! Live queries: the changes of a table as they happen.
//!
//! A [`LiveStream`] is fed by the connection's task through a bounded queue. What the queue cannot hold, and everything
//! else that makes the stream incomplete, stands in the stream itself: a [`Gap`] where events are missing, and the
//! [`EndReason`] where it ends. So a program knows at every moment what it has not seen.

mod builder;
mod event;
mod order;
mod set;
mod shown;
mod snapshot;
mod stream;

pub use crate::protocol::LiveId;
pub use builder::{Live, LiveDiff};
pub use event::{Action, EndReason, Gap, Identified, LiveEvent, Notification};
pub use snapshot::Snapshot;
pub use stream::LiveStream;
