//! The one task that owns the socket, the calls in flight and their deadlines.
//!
//! It is a state machine that is polled rather than a loop that awaits: reading goes on while a write is stuck,
//! writing while nothing arrives, and deadlines pass whatever the socket does. It reads only the address of a frame, passes
//! the bytes on, and never waits for a receiver. A caller can write its request itself: see `shared_driver.rs`.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, SinkExt, StreamExt};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tracing::{debug, trace};

use super::backoff::Backoff;
use super::call::{Caller, Cleanup, Command, NewCall};
use super::calls::{Calls, Expired, Kill, Pending, Stage};
use super::deadline::after;
use super::end::{End, LinkEnd};
use super::event_queue::{EventQueue, QueueItem, StreamEnd};
use super::foreign;
use super::frame_queue::FrameQueue;
use super::ignored::Ignored;
use super::routes::{Route, Routes};
use super::silence::Silence;
use super::socket::{Oversize, READ_BUFFER_BYTES, Socket};
use super::state::ConnectionState;
use super::transport::Received;
use crate::error::{Delivery, Error, ErrorKind, Result, ServerError};
use crate::protocol::{EventKind, Frame, Reply, Request, RequestId, SessionId, ShortenedFrame, StreamPart};

#[derive(Debug)]
pub(super) struct Driver {
    socket: Socket,
    received: Received,
    silence: Silence,
    commands: mpsc::UnboundedReceiver<Command>,
    end: Arc<LinkEnd>,
    connection: Arc<ConnectionState>,
    calls: Calls,
    routes: Routes,
    ignored: Ignored,
    /// The sessions to detach as soon as their live queries are registered: server 4.0 keeps one whose session goes before.
    leaving: Vec<SessionId>,
    /// The queue of a streamed reply, which decides whether the socket is read.
    flow: Option<FrameQueue>,
    clean_up_deadline: Duration,
    max_message_bytes: usize,
    /// Set while a poll runs: if the driver is dropped then, the poll has panicked.
    is_polled: bool,
    /// The waker of the task, from its first poll on.
    waker: Option<Waker>,
    /// The reason why the link is over, found by a caller.
    broken: Option<End>,
}

impl Driver {
    pub(super) fn new(
        (socket, received): (Socket, Received),
        commands: mpsc::UnboundedReceiver<Command>,
        end: Arc<LinkEnd>,
        connection: Arc<ConnectionState>,
    ) -> Self {
        let config = &connection.config;
        Self {
            socket,
            received,
            silence: Silence::new(config.idle_timeout),
            commands,
            end,
            calls: Calls::new(config.deadline),
            routes: Routes::default(),
            ignored: Ignored::default(),
            leaving: Vec::new(),
            flow: None,
            clean_up_deadline: config.deadline,
            max_message_bytes: config.max_message_bytes,
            is_polled: false,
            waker: None,
            broken: None,
            connection,
        }
    }

