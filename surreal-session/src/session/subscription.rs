//! The live streams of a session: their registration, and their end when the session changes.
//!
//! The server (3.3.5) drops the live queries of a session without an event when the session is closed, invalidated, reset,
//! or gets another identity. So the client ends the streams.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::ready::unsent;
use super::state::SessionInner;
use crate::connection::{Capacity, Cleanup, Deadline, Link, QueueItem, Retry, StreamEnd, Subscription};
use crate::error::Result;
use crate::protocol::{LiveId, Request};

/// The events of a live query. It keeps its session open.
pub(crate) struct SessionSubscription {
    pub(crate) events: Subscription,
    _guard: StreamGuard,
}

/// Counts one stream of a session.
#[derive(Debug)]
struct StreamGuard(Arc<SessionInner>);

impl SessionSubscription {
    /// Sends a finished `query` request that ends with a LIVE SELECT. Returns its result, the link, and the events.
    ///
    /// If this future is dropped, the connection's task kills the live query that the server may have registered.
    pub(crate) async fn register(
        session: &Arc<SessionInner>,
        request: Request,
        deadline: Deadline,
        capacity: Capacity,
    ) -> Result<(Bytes, Link, Self)> {
        let seen = session.proofs();
        match Self::register_once(session, request.clone(), deadline, capacity).await {
            Err(error) if error.is_session_expired() => {
                session.renew(seen, error, deadline).await?;
                Self::register_once(session, request, deadline, capacity).await
            }
            registered => registered,
        }
    }

    async fn register_once(
        session: &Arc<SessionInner>,
        request: Request,
        deadline: Deadline,
        capacity: Capacity,
    ) -> Result<(Bytes, Link, Self)> {
        // Waits until no change of the session's identity is under way, and keeps later ones waiting.
        let registering = Arc::clone(&session.registering).read_owned();
        let registering = session.client.within(deadline.at, registering).await;
        let registering =
            registering.ok_or_else(|| deadline.timed_out_waiting_for("a change of the session's identity"))?;
        let lease = session.ready(deadline, &request.operation).await.map_err(|error| unsent(error, &request))?;
        // Before the session is looked at: if it is closed from here on, the registration is too late.
        let owner = session.owner();
        session.check_open()?;
        // Counted before the request is sent, so that a change of identity that runs beside it looks for streams.
        let guard = StreamGuard::new(session);
        let result = lease.link().follow(request, deadline, owner, capacity, registering).await;
        let (reply, events) = result.map_err(|error| session.explain(error))?;
        Ok((reply, lease.link().clone(), Self { events, _guard: guard }))
    }

    /// Returns the events of a live query that exists already.
    pub(crate) async fn of_existing(
        session: &Arc<SessionInner>,
        id: LiveId,
        deadline: Deadline,
        capacity: Capacity,
    ) -> Result<Self> {
        session.check_open()?;
        let lease = session.ready(deadline, &"subscribe".into()).await?;
        let owner = session.owner();
        session.check_open()?;
        let guard = StreamGuard::new(session);
        let events = lease.link().subscribe(id, owner, capacity)?;
        Ok(Self { events, _guard: guard })
    }

    /// Returns the events of a live query of `session` that has other streams. If it is over by now, the end is the first
    /// item.
    pub(super) fn of_shared(session: &Arc<SessionInner>, link: &Link, id: LiveId, capacity: Capacity) -> Self {
        let guard = StreamGuard::new(session);
        Self { events: link.join(id, session.owner(), capacity), _guard: guard }
    }
}

impl fmt::Debug for SessionSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.events.fmt(f)
    }
}

impl StreamGuard {
    fn new(session: &Arc<SessionInner>) -> Self {
        session.streams.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(session))
    }
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Kills a live query of the session and ends its streams.
///
/// In the server (3.3.5), concurrent kills conflict with each other, so that trying again succeeds.
pub(crate) async fn kill_live(session: &Arc<SessionInner>, id: LiveId, deadline: Deadline) -> Result<()> {
    // The server (3.3.5) kills only live queries of the node that it runs on.
    let session = &session.registered_on(id);
    let kill = || {
        let request = Request::kill(session.client.next_id(), Some(session.id), id);
        session.call_and_link(request, deadline, Cleanup::Nothing)
    };
    let (_, link) = Retry::until(&session.client, deadline).run(kill).await?;
    link.killed(id);
    Ok(())
}

/// Ends the session's streams, including those that are being registered.
pub(super) fn end_streams(session: &SessionInner, end: StreamEnd) {
    session.epoch.advance(&end);
    session.tell(QueueItem::End(end.clone()));
    session.live.all().iter().for_each(|live| live.end_live_session(end.clone()));
}
