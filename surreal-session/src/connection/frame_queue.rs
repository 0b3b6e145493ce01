//! The queue between the driver and one streamed reply, with back-pressure.
//!
//! A streamed reply has a socket to itself, so that the driver may stop reading it: it does while the queue is full, and goes
//! on when half of it is empty. The wakers of both sides are kept outside of the lock, because they are foreign code.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;

use super::foreign;

/// The queue. A clone is the same queue: the driver holds one, and the reader of the reply the other.
#[derive(Clone)]
pub(crate) struct FrameQueue(Arc<FrameQueueInner>);

struct FrameQueueInner {
    frames: Mutex<Frames>,
    /// The size of the frames at which the queue is full.
    capacity: usize,
    reader: AtomicWaker,
    driver: AtomicWaker,
    is_gone: AtomicBool,
}

#[derive(Default)]
struct Frames {
    frames: VecDeque<Bytes>,
    bytes: usize,
}

impl FrameQueue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Arc::new(FrameQueueInner {
            frames: Mutex::default(),
            capacity,
            reader: AtomicWaker::new(),
            driver: AtomicWaker::new(),
            is_gone: AtomicBool::new(false),
        }))
    }

    /// Takes the next frame, or arranges to be woken for it.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Bytes> {
        if let Some(frame) = self.pop() {
            return Poll::Ready(frame);
        }
        self.0.reader.register(cx.waker());
        // Again: a frame that was pushed before the waker was registered has woken nothing.
        self.pop().map_or(Poll::Pending, Poll::Ready)
    }

    fn pop(&self) -> Option<Bytes> {
        let mut frames = self.lock();
        let frame = frames.frames.pop_front()?;
        let before = frames.bytes;
        frames.bytes -= frame.len();
        let (after, half) = (frames.bytes, self.0.capacity / 2);
        drop(frames);
        if before > half && after <= half {
            wake(&self.0.driver);
        }
        Some(frame)
    }

    /// Notes that the reader is gone: nothing more is kept.
    pub(super) fn leave(&self) {
        self.0.is_gone.store(true, Ordering::Release);
        drop(std::mem::take(&mut *self.lock()));
        wake(&self.0.driver);
    }

    /// Adds a frame, whatever the size of the queue.
    pub(super) fn push(&self, frame: Bytes) {
        if self.0.is_gone.load(Ordering::Acquire) {
            return;
        }
        let mut frames = self.lock();
        frames.bytes += frame.len();
        frames.frames.push_back(frame);
        drop(frames);
        wake(&self.0.reader);
    }

    /// Ready while there is room for another frame; otherwise the driver is woken when half of the queue is empty.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_room() {
            return Poll::Ready(());
        }
        self.0.driver.register(cx.waker());
        // Again: frames that were taken before the waker was registered have woken nothing.
        if self.has_room() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn has_room(&self) -> bool {
        self.lock().bytes < self.0.capacity
    }

    fn lock(&self) -> MutexGuard<'_, Frames> {
        // No foreign code runs under the lock.
        self.0.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes a task, after the lock was released.
fn wake(waker: &AtomicWaker) {
    if let Some(waker) = waker.take() {
        foreign::run(|| waker.wake());
    }
}

impl fmt::Debug for FrameQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frames = self.lock();
        f.debug_struct("FrameQueue").field("frames", &frames.frames.len()).field("bytes", &frames.bytes).finish()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::task::noop_waker;

    use super::*;

    #[test]
    fn full_queue_has_room_again_when_it_is_below_its_capacity() {
        let queue = FrameQueue::new(10);
        let waker = noop_waker();
        let cx = &mut Context::from_waker(&waker);
        assert!(queue.poll_next(cx).is_pending());
        for _ in 0..2 {
            assert!(queue.poll_room(cx).is_ready());
            queue.push(Bytes::from_static(b"12345"));
        }
        assert!(queue.poll_room(cx).is_pending());
        assert_eq!(queue.poll_next(cx), Poll::Ready(Bytes::from_static(b"12345")));
        assert!(queue.poll_room(cx).is_ready());
        queue.leave();
        queue.push(Bytes::from_static(b"12345"));
        assert!(queue.poll_next(cx).is_pending() && queue.poll_room(cx).is_ready());
    }
}