    /// Makes all possible progress. Ready when the connection ends, with the reason.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if self.waker.as_ref().is_none_or(|waker| !waker.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
        }
        self.is_polled = true;
        let polled = self.poll_steps(cx);
        self.is_polled = false;
        polled
    }

    /// Writes a request in the task of its caller. Returns it if the task of the link has to write it.
    pub(super) fn try_send(&mut self, call: NewCall) -> Option<NewCall> {
        // The messages before it come first. Beside other calls, the task of the link writes several frames at once.
        if !self.commands.is_empty() || self.calls.are_many() {
            return Some(call);
        }
        let Some(waker) = self.waker.clone() else { return Some(call) };
        let cx = &mut Context::from_waker(&waker);
        let written = foreign::run(|| {
            self.accept(call);
            self.poll_write(cx)
        });
        match written {
            Some(Poll::Ready(Err(end))) => self.broken = Some(end),
            None => self.broken = Some(End::panicked()),
            Some(Poll::Ready(Ok(())) | Poll::Pending) => {}
        }
        if self.broken.is_some() || self.calls.needs_timer() {
            waker.wake();
        }
        None
    }

    /// Ends every call on the link and closes the socket.
    pub(super) async fn finish(mut self, end: End) {
        debug!(reason = ?end, "link over");
        self.fail_all(&end);
        // A peer that does not answer the close frame is not waited for any longer than this.
        if timeout(CLOSE_TIMEOUT, close(&mut self.socket)).await.is_err() {
            debug!("the server did not answer the close frame");
        }
    }

    fn poll_steps(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if let Some(end) = self.broken.take() {
            return Poll::Ready(end);
        }
        loop {
            // What is to be written comes from all the others.
            let steps = [
                self.poll_commands(cx),
                self.poll_read(cx),
                self.poll_deadlines(cx),
                self.poll_silence(cx).map(Err),
                self.poll_write(cx),
            ];
            let mut has_more = false;
            for step in steps {
                match step {
                    Poll::Ready(Err(end)) => return Poll::Ready(end),
                    Poll::Ready(Ok(())) => has_more = true,
                    Poll::Pending => {}
                }
            }
            if !has_more {
                return Poll::Pending;
            }
        }
    }

    /// Takes the commands of the clients. When the last client is dropped, the connection ends.
    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Step {
        poll_burst(|| {
            match ready!(self.commands.poll_recv(cx)) {
                Some(Command::Call(call)) => self.accept(*call),
                Some(Command::Abandon(id)) => self.abandon(id),
                Some(Command::Clean(cleanup)) => self.clean(cleanup),
                Some(Command::Follow(id, route)) => self.routes.follow(id, route),
                Some(Command::Join(id, route)) => self.routes.join(id, route),
                Some(Command::Unfollow(queue)) => self.unfollow(&queue),
                Some(Command::Killed(id)) => self.routes.end(id, &StreamEnd::Killed),
                Some(Command::Tell(session, QueueItem::End(end))) => self.routes.end_session(session, &end),
                Some(Command::Tell(session, item)) => self.tell(session, &item),
                Some(Command::Close) | None => return Poll::Ready(Err(self.end_of_connection())),
            }
            Poll::Ready(Ok(()))
        })
    }

    /// The reason for which the whole connection ends: the program has closed it, unless the supervisor has given up.
    fn end_of_connection(&self) -> End {
        self.connection.end.get().cloned().unwrap_or_else(End::closed)
    }

    fn accept(&mut self, call: NewCall) {
        let NewCall { request, deadline, cleanup, live, frames, caller, late, permit } = call;
        let Request { id, operation, frame, .. } = request;
        let (stage, permit, caller) = (Stage::Queued(frame), Some(permit), Some(caller));
        if frames.is_some() {
            self.flow.clone_from(&frames);
        }
        let pending = Pending { operation, deadline, stage, cleanup, live, frames, kill: None, caller, late, permit };
        self.calls.add(id, pending);
    }

    /// Notes that the caller of a call has left. The server is told to stop a streamed reply.
    fn abandon(&mut self, id: RequestId) {
        if let Some(frames) = self.calls.frames(id) {
            frames.leave();
            self.flow = None;
            self.stop(id);
        }
        self.calls.abandon(id);
        self.detach_leaving();
    }

    /// Stops a streamed reply.
    fn stop(&mut self, stream: RequestId) {
        let Request { id, operation, frame, .. } = Request::stop_stream(self.connection.next_id(), stream);
        self.calls.add(id, Pending::clean_up(operation, after(self.clean_up_deadline), frame));
    }

    /// Puts an item into the queues of a session's streams, including those that are being registered.
    fn tell(&self, session: Option<SessionId>, item: &QueueItem) {
        self.routes.tell(session, item);
        self.calls.registering(session).for_each(|route| route.queue.push(item.clone()));
    }

    fn is_registering(&self, session: SessionId) -> bool {
        self.calls.registering(Some(session)).next().is_some()
    }

    /// Detaches the sessions that waited for the registration of a live query.
    fn detach_leaving(&mut self) {
        for session in mem::take(&mut self.leaving) {
            self.clean(Cleanup::Detach(session));
        }
    }

    fn clean(&mut self, cleanup: Cleanup) {
        let request = match cleanup {
            // Nothing can be cancelled before the reply, which names the transaction.
            Cleanup::Nothing | Cleanup::CancelBegun => return,
            Cleanup::Detach(session) if self.is_registering(session) => return self.leaving.push(session),
            Cleanup::Detach(session) => Request::detach(self.connection.next_id(), session),
            Cleanup::Cancel(transaction) => Request::cancel(self.connection.next_id(), transaction),
        };
        let Request { id, operation, frame, .. } = request;
        self.calls.add(id, Pending::clean_up(operation, after(self.clean_up_deadline), frame));
    }

    /// Kills a live query without streams.
    fn unfollow(&mut self, queue: &EventQueue) {
        queue.clear();
        if let Some((id, session)) = self.routes.unfollow(queue) {
            self.kill(Kill { id, session, backoff: Backoff::default() });
        }
    }

    fn kill(&mut self, kill: Kill) {
        let Request { id, operation, frame, .. } = Request::kill(self.connection.next_id(), kill.session, kill.id);
        let pending = Pending::clean_up(operation, after(self.clean_up_deadline), frame);
        self.calls.add(id, Pending { kill: Some(kill), ..pending });
    }

    /// Tries again to kill a live query, after a pause: the server (3.3.5) lets kills at the same time conflict with each
    /// other.
    fn killed(&mut self, mut kill: Kill, reply: Result<Reply>) {
        match reply.and_then(|reply| reply.into_result("kill")) {
            Err(error) if error.is_conflict() && kill.backoff.attempts() < KILL_RETRIES => {
                let pending = Pending::clean_up("kill".into(), after(kill.backoff.next_pause()), Bytes::new());
                self.calls
                    .add(self.connection.next_id(), Pending { stage: Stage::Paused, kill: Some(kill), ..pending });
            }
            Err(error) => {
                debug!(error = %error.outline(), live = %kill.id, "a live query without streams was not killed");
            }
            Ok(_) => {}
        }
    }

    /// Registers a live query in the same turn as the reply that names it, so that no event falls in between.
    fn register(&mut self, route: Route, reply: &Reply) {
        let Some(id) = reply.live_id() else { return };
        let (queue, owner) = (route.queue.clone(), route.owner.clone());
        self.routes.follow(id, route);
        if owner.end().is_some() {
            // The server has dropped it, or has registered it for an identity that the program did not mean.
            if self.routes.refuse(id) {
                self.kill(Kill { id, session: owner.session, backoff: Backoff::default() });
            }
        } else if queue.is_gone() {
            self.unfollow(&queue);
        }
        debug!(live = %id, session = ?owner.session, "live query");
    }

    /// Writes queued frames until the socket refuses one, and flushes.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Step {
        let written = poll_burst(|| {
            if !self.calls.has_unsent() {
                return Poll::Pending;
            }
            ready!(self.socket.poll_ready_unpin(cx)).map_err(write_failed)?;
            Poll::Ready(self.write_next())
        });
        // A flush without need costs nothing, and it is what sends the answers to the server's pings.
        let flushed = match self.socket.poll_flush_unpin(cx) {
            Poll::Ready(flushed) => flushed.map_err(write_failed),
            Poll::Pending => Ok(()),
        };
        match (written, flushed) {
            (Poll::Ready(Err(end)), _) | (_, Err(end)) => Poll::Ready(Err(self.last_words(end, cx))),
            (written, Ok(())) => written,
        }
    }

    /// Reads the frames that came before the socket refused a write: replies, and the server's close frame.
    fn last_words(&mut self, end: End, cx: &mut Context<'_>) -> End {
        for _ in 0..LAST_WORDS {
            match self.poll_message(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(read)) if read.is_close_reason() => return read,
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        end
    }

    fn write_next(&mut self) -> Result<(), End> {
        let Some((id, frame, pending)) = self.calls.send_next() else { return Ok(()) };
        {
            let _entered = pending.caller.as_ref().map(|caller| caller.span.enter());
            trace!(%id, method = pending.operation.method(), operation = pending.operation.summary(), bytes = frame.len(), "request");
        }
        match &pending.caller {
            Some(caller) => caller.sent(pending.sent_at()),
            None => debug!(%id, operation = pending.operation.summary(), "a clean-up is sent"),
        }
        self.socket.start_send_unpin(Message::Binary(frame)).map_err(write_failed)
    }

    /// Reads the frames that have arrived.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Step {
        poll_burst(|| {
            if let Some(frames) = &self.flow {
                ready!(frames.poll_room(cx));
            }
            self.poll_message(cx)
        })
    }

    /// Ready when nothing has come from the server for too long. While this side reads nothing, nothing can come.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if self.flow.as_ref().is_some_and(|frames| frames.poll_room(cx).is_pending()) {
            self.silence.restart();
            return Poll::Pending;
        }
        self.silence.poll(self.received.bytes(), cx)
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Step {
        match ready!(self.socket.poll_next_unpin(cx)) {
            Some(Ok(Message::Binary(frame))) => match self.socket.get_mut().take_message() {
                None => self.route(frame),
                Some(oversize) => self.route_oversize(&frame, oversize),
            },
            // It is the last frame, even if the TCP connection stays open.
            Some(Ok(Message::Close(frame))) => return Poll::Ready(Err(close_reason(frame))),
            Some(Ok(Message::Text(text))) => {
                self.socket.get_mut().take_message();
                self.ignored.note(format!("a text frame of {} bytes, where only binary ones are allowed", text.len()));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(error)) => return Poll::Ready(Err(read_failed(error))),
            None => return Poll::Ready(Err(End::lost("the server closed the connection"))),
        }
        Poll::Ready(Ok(()))
    }

    fn route(&mut self, frame: Bytes) {
        match Frame::read(&frame) {
            Ok(Frame::Reply(id)) => self.route_reply(id, frame),
            Ok(Frame::Unattributed(error)) => self.attribute(*error),
            Ok(Frame::Event(id, EventKind::Killed)) => self.routes.end(id, &StreamEnd::KilledByServer),
            Ok(Frame::Event(id, _)) => {
                trace!(live = %id, bytes = frame.len(), "event");
                self.routes.deliver(id, unpinned(frame));
            }
            Err(error) => {
                self.ignored.note(format!("a frame of {} bytes that cannot be read: {error}", frame.len()));
            }
        }
    }

    /// Ends the call that the frame answers, or passes a part of a streamed reply on.
    fn route_reply(&mut self, id: RequestId, frame: Bytes) {
        if let Some(frames) = self.calls.frames(id).filter(|_| StreamPart::continues(&frame)) {
            return frames.push(unpinned(frame));
        }
        match self.calls.take(id) {
            Some(pending) => self.settle(id, pending, Ok(Reply::new(frame))),
            None if self.connection.was_used(id) => debug!(%id, "a reply came for a call without a caller"),
            None => self.ignored.note(format!("a reply to request {id}, which was never sent")),
        }
    }

    /// Fails the call that a message above the limit answers. The message was shortened to its start and its end.
    fn route_oversize(&mut self, left: &[u8], oversize: Oversize) {
        let (start, end) = left.split_at(left.len().saturating_sub(oversize.end));
        let call = match ShortenedFrame::read(start, end) {
            ShortenedFrame::Reply(id) => Some(id),
            ShortenedFrame::Event(id, position) => return self.routes.too_large(id, position),
            // Like an error without an id.
            ShortenedFrame::Unattributed => self.calls.only_sent(),
        };
        let (bytes, limit) = (oversize.bytes, self.max_message_bytes);
        match call.and_then(|id| Some((id, self.calls.take(id)?))) {
            Some((id, pending)) => {
                let message = format!(
                    "the reply to `{}` has {bytes} bytes, above the limit of {limit} bytes, and was dropped; the request was \
                     carried out",
                    pending.operation
                );
                self.settle(id, pending, Err(Error::new(ErrorKind::TooLarge, message).answered()));
            }
            None => self.ignored.note(format!("a message of {bytes} bytes, above the limit of {limit} bytes")),
        }
    }

    /// Finds the call that an error without an id belongs to: the only one on the server. If there are several, the error
    /// is kept for the timeout of the call that gets no reply. Calls whose callers have left count as well.
    fn attribute(&mut self, error: ServerError) {
        match self.calls.only_sent().and_then(|id| Some((id, self.calls.take(id)?))) {
            Some((id, pending)) => {
                let error = Error::from_server(&pending.operation, error);
                self.settle(id, pending, Err(error));
            }
            None => self.ignored.refusal(error),
        }
    }

    fn poll_deadlines(&mut self, cx: &mut Context<'_>) -> Step {
        poll_burst(|| self.poll_deadline(cx))
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Step {
        match ready!(self.calls.poll_expired(cx)) {
            Expired::Unsent(operation, Some(caller)) => {
                let message = format!("`{operation}` could not be sent within {:?}", caller.timeout);
                reply(caller, Err(Error::new(ErrorKind::Timeout, message)));
            }
            Expired::Unanswered(operation, sent_at, Some(caller)) => {
                let error = self.ignored.timeout(&operation, caller.timeout, sent_at);
                reply(caller, Err(error));
            }
            Expired::Unanswered(operation, _, None) => {
                debug!(operation = operation.summary(), "no reply to a call without a caller");
            }
            Expired::Retry(kill) => self.kill(kill),
            Expired::Unsent(_, None) | Expired::Nothing => {}
        }
        self.detach_leaving();
        Poll::Ready(Ok(()))
    }

    /// Ends a call. Without a caller, its effect on the server is undone.
    fn settle(&mut self, id: RequestId, pending: Pending, answer: Result<Reply>) {
        let Pending { operation, cleanup, live, frames, kill, caller, late, .. } = pending;
        if frames.is_some() {
            self.flow = None;
        }
        if let Some(kill) = kill {
            return self.killed(kill, answer);
        }
        let was_registering = live.is_some();
        if let (Some(route), Ok(reply)) = (live, &answer) {
            self.register(route, reply);
        }
        if was_registering {
            self.detach_leaving();
        }
        let Some(caller) = caller else {
            self.clean(cleanup.after(&answer));
            return reply_late(late, answer);
        };
        // Before the reply: its caller looks whether a late one may come.
        drop(late);
        caller.span.in_scope(|| trace!(%id, method = operation.method(), operation = operation.summary(), "reply"));
        if let Some(unread) = reply(caller, answer) {
            self.clean(cleanup.after(&unread));
        }
    }

    /// Ends every call with the reason of the link's end, and refuses later ones.
    fn fail_all(&mut self, end: &End) {
        // Set first: a call that is refused by the closed queue looks for the reason here.
        let _ = self.end.set(end.clone());
        self.commands.close();
        loop {
            match self.commands.try_recv() {
                Ok(Command::Call(call)) => self.accept(*call),
                Ok(Command::Follow(id, route)) => self.routes.follow(id, route),
                Ok(Command::Join(id, route)) => self.routes.join(id, route),
                Ok(_) => {}
                // Another thread is in the middle of a send.
                Err(TryRecvError::Empty) => thread::yield_now(),
                Err(TryRecvError::Disconnected) => break,
            }
        }
        self.routes.end_all(&StreamEnd::Connection(end.clone()));
        for pending in self.calls.drain() {
            let was_sent = pending.sent_at().is_some();
            let delivery = if was_sent { Delivery::Unknown } else { Delivery::NotSent };
            // Before the error: its caller looks whether a late reply may come.
            drop(pending.late);
            if let Some(caller) = pending.caller {
                // Unread when the caller has gone; the server forgets everything with the socket.
                reply(caller, Err(end.error(&pending.operation, delivery)));
            }
        }
        foreign::run(|| self.connection.link_ended.notify_one());
    }
}

