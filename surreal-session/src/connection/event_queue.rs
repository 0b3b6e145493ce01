//! The queue between the driver and one live stream.
//!
//! The driver pushes and never waits. Events that exceed the queue's limits are dropped and counted, and the count takes
//! their place in the queue. The stream takes the items in order. Its waker is foreign code, so it is kept outside of the
//! lock. The stream's drop takes no lock: it sets a flag, and the driver empties the queue.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;

use super::end::End;
use super::foreign;
use crate::protocol::{self, LiveId};
use crate::value::Uuid;

/// An item of a stream's queue.
#[derive(Debug, Clone)]
pub(crate) enum QueueItem {
    /// The frame of an event.
    Event(Bytes),
    /// Events were dropped here.
    Missed(Missed),
    /// The session's identity may have changed. Carries the reply that describes the new one, if there is one.
    Identity(Option<Bytes>),
    /// Nothing follows.
    End(StreamEnd),
}

/// The events that were dropped in one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Missed {
    pub(crate) count: u64,
    /// The greatest position among them.
    pub(crate) last: Option<Uuid>,
    pub(crate) reason: MissedReason,
}

/// Why events were dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum MissedReason {
    /// The queue was full.
    #[default]
    Overflow,
    /// They were above the connection's limit for messages.
    TooLarge,
}

/// Why a stream ends.
#[derive(Debug, Clone)]
pub(crate) enum StreamEnd {
    /// This client killed the live query.
    Killed,
    /// The server ended it.
    KilledByServer,
    SessionClosed,
    /// The session was invalidated or reset.
    IdentityChanged,
    Connection(End),
}

/// The limits of a stream's queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capacity {
    pub(crate) events: usize,
    /// The sum of the frames' sizes. A larger event is still added if the queue holds no other one.
    pub(crate) bytes: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { events: 1_024, bytes: 64 << 20 }
    }
}

/// The queue. A clone is the same queue: the driver holds one, and the stream's [`Subscription`](super::Subscription)
/// the other.
#[derive(Clone)]
pub(crate) struct EventQueue(Arc<EventQueueInner>);

struct EventQueueInner {
    queue: Mutex<QueueState>,
    reader: AtomicWaker,
    is_gone: AtomicBool,
}

pub(super) struct QueueState {
    items: VecDeque<QueueItem>,
    /// The number and the size of the events among the items.
    events: usize,
    bytes: usize,
    /// The number of notices about the identity among the items.
    notices: usize,
    capacity: Capacity,
    /// Set when the driver has registered the queue.
    live: Option<LiveId>,
}

impl EventQueue {
    pub(super) fn new(capacity: Capacity) -> Self {
        let queue = QueueState { items: VecDeque::new(), events: 0, bytes: 0, notices: 0, capacity, live: None };
        Self(Arc::new(EventQueueInner {
            queue: Mutex::new(queue),
            reader: AtomicWaker::new(),
            is_gone: AtomicBool::new(false),
        }))
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns true if the stream was dropped.
    pub(super) fn is_gone(&self) -> bool {
        self.0.is_gone.load(Ordering::Acquire)
    }

    pub(super) fn live_id(&self) -> Option<LiveId> {
        self.lock().live
    }

    pub(super) fn registered(&self, id: LiveId) {
        self.lock().live = Some(id);
    }

    /// Notes that the stream was dropped. Takes no lock.
    pub(super) fn mark_gone(&self) {
        self.0.is_gone.store(true, Ordering::Release);
    }

    /// Takes the next item, or arranges to be woken for it.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<QueueItem> {
        if let Some(item) = self.try_next() {
            return Poll::Ready(item);
        }
        self.0.reader.register(cx.waker());
        // Again: an item that was pushed before the waker was registered has woken nothing.
        self.try_next().map_or(Poll::Pending, Poll::Ready)
    }

    /// Takes the next item if there is one, and leaves the waker as it is.
    pub(crate) fn try_next(&self) -> Option<QueueItem> {
        self.lock().pop()
    }

