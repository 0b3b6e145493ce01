//! The queue between the driver and one live stream.
//!
//! The driver pushes and never waits. What does not fit is counted, and the count stands in the queue where the events
//! would have stood. The other side takes in order, and tells the driver when it goes.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::call::Command;
use super::end::End;
use crate::protocol::LiveId;

/// What stands in the queue of a stream.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// An event as it came.
    Event(Bytes),
    /// So many events were dropped here.
    Missed(u64),
    /// The session may have become somebody else; with what says who it is now, where that is known.
    Identity(Option<Bytes>),
    /// Nothing follows.
    End(Over),
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

/// The driver's side of a queue.
#[derive(Clone)]
pub(super) struct Feed(Arc<Mutex<Queue>>);

/// The stream's side of a queue. Dropping it ends the live query, unless others follow it.
pub(crate) struct Subscription {
    feed: Feed,
    commands: mpsc::UnboundedSender<Command>,
}

struct Queue {
    items: VecDeque<Item>,
    /// How many of the items are events.
    events: usize,
    capacity: usize,
    waker: Option<Waker>,
    /// Set when the driver has registered the queue.
    live: Option<LiveId>,
    is_gone: bool,
}

impl Feed {
    pub(super) fn new(capacity: usize) -> Self {
        let items = VecDeque::new();
        Self(Arc::new(Mutex::new(Queue {
            items,
            events: 0,
            capacity: capacity.max(1),
            waker: None,
            live: None,
            is_gone: false,
        })))
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether nobody will take anything any more.
    pub(super) fn is_gone(&self) -> bool {
        self.queue().is_gone
    }

    pub(super) fn live_id(&self) -> Option<LiveId> {
        self.queue().live
    }

    pub(super) fn registered(&self, id: LiveId) {
        self.queue().live = Some(id);
    }

    /// Adds an event, or to the count of those that found no room.
    pub(super) fn push_event(&self, frame: Bytes) {
        let mut queue = self.queue();
        if queue.events < queue.capacity {
            queue.events += 1;
            queue.push(Item::Event(frame));
        } else {
            queue.push_missed(1);
        }
    }

    pub(super) fn push_missed(&self, count: u64) {
        if count > 0 {
            self.queue().push_missed(count);
        }
    }

    /// Adds what does not count towards the capacity.
    pub(super) fn push(&self, item: Item) {
        self.queue().push(item);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing that can panic happens under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&mut self, item: Item) {
        self.items.push_back(item);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn push_missed(&mut self, count: u64) {
        match self.items.back_mut() {
            Some(Item::Missed(missed)) => *missed = missed.saturating_add(count),
            _ => self.push(Item::Missed(count)),
        }
    }
}

impl Subscription {
    pub(super) fn new(feed: Feed, commands: mpsc::UnboundedSender<Command>) -> Self {
        Self { feed, commands }
    }

    /// Takes the next item, or arranges to be woken for it.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Item> {
        let mut queue = self.feed.queue();
        match queue.items.pop_front() {
            Some(item) => {
                queue.events -= usize::from(matches!(item, Item::Event(_)));
                Poll::Ready(item)
            }
            None => {
                queue.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let items = {
            let mut queue = self.feed.queue();
            queue.is_gone = true;
            std::mem::take(&mut queue.items)
        };
        drop(items);
        // Fails only when the connection is over, and the live query with it.
        let _ = self.commands.send(Command::Unfollow(self.feed.clone()));
    }
}

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

    fn subscription(capacity: usize) -> (Feed, Subscription) {
        let feed = Feed::new(capacity);
        (feed.clone(), Subscription::new(feed, mpsc::unbounded_channel().0))
    }

    fn taken(subscription: &Subscription) -> Vec<String> {
        let mut cx = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match subscription.poll_next(&mut cx) {
            Poll::Ready(Item::Event(frame)) => Some(format!("event {}", frame[0])),
            Poll::Ready(Item::Missed(count)) => Some(format!("missed {count}")),
            Poll::Ready(item) => Some(format!("{item:?}")),
            Poll::Pending => None,
        })
        .collect()
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
    fn dropped_subscription_tells_the_driver() {
        let (commands, mut receiver) = mpsc::unbounded_channel();
        let feed = Feed::new(1);
        feed.push_event(Bytes::from_static(&[0]));
        drop(Subscription::new(feed.clone(), commands));
        assert!(feed.is_gone());
        assert!(matches!(receiver.try_recv(), Ok(Command::Unfollow(gone)) if gone.is(&feed)));
    }
}