/// Reached without an end when the task is dropped: its runtime was shut down, or its poll has panicked.
impl Drop for Driver {
    fn drop(&mut self) {
        if self.end.get().is_none() {
            let end = if self.is_polled { End::panicked() } else { End::runtime_gone() };
            self.fail_all(&end);
        }
    }
}

/// Sends a reply to its caller. Returns the reply if the caller has left.
fn reply(mut caller: Caller, reply: Result<Reply>) -> Option<Result<Reply>> {
    caller.answered();
    foreign::run(|| caller.reply.send(reply).err()).flatten()
}

/// Sends a reply that came after its deadline.
fn reply_late(late: Option<oneshot::Sender<Result<Reply>>>, reply: Result<Reply>) {
    // Fails if the receiver was dropped.
    let _ = late.map(|late| foreign::run(|| late.send(reply)));
}

/// A waiting event must not keep the whole read buffer in memory.
fn unpinned(frame: Bytes) -> Bytes {
    if frame.len() < READ_BUFFER_BYTES { Bytes::copy_from_slice(&frame) } else { frame }
}

/// The outcome of one step with commands, socket or clock: there may be more to do, there is not, or the connection is over.
type Step = Poll<Result<(), End>>;

/// Repeats one kind of step until there is nothing to do, up to a limit, so that the other kinds do not starve.
fn poll_burst(mut step: impl FnMut() -> Step) -> Step {
    for _ in 0..BURST {
        if let Err(end) = ready!(step()) {
            return Poll::Ready(Err(end));
        }
    }
    Poll::Ready(Ok(()))
}

