//! Epochs of a session: each ends when the server drops the session's live queries.
//!
//! The server (3.3.5) drops them without notice when the session is closed, reset or made anonymous. A live query that is
//! being registered at that moment may be dropped or not. So each registration notes the session's epoch before it is
//! sent, and the connection's task compares it when the reply comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::event_queue::StreamEnd;
use crate::protocol::SessionId;

/// The number of the epoch. The lowest bit is the reason why the last one ended.
#[derive(Debug, Default)]
pub(crate) struct Epoch(AtomicU64);

impl Epoch {
    /// Begins another epoch. Must be called before the end is put into the queues of the session's streams.
    pub(crate) fn advance(&self, end: &StreamEnd) {
        let reason = u64::from(matches!(end, StreamEnd::SessionClosed));
        let next = |epoch: u64| Some(((epoch >> 1).wrapping_add(1) << 1) | reason);
        // The closure always gives a value, so this cannot fail.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }

    /// The reason why the last epoch ended.
    pub(crate) fn last_end(&self) -> StreamEnd {
        end_of(self.0.load(Ordering::Acquire))
    }
}

/// The session of a stream, and its epoch when the stream was requested.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    /// `None` for the connection's default session.
    pub(super) session: Option<SessionId>,
    epoch: Arc<Epoch>,
    since: u64,
}

impl Owner {
    pub(crate) fn new(session: Option<SessionId>, epoch: &Arc<Epoch>) -> Self {
        Self { session, epoch: Arc::clone(epoch), since: epoch.0.load(Ordering::Acquire) }
    }

    /// Returns the reason if the session has lost its live queries since.
    pub(crate) fn end(&self) -> Option<StreamEnd> {
        let now = self.epoch.0.load(Ordering::Acquire);
        (now != self.since).then(|| end_of(now))
    }
}

fn end_of(epoch: u64) -> StreamEnd {
    if epoch & 1 == 1 { StreamEnd::SessionClosed } else { StreamEnd::IdentityChanged }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_knows_why_its_epoch_is_over() {
        let epoch = Arc::new(Epoch::default());
        let first = Owner::new(None, &epoch);
        assert!(first.end().is_none());
        epoch.advance(&StreamEnd::IdentityChanged);
        assert!(matches!(first.end(), Some(StreamEnd::IdentityChanged)));
        let second = Owner::new(None, &epoch);
        assert!(second.end().is_none());
        epoch.advance(&StreamEnd::SessionClosed);
        assert!(matches!(
            (first.end(), second.end()),
            (Some(StreamEnd::SessionClosed), Some(StreamEnd::SessionClosed))
        ));
    }
}
