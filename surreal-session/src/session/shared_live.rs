//! Live queries that several streams of one session follow.
//!
//! The server (3.3.5) sends each change once for each live query, and closes a socket for which too many events wait. So the
//! streams of a session share a live query if their statements and values are equal, and the sessions that were made for
//! them: the same namespace, database, variables and sign-in.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::OwnedMutexGuard;

use super::recipe::{Choices, Confirmed, Recipe};
use super::state::{LiveKey, SessionInner, SharedLive, Sharing};
use super::subscription::{SessionSubscription, kill_live};
use crate::connection::{Capacity, Cleanup, Deadline};
use crate::error::Result;
use crate::protocol::Request;

impl SessionInner {
    /// The live query of a statement, to be registered on `live`, which was made for it.
    ///
    /// A session of the program may move at any time, so that a live query which is registered on it is not shared.
    pub(crate) fn sharing(&self, statement: Vec<u8>, live: &SessionInner) -> Sharing {
        let Confirmed { recipe: Recipe { selection, variables, .. }, signins, .. } = live.confirmed().clone();
        let Choices::Confirmed(selection) = selection else { return Sharing::default() };
        if live.id == self.id {
            return Sharing::default();
        }
        let mut shared = self.live.shared();
        shared.retain(|_, sharing| sharing.is_used());
        shared.entry(LiveKey { statement, selection, variables, signins }).or_default().clone()
    }
}

impl Sharing {
    /// Returns true while the live query is registered or followed.
    fn is_used(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    pub(crate) async fn lock(
        &self,
        session: &SessionInner,
        deadline: Deadline,
    ) -> Result<OwnedMutexGuard<Weak<SharedLive>>> {
        let locked = session.client.within(deadline.at, Arc::clone(&self.0).lock_owned()).await;
        locked.ok_or_else(|| deadline.timed_out_waiting_for("another stream that registers the same live query"))
    }

    /// Has the live query registered anew by the next stream, unless that was done meanwhile.
    pub(crate) async fn forget(&self, live: &Arc<SharedLive>, deadline: Deadline) -> Result<()> {
        let mut known = self.lock(&live.session, deadline).await?;
        if Weak::as_ptr(&known) == Arc::as_ptr(live) {
            *known = Weak::new();
        }
        Ok(())
    }
}

impl SharedLive {
    /// Returns true if a stream may follow it instead of a live query that is registered on `session`.
    pub(crate) fn may_replace_one_on(&self, session: &SessionInner) -> bool {
        let is_same = self.session.id == session.id
            || match (self.session.facts(), session.facts()) {
                (Some(mine), Some(others)) => mine.identity.is_same(&others.identity),
                (None, None) => !self.session.is_proved() && !session.is_proved(),
                _ => false,
            };
        is_same && self.link.is_alive() && !self.session.is_closed()
    }

    /// Returns the events from now on, and the server's reply to a request that was sent after that.
    pub(crate) async fn follow(
        &self,
        request: Request,
        deadline: Deadline,
        capacity: Capacity,
    ) -> Result<(SessionSubscription, Bytes)> {
        let subscription = SessionSubscription::of_shared(&self.session, &self.link, self.id, capacity);
        let reply = self.session.call_on(&self.link, request, deadline, Cleanup::Nothing).await?;
        Ok((subscription, reply))
    }

    /// Kills the live query, unless it has other streams than the caller's, who holds `own` references.
    pub(crate) async fn kill(self: &Arc<Self>, own: usize, deadline: Deadline) -> Result<()> {
        // No other stream begins to follow it meanwhile.
        let _locked = self.sharing.lock(&self.session, deadline).await?;
        if Arc::strong_count(self) > own {
            return Ok(());
        }
        kill_live(&self.session, self.id, deadline).await
    }
}