fn read_failed(error: tungstenite::Error) -> End {
    match error {
        // The stream is out of step: larger messages of a server are shortened before.
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            End::lost(format!("received a message of {size} bytes, above the limit of {max_size} bytes,"))
        }
        error => End::lost("the connection was lost").with_source(error),
    }
}

fn write_failed(error: <Socket as Sink<Message>>::Error) -> End {
    End::lost("the connection was lost").with_source(error)
}

fn close_reason(frame: Option<CloseFrame>) -> End {
    let code = frame.as_ref().map(|frame| frame.code.into());
    let message = match frame {
        Some(frame) if frame.reason.is_empty() => format!("the server closed the connection ({})", frame.code),
        Some(frame) => format!("the server closed the connection ({}: {})", frame.code, frame.reason),
        None => "the server closed the connection".to_owned(),
    };
    End::close_reason(code, message)
}

async fn close(socket: &mut Socket) {
    if let Err(error) = socket.close(None).await {
        debug!(%error, "the socket was closed already");
    }
    while let Some(Ok(_)) = socket.next().await {}
}

/// Conflicts end as soon as the other kills are through: the pauses are at most seven seconds together.
const KILL_RETRIES: u32 = 20;

const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of frames or commands in one burst. Frames of one burst are flushed together.
const BURST: usize = 64;

/// The number of frames that are read after the socket has refused a write.
const LAST_WORDS: usize = 10_000;
