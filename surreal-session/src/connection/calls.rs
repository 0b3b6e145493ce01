//! The calls in flight: those that wait to be sent, those on the server, and those whose caller has left.
//!
//! A call that was sent stays here when its caller leaves or its deadline passes: the server still works on it, may still
//! open something for it, and may still refuse it with an error that has no id. It keeps its permit until its
//! reply or its deadline, so that `max_calls` bounds the work of the server and the calls that are stored here.

use std::collections::{HashMap, VecDeque};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;
use tracing::debug;

use super::backoff::Backoff;
use super::call::{Caller, Cleanup};
use super::deadline::{Deadlines, after};
use super::foreign;
use super::frame_queue::FrameQueue;
use super::routes::Route;
use crate::error::Result;
use crate::protocol::{LiveId, Operation, Reply, RequestId, SessionId};

#[derive(Debug)]
pub(super) struct Calls {
    /// The calls to send, oldest first. An id that is not pending any more is skipped.
    queue: VecDeque<RequestId>,
    /// The number of ids in the queue that are not pending any more.
    stale: usize,
    pending: HashMap<RequestId, Pending>,
    deadlines: Deadlines,
    /// The calls that were late, oldest first, and perhaps answered since.
    late: VecDeque<RequestId>,
    /// The time for which a call is remembered after its deadline, and that a clean-up may take.
    linger: Duration,
}

#[derive(Debug)]
pub(super) struct Pending {
    pub(super) operation: Operation,
    pub(super) deadline: Instant,
    pub(super) stage: Stage,
    pub(super) cleanup: Cleanup,
    /// The stream that the live query of the reply is for.
    pub(super) live: Option<Route>,
    /// Receives the parts of a streamed reply, of which the last one ends the call.
    pub(super) frames: Option<FrameQueue>,
    /// The live query that the request kills.
    pub(super) kill: Option<Kill>,
    /// `None` for a clean-up, and for a call whose caller has left.
    pub(super) caller: Option<Caller>,
    /// Gets the reply after the deadline. The call is kept until then.
    pub(super) late: Option<oneshot::Sender<Result<Reply>>>,
    /// Bounds the number of calls. `None` for a clean-up, and after the deadline.
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// In the queue, with its frame.
    Queued(Bytes),
    Sent(Instant),
    /// The deadline has passed.
    Late(Instant),
    /// Kept because the server may still open something for it, or because a `LateReply` waits.
    Kept,
    /// A kill that is tried again at its deadline.
    Paused,
}

/// The kill of a live query without streams.
#[derive(Debug, Clone)]
pub(super) struct Kill {
    pub(super) id: LiveId,
    pub(super) session: Option<SessionId>,
    pub(super) backoff: Backoff,
}

/// A call whose deadline has passed.
#[derive(Debug)]
pub(super) enum Expired {
    /// It was never sent, and is forgotten.
    Unsent(Operation, Option<Caller>),
    /// It was sent at that time, has no reply, and is remembered.
    Unanswered(Operation, Instant, Option<Caller>),
    /// The kill is to be sent again.
    Retry(Kill),
    /// There is nothing to do.
    Nothing,
}

impl Pending {
    /// A request that no caller waits for.
    pub(super) fn clean_up(operation: Operation, deadline: Instant, frame: Bytes) -> Self {
        let stage = Stage::Queued(frame);
        Self {
            operation,
            deadline,
            stage,
            cleanup: Cleanup::Nothing,
            live: None,
            frames: None,
            kill: None,
            caller: None,
            late: None,
            permit: None,
        }
    }

    /// The time at which it was sent, if it was.
    pub(super) fn sent_at(&self) -> Option<Instant> {
        match self.stage {
            Stage::Sent(at) | Stage::Late(at) => Some(at),
            Stage::Queued(_) | Stage::Kept | Stage::Paused => None,
        }
    }

    /// Returns true if even a late reply is needed: to close what the server opens, or for a [`LateReply`](super::LateReply).
    fn is_needed_late(&self) -> bool {
        self.cleanup != Cleanup::Nothing || self.live.is_some() || self.is_waited_for_late()
    }

    fn is_waited_for_late(&self) -> bool {
        self.late.as_ref().is_some_and(|late| !late.is_closed())
    }

    /// Lets another call begin.
    fn release(&mut self) {
        if let Some(permit) = self.permit.take() {
            foreign::run(|| drop(permit));
        }
    }
}

impl Calls {
    pub(super) fn new(linger: Duration) -> Self {
        Self {
            queue: VecDeque::new(),
            stale: 0,
            pending: HashMap::new(),
            deadlines: Deadlines::new(),
            late: VecDeque::new(),
            linger,
        }
    }

    /// Adds a call, behind those that wait to be sent.
    pub(super) fn add(&mut self, id: RequestId, pending: Pending) {
        self.deadlines.insert(pending.deadline, id);
        if matches!(pending.stage, Stage::Queued(_)) {
            self.queue.push_back(id);
        }
        self.pending.insert(id, pending);
    }

    /// Returns true if so many calls are in flight that their frames are better written together.
    pub(super) fn are_many(&self) -> bool {
        self.pending.len() >= MANY
    }

