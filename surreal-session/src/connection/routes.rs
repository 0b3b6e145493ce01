//! Which stream an event goes to.
//!
//! The server's replies and events travel through separate queues of its own, so that an event may come before the
//! reply that names its live query, and after the reply that ends it. The first kind is kept for a while, the second
//! forgotten.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OwnedRwLockReadGuard;
use tokio::time::Instant;
use tracing::debug;

use super::epoch::Owner;
use super::feed::{Feed, Item, Missed, Over};
use crate::protocol::{LiveId, SessionId};

/// The streams of a connection, by live query.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Invariant: no list is empty.
    live: HashMap<LiveId, Vec<Route>>,
    early: Early,
    ended: Ended,
}

/// One stream: its queue, and the session that it belongs to.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) feed: Feed,
    pub(super) owner: Owner,
    /// Held until the live query is registered.
    pub(super) registering: Option<OwnedRwLockReadGuard<()>>,
}

impl Routes {
    /// Lets a stream follow a live query, beginning with the events that came too early.
    ///
    /// If the session has dropped its live queries since the stream was asked for, the stream ends.
    pub(super) fn follow(&mut self, id: LiveId, mut route: Route) {
        route.registering = None;
        route.feed.registered(id);
        if let Some(over) = route.owner.over() {
            debug!(%id, ?over, "a live query was registered too late");
            return route.feed.push(Item::End(over));
        }
        if self.ended.contains(id) {
            return route.feed.push(Item::End(Over::KilledByServer));
        }
        let Kept { frames, missed, killed, .. } = self.early.take(id);
        for frame in frames {
            route.feed.push_event(frame);
        }
        route.feed.push_missed(missed);
        if killed {
            self.ended.insert(id);
            return route.feed.push(Item::End(Over::KilledByServer));
        }
        self.live.entry(id).or_default().push(route);
    }

    /// Hands on an event, or keeps it for a stream to come.
    pub(super) fn deliver(&mut self, id: LiveId, frame: Bytes) {
        match self.live.get(&id) {
            Some(routes) => routes.iter().for_each(|route| route.feed.push_event(frame.clone())),
            None if self.ended.contains(id) => debug!(%id, "an event came for a live query that is over"),
            None => self.early.keep(id, frame),
        }
    }

    /// Ends the streams of a live query that is over.
    pub(super) fn end(&mut self, id: LiveId, over: &Over) {
        match self.live.remove(&id) {
            Some(routes) => {
                self.ended.insert(id);
                end_each(&routes, over);
            }
            None if self.ended.contains(id) => {}
            None => self.early.kill(id),
        }
    }

    /// Forgets a stream; gives the live query to be killed, and its session, if nobody else follows it.
    pub(super) fn unfollow(&mut self, feed: &Feed) -> Option<(LiveId, Option<SessionId>)> {
        let id = feed.live_id()?;
        let routes = self.live.get_mut(&id)?;
        let at = routes.iter().position(|route| route.feed.is(feed))?;
        let route = routes.swap_remove(at);
        if !routes.is_empty() {
            return None;
        }
        self.live.remove(&id);
        self.ended.insert(id);
        Some((id, route.owner.session))
    }

    /// Forgets a live query that no stream follows; whether it was unknown.
    pub(super) fn refuse(&mut self, id: LiveId) -> bool {
        let is_unknown = !self.live.contains_key(&id);
        if is_unknown {
            self.early.take(id);
            self.ended.insert(id);
        }
        is_unknown
    }

    /// Puts an item into the queues of all streams of a session.
    pub(super) fn tell(&self, session: Option<SessionId>, item: &Item) {
        let of_session = self.live.values().flatten().filter(|route| route.owner.session == session);
        of_session.for_each(|route| route.feed.push(item.clone()));
    }

    /// Ends all streams of a session.
    pub(super) fn end_session(&mut self, session: Option<SessionId>, over: &Over) {
        self.tell(session, &Item::End(over.clone()));
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
    pub(super) fn end_all(&mut self, over: &Over) {
        for (_, routes) in self.live.drain() {
            end_each(&routes, over);
        }
    }
}

fn end_each(routes: &[Route], over: &Over) {
    for route in routes {
        route.feed.push(Item::End(over.clone()));
    }
}

/// Events of live queries that nobody follows yet.
#[derive(Debug, Default)]
struct Early {
    kept: HashMap<LiveId, Kept>,
    /// Of all that is kept.
    events: usize,
    bytes: usize,
    /// When what is old was last looked for.
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Kept {
    frames: Vec<Bytes>,
    /// Those that came and were not kept.
    missed: Missed,
    killed: bool,
    /// When it was begun with, or last given up.
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

    fn kill(&mut self, id: LiveId) {
        if let Some(kept) = self.entry(id) {
            kept.killed = true;
        }
    }

    fn entry(&mut self, id: LiveId) -> Option<&mut Kept> {
        if self.kept.len() >= EARLY_LIVE_QUERIES && !self.kept.contains_key(&id) {
            debug!(%id, "no room for the events of a live query that nobody follows");
            return None;
        }
        Some(self.kept.entry(id).or_insert_with(Kept::new))
    }

    /// Gives up on what nobody asked for in time. That there was something is remembered: a stream that comes later is
    /// told.
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
        Self { frames: Vec::new(), missed: Missed::default(), killed: false, since: Instant::now() }
    }

