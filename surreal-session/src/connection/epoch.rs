//! The moments at which the server drops the live queries of a session.
//!
//! The server (3.3.5) drops them without an event when the session is closed, reset or made anonymous. A live query that is
//! being registered at that moment may be dropped or not. So each registration notes the session's epoch before it is
//! sent, and the connection's task compares it when the reply comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::feed::Over;
use crate::protocol::SessionId;

/// Counts the moments; the lowest bit says why the last one came.
#[derive(Debug, Default)]
pub(crate) struct Epoch(AtomicU64);

impl Epoch {
    /// Begins another epoch. To be called before the streams of the session are told.
    pub(crate) fn advance(&self, over: &Over) {
        let reason = u64::from(matches!(over, Over::SessionClosed));
        let next = |epoch: u64| Some(((epoch >> 1).wrapping_add(1) << 1) | reason);
        // The closure always gives a value, so this cannot fail.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    }
}

/// The session of a stream, as it was when the stream was asked for.
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

    /// Why the live queries of that session are gone, if they are.
    pub(super) fn over(&self) -> Option<Over> {
        let now = self.epoch.0.load(Ordering::Acquire);
        let over = if now & 1 == 1 { Over::SessionClosed } else { Over::IdentityChanged };
        (now != self.since).then_some(over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_knows_why_its_epoch_is_over() {
        let epoch = Arc::new(Epoch::default());
        let first = Owner::new(None, &epoch);
        assert!(first.over().is_none());
        epoch.advance(&Over::IdentityChanged);
        assert!(matches!(first.over(), Some(Over::IdentityChanged)));
        let second = Owner::new(None, &epoch);
        assert!(second.over().is_none());
        epoch.advance(&Over::SessionClosed);
        assert!(matches!((first.over(), second.over()), (Some(Over::SessionClosed), Some(Over::SessionClosed))));
    }
}
