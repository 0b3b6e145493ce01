//! The routes of events from live queries to streams.
//!
//! The server sends replies and events through separate queues. An event may therefore arrive before the reply that names
//! its live query, and after the reply that ends it. Early events are kept for a while, late ones are dropped.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OwnedRwLockReadGuard;
use tokio::time::Instant;
use tracing::debug;

use super::epoch::Owner;
use super::event_queue::{EventQueue, Missed, MissedReason, QueueItem, StreamEnd};
use crate::protocol::{LiveId, SessionId};
use crate::value::Uuid;

/// The streams of a connection, by live query.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Invariant: no list is empty.
    live: HashMap<LiveId, Vec<Route>>,
    early: Early,
    ended: Ended,
}

/// A stream: its queue and its session.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) queue: EventQueue,
    pub(super) owner: Owner,
    /// Held until the live query is registered.
    pub(super) registering: Option<OwnedRwLockReadGuard<()>>,
}

impl Routes {
    /// Adds a stream to a live query. It begins with the events that arrived early.
    ///
    /// If the session has lost its live queries since the stream was requested, the stream ends.
    pub(super) fn follow(&mut self, id: LiveId, mut route: Route) {
        route.registering = None;
        route.queue.registered(id);
        if let Some(end) = route.owner.end() {
            debug!(%id, ?end, "a live query was registered too late");
            return route.queue.push(QueueItem::End(end));
        }
        if self.ended.contains(id) {
            return route.queue.push(QueueItem::End(StreamEnd::KilledByServer));
        }
        let Kept { frames, missed, too_large, killed, .. } = self.early.take(id);
        for frame in frames {
            route.queue.push_event(frame);
        }
        route.queue.push_missed(missed);
        route.queue.push_missed(too_large);
        if killed {
            self.ended.insert(id);
            return route.queue.push(QueueItem::End(StreamEnd::KilledByServer));
        }
        self.live.entry(id).or_default().push(route);
    }

    /// Adds a stream to a live query that has others, or ends it if there are none any more.
    pub(super) fn join(&mut self, id: LiveId, route: Route) {
        route.queue.registered(id);
        match self.live.get_mut(&id) {
            Some(routes) => routes.push(route),
            None => route.queue.push(QueueItem::End(StreamEnd::KilledByServer)),
        }
    }

    /// Puts an event into the queues of its streams, or keeps it for a later stream.
    pub(super) fn deliver(&mut self, id: LiveId, frame: Bytes) {
        match self.live.get(&id) {
            Some(routes) => routes.iter().for_each(|route| route.queue.push_event(frame.clone())),
            None if self.ended.contains(id) => debug!(%id, "an event came for a live query that is over"),
            None => self.early.keep(id, frame),
        }
    }

    /// Reports an event to its streams that is above the limit for messages.
    pub(super) fn too_large(&mut self, id: LiveId, position: Option<Uuid>) {
        let missed = Missed::too_large(position);
        match self.live.get(&id) {
            Some(routes) => routes.iter().for_each(|route| route.queue.push_missed(missed)),
            None if self.ended.contains(id) => {}
            None => self.early.too_large(id, missed),
        }
    }

    /// Ends the streams of a live query.
    pub(super) fn end(&mut self, id: LiveId, end: &StreamEnd) {
        match self.live.remove(&id) {
            Some(routes) => {
                self.ended.insert(id);
                end_each(&routes, end);
            }
            None if self.ended.contains(id) => {}
            None => self.early.kill(id),
        }
    }

    /// Removes a stream. If it was the last one of its live query, returns that and its session: it has to be killed.
    pub(super) fn unfollow(&mut self, queue: &EventQueue) -> Option<(LiveId, Option<SessionId>)> {
        let id = queue.live_id()?;
        let routes = self.live.get_mut(&id)?;
        let at = routes.iter().position(|route| route.queue.is(queue))?;
        let route = routes.swap_remove(at);
        if !routes.is_empty() {
            return None;
        }
        self.live.remove(&id);
        self.ended.insert(id);
        Some((id, route.owner.session))
    }

    /// Drops the early events of a live query, and those to come. Returns false if it has streams.
    pub(super) fn refuse(&mut self, id: LiveId) -> bool {
        let is_unknown = !self.live.contains_key(&id);
        if is_unknown {
            self.early.take(id);
            self.ended.insert(id);
        }
        is_unknown
    }

    /// Puts an item into the queues of all streams of a session.
    pub(super) fn tell(&self, session: Option<SessionId>, item: &QueueItem) {
        let of_session = self.live.values().flatten().filter(|route| route.owner.session == session);
        of_session.for_each(|route| route.queue.push(item.clone()));
    }

    /// Ends all streams of a session.
    pub(super) fn end_session(&mut self, session: Option<SessionId>, end: &StreamEnd) {
        self.tell(session, &QueueItem::End(end.clone()));
        let ended = &mut self.ended;
        self.live.retain(|id, routes| {
            routes.retain(|route| route.owner.session != session);
            if routes.is_empty() {
                ended.insert(*id);
            }
            !routes.is_empty()
        });
    }