    fn give_up(&mut self, now: Instant) -> Vec<Bytes> {
        self.since = now;
        self.frames.iter().for_each(|frame| self.missed.add(Missed::of(frame)));
        std::mem::take(&mut self.frames)
    }
}

/// The live queries that ended last, of which late events may still come.
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

/// How many events are kept for streams to come. More than that are counted.
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

    use tokio::sync::mpsc;

    use super::super::epoch::Epoch;
    use super::super::feed::{Capacity, Subscription};
    use super::*;
    use crate::value::Uuid;

    fn id() -> LiveId {
        Uuid::new_v4().into()
    }

    fn route(session: Option<SessionId>) -> (Route, Feed, Subscription) {
        let feed = Feed::new(Capacity { events: 10_000, ..Capacity::default() });
        let subscription = Subscription::new(feed.clone(), mpsc::unbounded_channel().0);
        let owner = Owner::new(session, &Arc::default());
        (Route { feed: feed.clone(), owner, registering: None }, feed, subscription)
    }

    fn frame(number: u8) -> Bytes {
        Bytes::copy_from_slice(&[number])
    }

    fn taken(subscription: &Subscription) -> Vec<String> {
        let shown = |item| match item {
            Item::Event(frame) => frame[0].to_string(),
            Item::Missed(missed) => format!("Missed({})", missed.count),
            item => format!("{item:?}"),
        };
        std::iter::from_fn(|| subscription.try_next()).map(shown).collect()
    }

    #[test]
    fn events_that_came_early_come_first() {
        let (mut routes, live) = (Routes::default(), id());
        routes.deliver(live, frame(1));
        routes.deliver(id(), frame(9));
        routes.deliver(live, frame(2));
        let (route, _, stream) = route(None);
        routes.follow(live, route);
        routes.deliver(live, frame(3));
        assert_eq!(taken(&stream), ["1", "2", "3"]);
        assert_eq!((routes.early.events, routes.early.bytes), (1, 1));
    }

    #[test]
    fn end_that_came_early_is_not_lost() {
        let (mut routes, live) = (Routes::default(), id());
        routes.deliver(live, frame(1));
        routes.end(live, &Over::KilledByServer);
        for expected in [&["1", "End(KilledByServer)"][..], &["End(KilledByServer)"]] {
            let (route, _, stream) = route(None);
            routes.follow(live, route);
            assert_eq!(taken(&stream), expected);
        }
    }

    #[test]
    fn early_events_are_bounded_and_counted() {
        let (mut routes, live) = (Routes::default(), id());
        (0..EARLY_EVENTS + 7).for_each(|_| routes.deliver(live, frame(1)));
        let (route, _, stream) = route(None);
        routes.follow(live, route);
        let items = taken(&stream);
        assert_eq!((items.len(), items.last().unwrap().as_str()), (EARLY_EVENTS + 1, "Missed(7)"));
        for _ in 0..EARLY_LIVE_QUERIES + 7 {
            routes.deliver(id(), frame(1));
        }
        assert_eq!(routes.early.kept.len(), EARLY_LIVE_QUERIES);
    }

    #[test]
    fn early_events_are_given_up_after_a_while_and_counted() {
        let (mut routes, live) = (Routes::default(), id());
        routes.deliver(live, frame(1));
        routes.deliver(live, frame(2));
        let long_ago = Instant::now().checked_sub(GIVE_UP_AFTER).unwrap();
        routes.early.kept.get_mut(&live).unwrap().since = long_ago;
        routes.early.swept = Some(long_ago);
        // Whatever comes next, of any live query.
        routes.deliver(id(), frame(9));
        assert_eq!((routes.early.events, routes.early.bytes), (1, 1));
        let (route, _, stream) = route(None);
        routes.follow(live, route);
        assert_eq!(taken(&stream), ["Missed(2)"]);
    }

    #[test]
    fn stream_whose_session_was_emptied_before_its_registration_ends() {
        for over in [Over::SessionClosed, Over::IdentityChanged] {
            let (mut routes, live, epoch) = (Routes::default(), id(), Arc::new(Epoch::default()));
            let (mut route, _, stream) = route(None);
            route.owner = Owner::new(None, &epoch);
            epoch.advance(&over);
            routes.follow(live, route);
            assert_eq!(taken(&stream), [format!("End({over:?})")]);
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
        // What still comes is not kept.
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
        routes.end_session(session, &Over::SessionClosed);
        routes.deliver(mine, frame(1));
        routes.deliver(other, frame(2));
        assert_eq!(taken(&ending.2), ["End(SessionClosed)"]);
        assert_eq!(taken(&staying.2), ["2"]);
    }
}
