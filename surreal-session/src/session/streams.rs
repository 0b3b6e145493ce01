//! What becomes of a session's live streams when the session changes.
//!
//! The server (3.3.5) drops the live queries of a session without a word when the session is closed, invalidated, reset,
//! or signed in as somebody else. So the streams are told by the client.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::change::Change;
use super::state::Shared;
use crate::connection::{QueueItem, StreamEnd, Subscription};
use crate::error::Error;
use crate::protocol::{Outcome, read_statements};

/// The events of a live query. It keeps its session open.
pub(crate) struct Followed {
    pub(crate) subscription: Subscription,
    pub(super) _guard: StreamGuard,
}

/// Counts one stream of a session.
#[derive(Debug)]
pub(super) struct StreamGuard(Arc<Shared>);

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.subscription.fmt(f)
    }
}

impl StreamGuard {
    pub(super) fn new(session: &Arc<Shared>) -> Self {
        session.streams.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(session))
    }
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Ends the session's streams, also those whose registration is under way.
pub(super) fn end(shared: &Shared, over: StreamEnd) {
    shared.epoch.advance(&over);
    shared.client.tell(shared.in_envelope(), QueueItem::End(over));
}

/// Tells the session's streams who the session is now, after a request that may have changed it.
pub(super) async fn recheck(change: &Change) {
    let shared = &change.shared;
    if shared.streams.load(Ordering::Acquire) == 0 {
        return;
    }
    let reply = change.call(change.scope.request("query").text(WHO).finish()).await;
    let identity = reply.and_then(|reply| match read_statements(&reply)?.pop().map(|statement| statement.outcome) {
        Some(Outcome::Ok(identity)) => Ok(identity),
        Some(Outcome::Failed(error)) => Err(Error::from_statement(0, error)),
        None => Err(Error::protocol("the reply to `query` has no statement")),
    });
    shared.client.tell(shared.in_envelope(), QueueItem::Identity(identity.ok()));
}

/// Who the session is as far as the server drops live queries for it, and in how many milliseconds it expires.
///
/// An event is sent as long as the second of the expiry is not over.
pub(crate) const WHO: &str = "RETURN { \
    identity: [$token.ID, $token.NS, $token.DB, $token.AC, $session.data], \
    expires_in: IF $session.exp != NONE { ($session.exp + 1) * 1000 - time::millis(time::now()) } \
}";