    /// Ends every stream.
    pub(super) fn end_all(&mut self, end: &StreamEnd) {
        for (_, routes) in self.live.drain() {
            end_each(&routes, end);
        }
    }
}

fn end_each(routes: &[Route], end: &StreamEnd) {
    for route in routes {
        route.queue.push(QueueItem::End(end.clone()));
    }
}

/// The events of live queries that have no stream yet.
#[derive(Debug, Default)]
struct Early {
    kept: HashMap<LiveId, Kept>,
    /// The number and the size of all kept events.
    events: usize,
    bytes: usize,
    /// The time of the last search for old events.
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Kept {
    frames: Vec<Bytes>,
    /// The events that were not kept, and those that could not be.
    missed: Missed,
    too_large: Missed,
    killed: bool,
    /// The time of the first event, or of the last [`give_up`](Self::give_up).
    since: Instant,
}

impl Early {
    fn take(&mut self, id: LiveId) -> Kept {
        let kept = self.kept.remove(&id).unwrap_or_else(Kept::new);
        self.forget(&kept.frames);
        kept
    }

    fn forget(&mut self, frames: &[Bytes]) {
        self.events -= frames.len();
        self.bytes -= frames.iter().map(Bytes::len).sum::<usize>();
    }

    fn is_full(&self) -> bool {
        self.events >= EARLY_EVENTS || self.bytes >= EARLY_BYTES
    }

    fn keep(&mut self, id: LiveId, frame: Bytes) {
        self.expire();
        let (is_full, bytes) = (self.is_full(), frame.len());
        let Some(kept) = self.entry(id) else { return };
        if is_full {
            kept.missed.add(Missed::of(&frame));
        } else {
            kept.frames.push(frame);
            self.events += 1;
            self.bytes += bytes;
        }
    }

    fn too_large(&mut self, id: LiveId, missed: Missed) {
        if let Some(kept) = self.entry(id) {
            kept.too_large.add(missed);
        }
    }

    fn kill(&mut self, id: LiveId) {
        if let Some(kept) = self.entry(id) {
            kept.killed = true;
        }
    }

    fn entry(&mut self, id: LiveId) -> Option<&mut Kept> {
        if self.kept.len() >= EARLY_LIVE_QUERIES && !self.kept.contains_key(&id) {
            debug!(%id, "no room for the early events of a live query");
            return None;
        }
        Some(self.kept.entry(id).or_insert_with(Kept::new))
    }

    /// Drops the events that no stream has requested in time. Their number is kept: a later stream reports it.
    fn expire(&mut self) {
        let now = Instant::now();
        let is_crowded = self.is_full() || self.kept.len() >= EARLY_LIVE_QUERIES;
        if !is_crowded && self.swept.is_some_and(|swept| now - swept < SWEEP_EVERY) {
            return;
        }
        self.swept = Some(now);
        self.kept.retain(|_, kept| !kept.frames.is_empty() || now - kept.since < FORGET_AFTER);
        let old = self.kept.values_mut().filter(|kept| now - kept.since >= GIVE_UP_AFTER);
        for frames in old.map(|kept| kept.give_up(now)).collect::<Vec<_>>() {
            self.forget(&frames);
        }
    }
}

impl Kept {
    fn new() -> Self {
        let too_large = Missed { reason: MissedReason::TooLarge, ..Missed::default() };
        Self { frames: Vec::new(), missed: Missed::default(), too_large, killed: false, since: Instant::now() }
    }

    fn give_up(&mut self, now: Instant) -> Vec<Bytes> {
        self.since = now;
        self.frames.iter().for_each(|frame| self.missed.add(Missed::of(frame)));
        std::mem::take(&mut self.frames)
    }
}

/// The live queries that ended last. Late events of these may still arrive.
#[derive(Debug, Default)]
struct Ended {
    ids: HashSet<LiveId>,
    order: VecDeque<LiveId>,
}

impl Ended {
    fn contains(&self, id: LiveId) -> bool {
        self.ids.contains(&id)
    }

