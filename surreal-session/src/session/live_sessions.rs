//! The sessions of live queries and of streamed replies.
//!
//! The server (3.3.5) closes a socket for which too many events wait. So that this harms no call, each live query has a
//! session of its own, on sockets for live queries. It is made from the recipe that its owner, the session of the program, has
//! at the registration, and stays so: `use_db` on the owner does not move it. If the owner is closed or becomes
//! somebody else, its live queries end with it; the server knows nothing of that, so the client ends them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::change;
use super::ready::unsent;
use super::recipe::{Confirmed, Doubts};
use super::state::{Role, SessionInner};
use crate::connection::{Cleanup, Deadline, FrameQueue, Purpose, QueueItem, StreamEnd};
use crate::error::{Error, Result};
use crate::protocol::{LiveId, Request};

impl SessionInner {
    /// Makes the session for a live query of this one: a copy on a socket for live queries, or this session itself if the
    /// connection has no such sockets.
    pub(crate) async fn for_live_query(self: &Arc<Self>, deadline: Deadline) -> Result<Arc<Self>> {
        if self.purpose == Purpose::Live || self.client.live_sockets() == 0 {
            return Ok(Arc::clone(self));
        }
        self.copy_for(Purpose::Live, deadline).await
    }

    /// A copy that reads what a live query of this session sees, wherever this session goes. Equal ones are one session.
    pub(crate) async fn for_reads(self: &Arc<Self>, deadline: Deadline) -> Result<Arc<Self>> {
        self.copy_for(Purpose::Calls, deadline).await
    }

    /// Sends a request whose reply is streamed, on a socket for it, in a copy of this session. Returns the last part of the
    /// reply; the others come through the queue.
    ///
    /// `request` makes the request for the copy.
    pub(crate) async fn stream(
        self: &Arc<Self>,
        request: impl FnOnce(&Self) -> Request,
        deadline: Deadline,
        frames: FrameQueue,
    ) -> Result<Bytes> {
        let copy = self.copy_for(Purpose::Rows, deadline).await?;
        if copy.purpose != Purpose::Rows {
            let reason = "the state of the session is not known, so that it cannot be copied for a stream";
            return Err(Error::argument(reason));
        }
        let request = request(&copy);
        let lease = copy.ready(deadline, &request.operation).await.map_err(|error| unsent(error, &request))?;
        let unlimited = self.client.deadline(Some(Duration::MAX));
        // Dropped here: the driver stops the reply.
        lease.link().stream(request, unlimited, frames).await.map_err(|error| copy.explain(error))
    }

    async fn copy_for(self: &Arc<Self>, purpose: Purpose, deadline: Deadline) -> Result<Arc<Self>> {
        // Behind the changes before this call.
        change::confirmed(self, deadline).await?;
        let owner = self.owner();
        self.check_open()?;
        // Waits until no change of the identity is under way: it would not find the copy.
        let registering = self.client.within(deadline.at, Arc::clone(&self.registering).read_owned()).await;
        let _registering =
            registering.ok_or_else(|| deadline.timed_out_waiting_for("a change of the session's identity"))?;
        let confirmed = self.confirmed().clone();
        if confirmed.check_known().is_err() || confirmed.is_moved() {
            return Ok(Arc::clone(self));
        }
        if purpose == Purpose::Calls
            && let Some(copy) = self.live.all().into_iter().find(|made| made.reads_as(&confirmed))
        {
            return Ok(copy);
        }
        let copy = self.copy(confirmed, purpose);
        if let Some(end) = owner.end() {
            copy.end_live_session(end);
        }
        Ok(copy)
    }

    /// Returns true if a copy that was made for reads equals the one that would be made now.
    fn reads_as(&self, now: &Confirmed) -> bool {
        let confirmed = self.confirmed();
        let recipe = &confirmed.recipe;
        self.purpose == Purpose::Calls
            && !self.is_closed()
            && recipe.selection == now.recipe.selection
            && recipe.variables == now.recipe.variables
            && confirmed.signins == now.signins
    }

    fn copy(self: &Arc<Self>, confirmed: Confirmed, purpose: Purpose) -> Arc<Self> {
        let confirmed = Confirmed { doubts: Doubts::default(), version: 0, ..confirmed };
        let copy = Arc::new(Self::for_purpose(self.client.clone(), Role::Attached, confirmed, purpose));
        self.live.add(&copy);
        copy
    }

    /// Makes the session for a live query that goes on after `old`, with the present proof of the identity.
    pub(crate) fn renewed_for_live_query(self: &Arc<Self>, old: &Arc<Self>) -> Arc<Self> {
        if Arc::ptr_eq(self, old) {
            return Arc::clone(self);
        }
        let mut confirmed = old.confirmed().clone();
        confirmed.recipe.identity = self.confirmed().recipe.identity.clone();
        self.copy(confirmed, old.purpose)
    }

    /// Notes the live query of this session.
    pub(crate) fn note_live_query(&self, id: LiveId) {
        *self.live.live() = Some(id);
    }

    /// The session on which a live query of this session was registered.
    pub(super) fn registered_on(self: &Arc<Self>, id: LiveId) -> Arc<Self> {
        let made = self.live.all().into_iter().find(|session| *session.live.live() == Some(id));
        made.unwrap_or_else(|| Arc::clone(self))
    }

    /// The reason for which the streams of this session have ended, if it was closed.
    pub(crate) fn live_queries_end(&self) -> StreamEnd {
        self.epoch.last_end()
    }

    /// Ends the streams of a session of live queries, and closes it.
    pub(super) fn end_live_session(&self, end: StreamEnd) {
        self.epoch.advance(&end);
        self.tell(QueueItem::End(end));
        if self.mark_closed()
            && let Some(link) = self.link()
        {
            link.clean(Cleanup::Detach(self.id));
        }
    }

    /// Ends the sessions of this session's live queries that have another identity than it has now. The others get its proof.
    pub(super) fn compare_live_sessions(&self) {
        let (identity, facts) = {
            let confirmed = self.confirmed();
            (confirmed.recipe.identity.clone(), confirmed.facts.clone())
        };
        for session in self.live.all() {
            let is_same = match (&facts, session.facts()) {
                (Some(now), Some(before)) => before.identity.is_same(&now.identity),
                _ => false,
            };
            if is_same {
                session.confirmed().recipe.identity = identity.clone();
            } else {
                session.end_live_session(StreamEnd::IdentityChanged);
            }
        }
    }
}
