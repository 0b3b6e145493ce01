//! The queue between the driver and one live stream.
//!
//! The driver pushes and never waits. Events that exceed the queue's limits are counted, and the count takes their place
//! in the queue. The stream takes items in order. Its waker is foreign code, so it is kept outside of the lock, and the
//! stream's drop takes no lock: the driver empties the queue.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use tokio::sync::mpsc;

use super::call::Command;
use super::end::End;
use super::foreign;
use crate::protocol::{self, LiveId};
use crate::value::Uuid;

/// An entry of a stream's queue.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// An event as it came.
    Event(Bytes),
    /// The events that were dropped here.
    Missed(Missed),
    /// The session's identity may have changed; with the reply that describes the new one, where it is known.
    Identity(Option<Bytes>),
    /// Nothing follows.
    End(Over),
}

/// Events that were dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Missed {
    pub(crate) count: u64,
    /// The greatest position among them.
    pub(crate) last: Option<Uuid>,
}

/// Why no more events will come.
#[derive(Debug, Clone)]
pub(crate) enum Over {
    /// This client killed the live query.
    Killed,
    /// The server ended it.
    KilledByServer,
    SessionClosed,
    /// The session was invalidated or reset.
    IdentityChanged,
    Connection(End),
}

/// How much waits in the queue of a stream at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    pub(crate) events: usize,
    /// The sum of the events' sizes. A larger event is still taken if no other one waits.
    pub(crate) bytes: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { events: 1_024, bytes: 64 << 20 }
    }
}

/// The driver's side of a queue.
#[derive(Clone)]
pub(super) struct Feed(Arc<Inner>);

/// The stream's side of a queue. Dropping it ends the live query, unless others follow it.
pub(crate) struct Subscription {
    feed: Feed,
    commands: mpsc::UnboundedSender<Command>,
}

struct Inner {
    queue: Mutex<Queue>,
    reader: AtomicWaker,
    is_gone: AtomicBool,
}

struct Queue {
    items: VecDeque<Item>,
    /// The number and the size of the events among the items.
    events: usize,
    bytes: usize,
    /// The number of notices about the identity among the items.
    notices: usize,
    capacity: Capacity,
    /// Set when the driver has registered the queue.
    live: Option<LiveId>,
}