    fn insert(&mut self, id: LiveId) {
        if self.ids.insert(id) {
            self.order.push_back(id);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

/// The limits of the early events. Further events are counted and dropped.
const EARLY_EVENTS: usize = 4_096;
const EARLY_BYTES: usize = 16 << 20;
const EARLY_LIVE_QUERIES: usize = 1_024;
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);
const FORGET_AFTER: Duration = Duration::from_mins(10);
const SWEEP_EVERY: Duration = Duration::from_secs(1);
const REMEMBERED: usize = 4_096;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::epoch::Epoch;
    use super::super::event_queue::Capacity;
    use super::*;

    fn id() -> LiveId {
        Uuid::new_v4().into()
    }

    fn route(session: Option<SessionId>) -> (Route, EventQueue) {
        let queue = EventQueue::new(Capacity { events: 10_000, ..Capacity::default() });
        let owner = Owner::new(session, &Arc::default());
        (Route { queue: queue.clone(), owner, registering: None }, queue)
    }

    fn frame(number: u8) -> Bytes {
        Bytes::copy_from_slice(&[number])
    }

    fn taken(queue: &EventQueue) -> Vec<String> {
        let shown = |item: QueueItem| match item {
            QueueItem::Event(frame) => frame[0].to_string(),
            QueueItem::Missed(missed) => format!("Missed({})", missed.count),
            item => format!("{item:?}"),
        };
        std::iter::from_fn(|| queue.try_next()).map(shown).collect()
    }

    #[test]
    fn events_that_came_early_come_first() {
        let (mut routes, live) = (Routes::default(), id());
        routes.deliver(live, frame(1));
        routes.deliver(id(), frame(9));
        routes.deliver(live, frame(2));
        let (route, stream) = route(None);
        routes.follow(live, route);
        routes.deliver(live, frame(3));
        assert_eq!(taken(&stream), ["1", "2", "3"]);
        assert_eq!((routes.early.events, routes.early.bytes), (1, 1));
    }

    #[test]
    fn end_that_came_early_is_not_lost() {
        let (mut routes, live) = (Routes::default(), id());
        routes.deliver(live, frame(1));
        routes.end(live, &StreamEnd::KilledByServer);
        for expected in [&["1", "End(KilledByServer)"][..], &["End(KilledByServer)"]] {
            let (route, stream) = route(None);
            routes.follow(live, route);
            assert_eq!(taken(&stream), expected);
        }
    }

    #[test]
    fn early_events_are_bounded_and_counted() {
        let (mut routes, live) = (Routes::default(), id());
        (0..EARLY_EVENTS + 7).for_each(|_| routes.deliver(live, frame(1)));
        let (route, stream) = route(None);
        routes.follow(live, route);
        let items = taken(&stream);
        assert_eq!((items.len(), items.last().unwrap().as_str()), (EARLY_EVENTS + 1, "Missed(7)"));
        for _ in 0..EARLY_LIVE_QUERIES + 7 {
            routes.deliver(id(), frame(1));
        }
        assert_eq!(routes.early.kept.len(), EARLY_LIVE_QUERIES);
    }

    #[test]
    fn early_event_that_is_too_large_is_reported_behind_the_others() {
        let (mut routes, live) = (Routes::default(), id());
        routes.too_large(live, None);
        routes.deliver(live, frame(1));
        let (route, stream) = route(None);
        routes.follow(live, route);
        routes.too_large(live, None);
        assert_eq!(taken(&stream), ["1", "Missed(2)"]);
    }

    #[test]
    fn early_events_are_given_up_after_a_while_and_counted() {
        let (mut routes, live) = (Routes::default(), id());
        routes.deliver(live, frame(1));
        routes.deliver(live, frame(2));
        let long_ago = Instant::now().checked_sub(GIVE_UP_AFTER).unwrap();
        routes.early.kept.get_mut(&live).unwrap().since = long_ago;
        routes.early.swept = Some(long_ago);
        // The next event of any live query starts the search.
        routes.deliver(id(), frame(9));
        assert_eq!((routes.early.events, routes.early.bytes), (1, 1));
        let (route, stream) = route(None);
        routes.follow(live, route);
        assert_eq!(taken(&stream), ["Missed(2)"]);
    }

    #[test]
    fn stream_whose_session_was_emptied_before_its_registration_ends() {
        for end in [StreamEnd::SessionClosed, StreamEnd::IdentityChanged] {
            let (mut routes, live, epoch) = (Routes::default(), id(), Arc::new(Epoch::default()));
            let (mut route, stream) = route(None);
            route.owner = Owner::new(None, &epoch);
            epoch.advance(&end);
            routes.follow(live, route);
            assert_eq!(taken(&stream), [format!("End({end:?})")]);
            assert!(routes.live.is_empty());
            assert!(routes.refuse(live) && routes.ended.contains(live));
        }
    }

    #[test]
    fn last_stream_that_goes_kills() {
        let (mut routes, live, session) = (Routes::default(), id(), Some(SessionId::random()));
        let (first, second) = (route(session), route(session));
        routes.follow(live, first.0);
        routes.follow(live, second.0);
        assert_eq!(routes.unfollow(&first.1), None);
        assert_eq!(routes.unfollow(&second.1), Some((live, session)));
        assert_eq!(routes.unfollow(&second.1), None);
        // Later events are not kept.
        routes.deliver(live, frame(1));
        assert!(routes.early.kept.is_empty());
    }

    #[test]
    fn session_ends_its_own_streams_alone() {
        let (mut routes, mine, other) = (Routes::default(), id(), id());
        let (ending, staying) = (route(Some(SessionId::random())), route(None));
        let session = ending.0.owner.session;
        routes.follow(mine, ending.0);
        routes.follow(other, staying.0);
        routes.end_session(session, &StreamEnd::SessionClosed);
        routes.deliver(mine, frame(1));
        routes.deliver(other, frame(2));
        assert_eq!(taken(&ending.1), ["End(SessionClosed)"]);
        assert_eq!(taken(&staying.1), ["2"]);
    }
}