    /// Returns true if the timer does not wake for the earliest deadline.
    pub(super) fn needs_timer(&self) -> bool {
        self.deadlines.needs_timer()
    }

    pub(super) fn has_unsent(&self) -> bool {
        self.queue.len() > self.stale
    }

    /// Takes the next frame to send, and its call. The call counts as sent from here on: even if the write fails, the server
    /// may see the request.
    pub(super) fn send_next(&mut self) -> Option<(RequestId, Bytes, &Pending)> {
        loop {
            let id = self.queue.pop_front()?;
            if self.pending.contains_key(&id) {
                let pending = self.pending.get_mut(&id)?;
                let Stage::Queued(frame) = std::mem::replace(&mut pending.stage, Stage::Sent(Instant::now())) else {
                    return None;
                };
                return Some((id, frame, pending));
            }
            self.stale = self.stale.saturating_sub(1);
        }
    }

    /// Takes out a call that has its reply.
    pub(super) fn take(&mut self, id: RequestId) -> Option<Pending> {
        let mut pending = self.pending.remove(&id)?;
        self.deadlines.remove(pending.deadline, id);
        pending.release();
        Some(pending)
    }

    /// Notes that the caller has left. A call that was not sent is forgotten.
    pub(super) fn abandon(&mut self, id: RequestId) {
        let Some(pending) = self.pending.get_mut(&id) else { return };
        (pending.caller, pending.late) = (None, None);
        if matches!(pending.stage, Stage::Queued(_)) {
            self.take(id);
            self.skip();
        }
    }

    /// The queue of a streamed reply.
    pub(super) fn frames(&self, id: RequestId) -> Option<&FrameQueue> {
        self.pending.get(&id)?.frames.as_ref()
    }

    /// The only call on the server; `None` if there are several or none.
    pub(super) fn only_sent(&self) -> Option<RequestId> {
        let mut sent = self.pending.iter().filter(|(_, pending)| pending.sent_at().is_some()).map(|(id, _)| *id);
        sent.next().filter(|_| sent.next().is_none())
    }

    /// The queues of the streams that are being registered for a session.
    pub(super) fn registering(&self, session: Option<SessionId>) -> impl Iterator<Item = &Route> {
        self.pending.values().filter_map(|pending| pending.live.as_ref()).filter(move |route| {
            // The owner of a route is never another session's.
            route.owner.session == session
        })
    }

    pub(super) fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<Expired> {
        self.deadlines.poll_expired(cx).map(|id| match self.pending.remove(&id) {
            Some(pending) => self.expire(id, pending),
            None => Expired::Nothing,
        })
    }

    fn expire(&mut self, id: RequestId, mut pending: Pending) -> Expired {
        pending.release();
        match pending.stage {
            Stage::Queued(_) if pending.caller.is_some() => {
                self.skip();
                Expired::Unsent(pending.operation, pending.caller)
            }
            // A clean-up. Without it, something would stay open on the server.
            Stage::Queued(_) => {
                self.remember(id, pending);
                Expired::Nothing
            }
            Stage::Sent(at) => {
                let (operation, caller) = (pending.operation.clone(), pending.caller.take());
                // A session has one such call at most.
                let is_bounded = pending.is_waited_for_late();
                self.remember(id, Pending { stage: Stage::Late(at), ..pending });
                if !is_bounded {
                    self.late(id);
                }
                Expired::Unanswered(operation, at, caller)
            }
            Stage::Late(_) if pending.is_needed_late() => {
                self.pending.insert(id, Pending { stage: Stage::Kept, ..pending });
                Expired::Nothing
            }
            Stage::Paused => pending.kill.map_or(Expired::Nothing, Expired::Retry),
            Stage::Late(_) | Stage::Kept => Expired::Nothing,
        }
    }

    /// Keeps a call for some more time.
    fn remember(&mut self, id: RequestId, mut pending: Pending) {
        pending.deadline = after(self.linger);
        self.deadlines.insert(pending.deadline, id);
        self.pending.insert(id, pending);
    }

    fn late(&mut self, id: RequestId) {
        self.late.push_back(id);
        if self.late.len() > MAX_LATE
            && let Some(oldest) = self.late.pop_front()
            && self.take(oldest).is_some()
        {
            debug!(id = %oldest, "too many calls without a reply: the oldest is forgotten");
        }
    }

    /// Counts an id in the queue that is not pending any more, and removes such ids when there are too many.
    fn skip(&mut self) {
        self.stale += 1;
        if self.stale > MAX_STALE && self.stale > self.queue.len() / 2 {
            self.queue.retain(|id| self.pending.contains_key(id));
            self.stale = 0;
        }
    }

    /// Takes out everything.
    pub(super) fn drain(&mut self) -> Vec<Pending> {
        self.queue.clear();
        self.pending.drain().map(|(_, pending)| pending).collect()
    }
}

/// The number of calls in flight from which on callers do not write themselves.
const MANY: usize = 2;

/// The number of calls that are remembered after their deadlines.
const MAX_LATE: usize = 4_096;

/// The number of ids in the queue that are not pending any more, at most.
const MAX_STALE: usize = 1_024;