impl Feed {
    pub(super) fn new(capacity: Capacity) -> Self {
        let queue = Queue { items: VecDeque::new(), events: 0, bytes: 0, notices: 0, capacity, live: None };
        Self(Arc::new(Inner { queue: Mutex::new(queue), reader: AtomicWaker::new(), is_gone: AtomicBool::new(false) }))
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether the stream was dropped.
    pub(super) fn is_gone(&self) -> bool {
        self.0.is_gone.load(Ordering::Acquire)
    }

    pub(super) fn live_id(&self) -> Option<LiveId> {
        self.queue().live
    }

    pub(super) fn registered(&self, id: LiveId) {
        self.queue().live = Some(id);
    }

    /// Adds an event, or counts it as missed if it exceeds the capacity.
    pub(super) fn push_event(&self, frame: Bytes) {
        self.queue().push_event(frame);
        self.wake();
    }

    pub(super) fn push_missed(&self, missed: Missed) {
        if missed.count > 0 {
            self.queue().push_missed(missed);
            self.wake();
        }
    }

    /// Adds an item that does not count towards the capacity.
    pub(super) fn push(&self, item: Item) {
        self.queue().push(item);
        self.wake();
    }

    /// Drops what waits for a stream that is gone.
    pub(super) fn clear(&self) {
        let items = std::mem::take(&mut self.queue().items);
        drop(items);
        drop(self.0.reader.take());
    }

    /// Wakes the stream's task, after the lock was released.
    fn wake(&self) {
        if let Some(waker) = self.0.reader.take() {
            foreign::run(|| waker.wake());
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No foreign code runs under the lock.
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push_event(&mut self, frame: Bytes) {
        let Capacity { events, bytes } = self.capacity;
        let fits = self.events == 0 || (self.events < events && self.bytes.saturating_add(frame.len()) <= bytes);
        if fits {
            self.events += 1;
            self.bytes += frame.len();
            self.items.push_back(Item::Event(frame));
        } else {
            self.push_missed(Missed::of(&frame));
        }
    }

    fn push_missed(&mut self, more: Missed) {
        match self.items.back_mut() {
            Some(Item::Missed(missed)) => missed.add(more),
            _ => self.items.push_back(Item::Missed(more)),
        }
    }

    /// Notices about the identity are bounded: the last one says that it is unknown, which ends the stream.
    fn push(&mut self, item: Item) {
        let item = match item {
            Item::Identity(_) if self.notices > MAX_NOTICES => return,
            Item::Identity(_) if self.notices == MAX_NOTICES => Item::Identity(None),
            item => item,
        };
        self.notices += usize::from(matches!(item, Item::Identity(_)));
        self.items.push_back(item);
    }

    fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        match &item {
            Item::Event(frame) => {
                self.events -= 1;
                self.bytes -= frame.len();
            }
            Item::Identity(_) => self.notices -= 1,
            Item::Missed(_) | Item::End(_) => {}
        }
        Some(item)
    }
}

impl Missed {
    pub(super) fn of(frame: &Bytes) -> Self {
        Self { count: 1, last: protocol::position(frame) }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.count = self.count.saturating_add(more.count);
        self.last = self.last.max(more.last);
    }
}

impl Subscription {
    pub(super) fn new(feed: Feed, commands: mpsc::UnboundedSender<Command>) -> Self {
        Self { feed, commands }
    }

    /// Takes the next item, or arranges to be woken for it.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Item> {
        if let Some(item) = self.try_next() {
            return Poll::Ready(item);
        }
        self.feed.0.reader.register(cx.waker());
        // Again: an item that came before the waker was registered has woken nothing.
        self.try_next().map_or(Poll::Pending, Poll::Ready)
    }

    /// Takes the next item if there is one, and leaves the waker as it is.
    pub(crate) fn try_next(&self) -> Option<Item> {
        self.feed.queue().pop()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.feed.0.is_gone.store(true, Ordering::Release);
        // Fails only when the connection is over, and the live query with it.
        let _ = self.commands.send(Command::Unfollow(self.feed.clone()));
    }
}

/// How many notices about the identity wait in a queue at most.
const MAX_NOTICES: usize = 64;

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Feed").field(&self.live_id()).finish()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.feed.live_id()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn subscription(events: usize) -> (Feed, Subscription) {
        let feed = Feed::new(Capacity { events, ..Capacity::default() });
        (feed.clone(), Subscription::new(feed, mpsc::unbounded_channel().0))
    }

    fn taken(subscription: &Subscription) -> Vec<String> {
        let shown = |item| match item {
            Item::Event(frame) => format!("event {}", frame[0]),
            Item::Missed(missed) => format!("missed {}", missed.count),
            item => format!("{item:?}"),
        };
        std::iter::from_fn(|| subscription.try_next()).map(shown).collect()
    }

    #[test]
    fn events_are_bounded_by_their_size() {
        let feed = Feed::new(Capacity { events: 100, bytes: 10 });
        let subscription = Subscription::new(feed.clone(), mpsc::unbounded_channel().0);
        let event = |first: u8, size: usize| feed.push_event(std::iter::repeat_n(first, size).collect());
        for (first, size) in [(0, 4), (1, 6), (2, 1), (3, 1)] {
            event(first, size);
        }
        assert_eq!(taken(&subscription), ["event 0", "event 1", "missed 2"]);
        // One that is larger than the whole capacity is taken alone.
        event(4, 11);
        event(5, 1);
        assert_eq!(taken(&subscription), ["event 4", "missed 1"]);
        let queue = feed.queue();
        assert_eq!((queue.events, queue.bytes), (0, 0));
    }

    #[test]
    fn notices_about_the_identity_are_bounded_and_the_last_one_ends_the_stream() {
        let (feed, subscription) = subscription(1);
        (0..1_000).for_each(|_| feed.push(Item::Identity(Some(Bytes::new()))));
        let items = taken(&subscription);
        assert_eq!((items.len(), items.last().unwrap().as_str()), (MAX_NOTICES + 1, "Identity(None)"));
        feed.push(Item::Identity(None));
        assert_eq!(taken(&subscription), ["Identity(None)"]);
    }

    /// A waker that takes from the subscription while it is cloned, dropped and woken, and panics at the end of the last.
    struct Hostile(Arc<Subscription>);

    impl std::task::Wake for Hostile {
        fn wake(self: Arc<Self>) {
            assert_eq!(taken(&self.0).len(), 1);
            panic!("a waker of the program panics");
        }
    }

    impl Drop for Hostile {
        fn drop(&mut self) {
            self.0.try_next();
        }
    }

    #[test]
    fn hostile_waker_neither_deadlocks_nor_kills() {
        let (feed, subscription) = subscription(10);
        let subscription = Arc::new(subscription);
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(Hostile(Arc::clone(&subscription))));
            assert!(subscription.poll_next(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
        }
        feed.push_event(Bytes::from_static(&[0]));
        assert!(taken(&subscription).is_empty(), "the waker took it");
        feed.push_event(Bytes::from_static(&[1]));
        assert_eq!(taken(&subscription), ["event 1"]);
    }

    #[test]
    fn taking_without_waiting_keeps_the_waker() {
        struct Count(std::sync::atomic::AtomicUsize);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let (feed, subscription) = subscription(10);
        let count = Arc::new(Count(0.into()));
        let waker = Waker::from(Arc::clone(&count));
        assert!(subscription.poll_next(&mut Context::from_waker(&waker)).is_pending());
        assert!(subscription.try_next().is_none());
        feed.push_event(Bytes::new());
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_does_not_fit_is_counted_where_it_belongs() {
        let (feed, subscription) = subscription(2);
        (0..5).for_each(|event| feed.push_event(Bytes::copy_from_slice(&[event])));
        assert_eq!(taken(&subscription), ["event 0", "event 1", "missed 3"]);
        feed.push_event(Bytes::from_static(&[5]));
        assert_eq!(taken(&subscription), ["event 5"]);
    }

    #[test]
    fn room_that_was_made_is_used_behind_the_gap() {
        let (feed, subscription) = subscription(1);
        feed.push_event(Bytes::from_static(&[0]));
        feed.push_event(Bytes::from_static(&[1]));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(subscription.poll_next(&mut cx).is_ready());
        feed.push_event(Bytes::from_static(&[2]));
        feed.push_event(Bytes::from_static(&[3]));
        feed.push(Item::Identity(None));
        assert_eq!(taken(&subscription), ["missed 1", "event 2", "missed 1", "Identity(None)"]);
    }

    #[test]
    fn dropped_subscription_tells_the_driver_without_the_lock() {
        let (commands, mut receiver) = mpsc::unbounded_channel();
        let feed = Feed::new(Capacity::default());
        feed.push_event(Bytes::from_static(&[0]));
        let locked = feed.queue();
        drop(Subscription::new(feed.clone(), commands));
        drop(locked);
        assert!(feed.is_gone());
        assert!(matches!(receiver.try_recv(), Ok(Command::Unfollow(gone)) if gone.is(&feed)));
    }
}