    /// Returns true if nothing follows the items that it has.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.lock().items.back(), Some(QueueItem::End(_)))
    }

    /// Adds an event, or counts it as missed if it exceeds the capacity.
    pub(super) fn push_event(&self, frame: Bytes) {
        self.lock().push_event(frame);
        self.wake();
    }

    pub(super) fn push_missed(&self, missed: Missed) {
        if missed.count > 0 {
            self.lock().push_missed(missed);
            self.wake();
        }
    }

    /// Adds an item that does not count towards the capacity.
    pub(super) fn push(&self, item: QueueItem) {
        self.lock().push(item);
        self.wake();
    }

    /// Drops the items and the waker of a stream that is gone.
    pub(super) fn clear(&self) {
        let items = std::mem::take(&mut self.lock().items);
        drop(items);
        drop(self.0.reader.take());
    }

    /// Wakes the stream's task, after the lock was released.
    fn wake(&self) {
        if let Some(waker) = self.0.reader.take() {
            foreign::run(|| waker.wake());
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, QueueState> {
        // No foreign code runs under the lock.
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn push_event(&mut self, frame: Bytes) {
        let Capacity { events, bytes } = self.capacity;
        let fits = self.events == 0 || (self.events < events && self.bytes.saturating_add(frame.len()) <= bytes);
        if fits {
            self.events += 1;
            self.bytes += frame.len();
            self.items.push_back(QueueItem::Event(frame));
        } else {
            self.push_missed(Missed::of(&frame));
        }
    }

    fn push_missed(&mut self, more: Missed) {
        match self.items.back_mut() {
            Some(QueueItem::Missed(missed)) if missed.reason == more.reason => missed.add(more),
            _ => self.items.push_back(QueueItem::Missed(more)),
        }
    }

    /// Adds an item. Notices about the identity are bounded: the last one reports it as unknown, which ends the stream.
    fn push(&mut self, item: QueueItem) {
        let item = match item {
            QueueItem::Identity(_) if self.notices > MAX_NOTICES => return,
            QueueItem::Identity(_) if self.notices == MAX_NOTICES => QueueItem::Identity(None),
            item => item,
        };
        self.notices += usize::from(matches!(item, QueueItem::Identity(_)));
        self.items.push_back(item);
    }

    fn pop(&mut self) -> Option<QueueItem> {
        let item = self.items.pop_front()?;
        match &item {
            QueueItem::Event(frame) => {
                self.events -= 1;
                self.bytes -= frame.len();
            }
            QueueItem::Identity(_) => self.notices -= 1,
            QueueItem::Missed(_) | QueueItem::End(_) => {}
        }
        Some(item)
    }
}

impl Missed {
    pub(super) fn of(frame: &Bytes) -> Self {
        Self { count: 1, last: protocol::position(frame), ..Self::default() }
    }

    /// An event above the limit for messages.
    pub(super) fn too_large(position: Option<Uuid>) -> Self {
        Self { count: 1, last: position, reason: MissedReason::TooLarge }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.count = self.count.saturating_add(more.count);
        self.last = self.last.max(more.last);
    }
}

/// The maximum number of notices about the identity in a queue.
const MAX_NOTICES: usize = 64;

impl fmt::Debug for EventQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventQueue").field(&self.live_id()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn queue_of(events: usize) -> EventQueue {
        EventQueue::new(Capacity { events, ..Capacity::default() })
    }

    fn taken(queue: &EventQueue) -> Vec<String> {
        let shown = |item: QueueItem| match item {
            QueueItem::Event(frame) => format!("event {}", frame[0]),
            QueueItem::Missed(missed) => format!("missed {}", missed.count),
            item => format!("{item:?}"),
        };
        std::iter::from_fn(|| queue.try_next()).map(shown).collect()
    }

    #[test]
    fn events_are_bounded_by_their_size() {
        let queue = EventQueue::new(Capacity { events: 100, bytes: 10 });
        let event = |first: u8, size: usize| queue.push_event(std::iter::repeat_n(first, size).collect());
        for (first, size) in [(0, 4), (1, 6), (2, 1), (3, 1)] {
            event(first, size);
        }
        assert_eq!(taken(&queue), ["event 0", "event 1", "missed 2"]);
        // One that is larger than the whole capacity is taken alone.
        event(4, 11);
        event(5, 1);
        assert_eq!(taken(&queue), ["event 4", "missed 1"]);
        let inner = queue.lock();
        assert_eq!((inner.events, inner.bytes), (0, 0));
    }

    #[test]
    fn notices_about_the_identity_are_bounded_and_the_last_one_ends_the_stream() {
        let queue = queue_of(1);
        (0..1_000).for_each(|_| queue.push(QueueItem::Identity(Some(Bytes::new()))));
        let items = taken(&queue);
        assert_eq!((items.len(), items.last().unwrap().as_str()), (MAX_NOTICES + 1, "Identity(None)"));
        queue.push(QueueItem::Identity(None));
        assert_eq!(taken(&queue), ["Identity(None)"]);
    }

    /// A waker that takes from the queue while it is cloned, dropped and woken, and panics at the end of the last.
    struct Hostile(EventQueue);

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
        let queue = queue_of(10);
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(Hostile(queue.clone())));
            assert!(queue.poll_next(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
        }
        queue.push_event(Bytes::from_static(&[0]));
        assert!(taken(&queue).is_empty(), "the waker took it");
        queue.push_event(Bytes::from_static(&[1]));
        assert_eq!(taken(&queue), ["event 1"]);
    }

    #[test]
    fn taking_without_waiting_keeps_the_waker() {
        struct Count(std::sync::atomic::AtomicUsize);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let queue = queue_of(10);
        let count = Arc::new(Count(0.into()));
        let waker = Waker::from(Arc::clone(&count));
        assert!(queue.poll_next(&mut Context::from_waker(&waker)).is_pending());
        assert!(queue.try_next().is_none());
        queue.push_event(Bytes::new());
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_does_not_fit_is_counted_where_it_belongs() {
        let queue = queue_of(2);
        (0..5).for_each(|event| queue.push_event(Bytes::copy_from_slice(&[event])));
        assert_eq!(taken(&queue), ["event 0", "event 1", "missed 3"]);
        queue.push_event(Bytes::from_static(&[5]));
        assert_eq!(taken(&queue), ["event 5"]);
    }

    #[test]
    fn events_that_are_missed_for_another_reason_are_reported_apart() {
        let queue = queue_of(1);
        let missed = |reason| queue.push_missed(Missed { count: 1, last: None, reason });
        missed(MissedReason::Overflow);
        missed(MissedReason::TooLarge);
        missed(MissedReason::TooLarge);
        missed(MissedReason::Overflow);
        assert_eq!(taken(&queue), ["missed 1", "missed 2", "missed 1"]);
    }

    #[test]
    fn room_that_was_made_is_used_behind_the_gap() {
        let queue = queue_of(1);
        queue.push_event(Bytes::from_static(&[0]));
        queue.push_event(Bytes::from_static(&[1]));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(queue.poll_next(&mut cx).is_ready());
        queue.push_event(Bytes::from_static(&[2]));
        queue.push_event(Bytes::from_static(&[3]));
        queue.push(QueueItem::Identity(None));
        assert_eq!(taken(&queue), ["missed 1", "event 2", "missed 1", "Identity(None)"]);
    }
}
