//! The hook for metrics, and the arguments of its methods.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tracing::error;

use super::ConnectionEvent;
use crate::error::ErrorKind;
use crate::protocol::{LiveId, SessionId, TransactionId};

/// A hook for metrics; see [`Connect::observer`](crate::Connect::observer).
///
/// Each method has an empty default. The client calls them outside of its locks: `call_finished` in the task that awaits or
/// drops the call, `live_gap` in the task that reads the stream, `connection_event` in a task of the connection. They must
/// return quickly and must not block. A panic in one is caught and logged, and has no other effect.
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use surreal_session::connection::{FinishedCall, Observer};
///
/// #[derive(Default)]
/// struct Calls {
///     all: AtomicU64,
///     failed: AtomicU64,
/// }
///
/// impl Observer for Calls {
///     fn call_finished(&self, call: &FinishedCall<'_>) {
///         self.all.fetch_add(1, Ordering::Relaxed);
///         self.failed.fetch_add(u64::from(call.error.is_some()), Ordering::Relaxed);
///     }
/// }
///
/// # surreal_session_embedded::example_url(async |url| {
/// let calls = Arc::new(Calls::default());
/// let db = Surreal::connect(url).observer(Arc::clone(&calls)).await?;
/// db.ping().await?;
/// assert_eq!(calls.all.load(Ordering::Relaxed), 1);
/// # Ok(()) });
/// ```
pub trait Observer: Send + Sync + 'static {
    /// A call of the program has ended: with a result, with an error, or because its future was dropped.
    fn call_finished(&self, _call: &FinishedCall<'_>) {}

    /// A call, or a transaction run by a closure, failed and begins again.
    fn call_retried(&self, _retry: &RetriedCall<'_>) {}

    /// Something happened to the connection: a socket was opened or lost, a session was restored, renewed or lost.
    fn connection_event(&self, _event: &ConnectionEvent) {}

    /// Events are missing from a live stream.
    fn live_gap(&self, _gap: &LiveGap<'_>) {}
}

/// An observer that is shared with the program.
impl<O: Observer> Observer for std::sync::Arc<O> {
    fn call_finished(&self, call: &FinishedCall<'_>) {
        (**self).call_finished(call);
    }

    fn call_retried(&self, retry: &RetriedCall<'_>) {
        (**self).call_retried(retry);
    }

    fn connection_event(&self, event: &ConnectionEvent) {
        (**self).connection_event(event);
    }

    fn live_gap(&self, gap: &LiveGap<'_>) {
        (**self).live_gap(gap);
    }
}

/// The end of a call; see [`Observer::call_finished`]. No value of the program is among its fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FinishedCall<'a> {
    /// The operation and its table, such as `SELECT user`; the operation alone if there is no table.
    pub summary: &'a str,
    /// The operation, such as `SELECT`, `BATCH` or `signin`; `query` for SurrealQL text.
    pub operation: &'a str,
    /// The table of a statement of a builder.
    pub table: Option<&'a str>,
    /// The namespace of the session when the call began.
    pub namespace: Option<&'a str>,
    /// The database of the session when the call began.
    pub database: Option<&'a str>,
    /// The session.
    pub session: SessionId,
    /// The transaction, for a call in one.
    pub transaction: Option<TransactionId>,
    /// The time from the first poll to the end.
    pub duration: Duration,
    /// The time until the first request was written to a socket; `None` if none was.
    pub queued: Option<Duration>,
    /// The time that the requests of the call were on the server or on the way, together.
    pub round_trip: Duration,
    /// The number of requests that were sent.
    pub requests: u32,
    /// The number of rows that came back, as far as the call read any.
    pub rows: Option<u64>,
    /// The kind of the error; `None` if the call succeeded or was dropped. SurrealQL text has the error of its first failed
    /// statement here, although awaiting it succeeds.
    pub error: Option<ErrorKind>,
    /// Set if the future of the call was dropped before its end.
    pub is_dropped: bool,
}

/// A call that begins again; see [`Observer::call_retried`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RetriedCall<'a> {
    /// The operation and its table, as in [`FinishedCall::summary`]; `transaction` for a closure.
    pub summary: &'a str,
    /// The number of attempts until now.
    pub attempts: u32,
    /// The kind of the error of the last one.
    pub error: ErrorKind,
}

/// A gap in a live stream; see [`Observer::live_gap`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LiveGap<'a> {
    /// The live query.
    pub live: LiveId,
    /// The name of the [`Gap`](crate::live::Gap), such as `Overflow`.
    pub reason: &'a str,
    /// The number of events that are missing, as far as it is known.
    pub missed: u64,
}

impl RetriedCall<'_> {
    pub(crate) fn new(summary: &str, attempts: u32, error: ErrorKind) -> RetriedCall<'_> {
        RetriedCall { summary, attempts, error }
    }
}

impl LiveGap<'_> {
    pub(crate) fn new(live: LiveId, reason: &str, missed: u64) -> LiveGap<'_> {
        LiveGap { live, reason, missed }
    }
}

/// Calls an observer. A panic in it must not end what is observed.
pub(super) fn tell(observer: &dyn Observer, tell: impl FnOnce(&dyn Observer)) {
    if catch_unwind(AssertUnwindSafe(|| tell(observer))).is_err() {
        error!("an observer has panicked");
    }
}
