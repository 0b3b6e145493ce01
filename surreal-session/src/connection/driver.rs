//! The one task that owns the socket, the calls in flight and their deadlines.
//!
//! It is a state machine that is polled rather than a loop that awaits: reading goes on while a write is stuck,
//! writing while nothing arrives, and deadlines pass whatever the socket does. It reads from a frame only where it
//! belongs, hands on the bytes, and never waits for whom they are for.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, SinkExt, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tracing::{debug, trace};

use super::call::{Call, Caller, Cleanup, Command};
use super::deadlines::Deadlines;
use super::end::End;
use super::feed::{Feed, Item, Over};
use super::handle::{Shared, after};
use super::routes::{Route, Routes};
use super::socket::Socket;
use crate::error::{Delivery, Error, ErrorKind, Result, ServerError};
use crate::protocol::{EventKind, Head, LiveId, Reply, Request, RequestId, SessionId};

#[derive(Debug)]
pub(super) struct Driver {
    socket: Socket,
    commands: mpsc::UnboundedReceiver<Command>,
    shared: Arc<Shared>,
    /// Frames to send, oldest first. Invariant: the call of each is pending, and was not sent.
    queue: VecDeque<(RequestId, Bytes)>,
    /// Invariant: holds every request that is queued or on the server and whose end somebody waits for.
    pending: HashMap<RequestId, Pending>,
    deadlines: Deadlines,
    routes: Routes,
    /// The last error that the server could not attribute to a request, and when it came.
    stray: Option<(Instant, ServerError)>,
    /// What the server said when it closed.
    farewell: Option<String>,
    clean_up_deadline: Duration,
}

#[derive(Debug)]
struct Pending {
    method: &'static str,
    deadline: Instant,
    sent_at: Option<Instant>,
    cleanup: Cleanup,
    /// The stream that the live query of the reply is for.
    live: Option<Route>,
    /// The live query that the request kills, and how often that may still be tried again.
    kill: Option<Kill>,
    /// Nobody, for a clean-up and for a call that must be undone when its reply comes.
    caller: Option<Caller>,
}

/// A live query that nobody follows any more.
#[derive(Debug, Clone, Copy)]
struct Kill {
    id: LiveId,
    session: Option<SessionId>,
    tries_left: u32,
}

impl Pending {
    /// A request whose reply nobody waits for.
    fn clean_up(method: &'static str, deadline: Instant) -> Self {
        let cleanup = Cleanup::Nothing;
        Self { method, deadline, sent_at: None, cleanup, live: None, kill: None, caller: None }
    }

    /// Whether the server may open something for this call that must be closed if nobody waits for it.
    fn may_open_something(&self) -> bool {
        self.sent_at.is_some() && (self.cleanup != Cleanup::Nothing || self.live.is_some())
    }
}

impl Driver {
    pub(super) fn new(
        socket: Socket,
        commands: mpsc::UnboundedReceiver<Command>,
        shared: Arc<Shared>,
        clean_up_deadline: Duration,
    ) -> Self {
        Self {
            socket,
            commands,
            shared,
            queue: VecDeque::new(),
            pending: HashMap::new(),
            deadlines: Deadlines::new(),
            routes: Routes::default(),
            stray: None,
            farewell: None,
            clean_up_deadline,
        }
    }

    /// Serves the connection until it is closed or lost, then ends every call. `running` is dropped last.
    pub(super) async fn run(mut self, running: watch::Sender<()>) {
        let end = poll_fn(|cx| self.poll(cx)).await;
        debug!(reason = ?end, "connection over");
        self.fail_all(&end).await;
        // A peer that does not answer the close frame is not waited for any longer than this.
        if timeout(CLOSE_PATIENCE, close(&mut self.socket)).await.is_err() {
            debug!("the server did not answer the close frame");
        }
        drop(running);
    }

    /// Makes all the progress that can be made now; ready only with the reason why the connection is over.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let steps = [self.poll_commands(cx), self.poll_write(cx), self.poll_read(cx), self.poll_deadlines(cx)];
            let mut progress = false;
            for step in steps {
                match step {
                    Poll::Ready(Err(end)) => return Poll::Ready(end),
                    Poll::Ready(Ok(())) => progress = true,
                    Poll::Pending => {}
                }
            }
            if !progress {
                return Poll::Pending;
            }
        }
    }

    /// Takes what the handles have sent. Without handles there is nobody left to serve.
    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Step {
        poll_burst(|| {
            match ready!(self.commands.poll_recv(cx)) {
                Some(Command::Call(call)) => self.accept(*call),
                Some(Command::Abandon(id)) => self.abandon(id),
                Some(Command::Clean(cleanup)) => self.clean(cleanup),
                Some(Command::Follow(id, route)) => self.routes.follow(id, route),
                Some(Command::Unfollow(feed)) => self.unfollow(&feed),
                Some(Command::Killed(id)) => self.routes.end(id, &Over::Killed),
                Some(Command::Tell(session, Item::End(over))) => self.routes.end_session(session, &over),
                Some(Command::Tell(session, item)) => self.routes.tell(session, &item),
                Some(Command::Close) | None => return Poll::Ready(Err(End::closed())),
            }
            Poll::Ready(Ok(()))
        })
    }

    fn accept(&mut self, call: Call) {
        let Call { request, deadline, cleanup, live, caller } = call;
        let Request { id, method, frame } = request;
        self.enqueue(
            id,
            frame,
            Pending { method, deadline, sent_at: None, cleanup, live, kill: None, caller: Some(caller) },
        );
    }

    fn enqueue(&mut self, id: RequestId, frame: Bytes, pending: Pending) {
        self.deadlines.insert(pending.deadline, id);
        self.pending.insert(id, pending);
        self.queue.push_back((id, frame));
    }

    /// Forgets a call, unless the server may open something for it that must then be closed.
    fn abandon(&mut self, id: RequestId) {
        let Some(pending) = self.pending.get_mut(&id) else { return };
        if pending.may_open_something() {
            pending.caller = None;
            return;
        }
        self.deadlines.remove(pending.deadline, id);
        if let Some(pending) = self.pending.remove(&id) {
            self.unqueue(id, &pending);
        }
    }

    /// Takes back the frame of a call that will not be sent. Frames wait only while the socket is stuck.
    fn unqueue(&mut self, id: RequestId, pending: &Pending) {
        if pending.sent_at.is_none() {
            self.queue.retain(|(queued, _)| *queued != id);
        }
    }

    fn clean(&mut self, cleanup: Cleanup) {
        let request = match cleanup {
            // There is nothing to cancel before the reply, and what to cancel after it.
            Cleanup::Nothing | Cleanup::CancelBegun => return,
            Cleanup::Detach(session) => Request::detach(self.shared.next_id(), session),
            Cleanup::Cancel(transaction) => Request::cancel(self.shared.next_id(), transaction),
        };
        let Request { id, method, frame } = request;
        self.enqueue(id, frame, Pending::clean_up(method, after(self.clean_up_deadline)));
    }

    /// Ends a live query that nobody follows any more.
    fn unfollow(&mut self, feed: &Feed) {
        if let Some((id, session)) = self.routes.unfollow(feed) {
            self.kill(Kill { id, session, tries_left: KILL_TRIES });
        }
    }

    fn kill(&mut self, kill: Kill) {
        let Request { id, method, frame } = Request::kill(self.shared.next_id(), kill.session, kill.id);
        let pending = Pending::clean_up(method, after(self.clean_up_deadline));
        self.enqueue(id, frame, Pending { kill: Some(kill), ..pending });
    }

    /// Tries again to kill a live query: the server (3.3.5) lets kills at the same time conflict with each other.
    fn killed(&mut self, kill: Kill, reply: Result<Reply>) {
        match reply.and_then(|reply| reply.into_result("kill")) {
            Err(error) if error.is_conflict() && kill.tries_left > 0 => {
                self.kill(Kill { tries_left: kill.tries_left - 1, ..kill });
            }
            Err(error) => debug!(%error, live = %kill.id, "a live query that nobody follows was not killed"),
            Ok(_) => {}
        }
    }

    /// Registers a live query in the same turn as the reply that names it, so that no event falls in between.
    fn register(&mut self, route: Route, reply: &Reply) {
        let Some(id) = reply.live_id() else { return };
        let (feed, session) = (route.feed.clone(), route.session);
        self.routes.follow(id, route);
        if feed.is_gone() {
            self.unfollow(&feed);
        }
        debug!(live = %id, ?session, "live query");
    }

    /// Writes what is queued as far as the socket takes it, and flushes.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Step {
        let written = poll_burst(|| {
            if self.queue.is_empty() {
                return Poll::Pending;
            }
            ready!(self.socket.poll_ready_unpin(cx)).map_err(write_failed)?;
            Poll::Ready(self.write_next())
        });
        // A flush without need costs nothing, and it is what sends the answers to the server's pings.
        if let Poll::Ready(flushed) = self.socket.poll_flush_unpin(cx) {
            flushed.map_err(write_failed)?;
        }
        written
    }

    fn write_next(&mut self) -> Result<(), End> {
        let Some((id, frame)) = self.queue.pop_front() else { return Ok(()) };
        if let Some(pending) = self.pending.get_mut(&id) {
            // Before the write: whatever becomes of it, the server may now see the request.
            pending.sent_at = Some(Instant::now());
            let _entered = pending.caller.as_ref().map(|caller| caller.span.enter());
            trace!(%id, method = pending.method, bytes = frame.len(), "request");
        }
        self.socket.start_send_unpin(Message::Binary(frame)).map_err(write_failed)
    }

    /// Takes what the socket has.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Step {
        poll_burst(|| self.poll_message(cx))
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Step {
        match ready!(self.socket.poll_next_unpin(cx)) {
            Some(Ok(Message::Binary(frame))) => self.route(frame),
            Some(Ok(Message::Close(frame))) => self.farewell = Some(farewell(frame)),
            Some(Ok(Message::Text(_))) => debug!("ignored a text frame: the protocol is binary"),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(error)) => return Poll::Ready(Err(read_failed(error))),
            None => {
                let why = self.farewell.take().unwrap_or_else(|| "the server closed the connection".to_owned());
                return Poll::Ready(Err(End::lost(why)));
            }
        }
        Poll::Ready(Ok(()))
    }

    fn route(&mut self, frame: Bytes) {
        match Head::read(&frame) {
            Ok(Head::Reply(id)) => match self.pending.remove(&id) {
                Some(pending) => self.settle(id, pending, Ok(Reply::new(frame))),
                None => debug!(%id, "a reply came for a call that nobody waits for"),
            },
            Ok(Head::Unattributed(error)) => self.attribute(*error),
            Ok(Head::Notification(head)) if head.kind == EventKind::Killed => {
                self.routes.end(head.id, &Over::KilledByServer);
            }
            Ok(Head::Notification(head)) => {
                trace!(live = %head.id, bytes = frame.len(), "event");
                self.routes.deliver(head.id, frame);
            }
            Err(error) => debug!(%error, bytes = frame.len(), "ignored a frame that cannot be read"),
        }
    }

    /// Finds the call that an error without an id belongs to: the only one on the server, or else whichever of them
    /// gets no reply.
    fn attribute(&mut self, error: ServerError) {
        let mut sent = self.pending.iter().filter(|(_, pending)| pending.sent_at.is_some()).map(|(id, _)| *id);
        let only = sent.next().filter(|_| sent.next().is_none());
        match only.and_then(|id| Some((id, self.pending.remove(&id)?))) {
            Some((id, pending)) => {
                let error = Error::from_server(pending.method, error);
                self.settle(id, pending, Err(error));
            }
            None => {
                debug!(%error, "the server reports an error without saying of which request");
                self.stray = Some((Instant::now(), error));
            }
        }
    }

    fn poll_deadlines(&mut self, cx: &mut Context<'_>) -> Step {
        let id = ready!(self.deadlines.poll_expired(cx));
        match self.pending.remove(&id) {
            Some(pending) if pending.caller.is_none() && pending.sent_at.is_none() => self.postpone(id, pending),
            Some(pending) => {
                self.unqueue(id, &pending);
                self.expire(id, pending);
            }
            None => {}
        }
        Poll::Ready(Ok(()))
    }

    /// Keeps a clean-up that could not be sent yet: without it, something would stay open on the server.
    fn postpone(&mut self, id: RequestId, mut pending: Pending) {
        pending.deadline = after(self.clean_up_deadline);
        self.deadlines.insert(pending.deadline, id);
        self.pending.insert(id, pending);
    }

    fn expire(&mut self, id: RequestId, mut pending: Pending) {
        match pending.caller.take() {
            // Unread only when the caller left at this moment.
            Some(caller) => drop(caller.reply.send(Err(self.timeout(&pending, caller.patience)))),
            None => debug!(method = pending.method, "no reply, and nobody who waits for one"),
        }
        // What the server may still open has to be closed when it says so, however late.
        if pending.may_open_something() {
            self.pending.insert(id, pending);
        }
    }

    fn timeout(&self, pending: &Pending, patience: Duration) -> Error {
        let method = pending.method;
        let Some(sent_at) = pending.sent_at else {
            return Error::new(ErrorKind::Timeout, format!("`{method}` could not be sent within {patience:?}"));
        };
        let timeout = |message| Error::new(ErrorKind::Timeout, message).with_delivery(Delivery::Unknown);
        match &self.stray {
            Some((at, stray)) if *at >= sent_at => {
                let message =
                    format!("no reply to `{method}` within {patience:?}; the server could not read a request: {stray}");
                timeout(message).with_server(stray.clone())
            }
            _ => timeout(format!("no reply to `{method}` within {patience:?}")),
        }
    }

    /// Ends a call. A reply that nobody takes is undone.
    fn settle(&mut self, id: RequestId, pending: Pending, reply: Result<Reply>) {
        let Pending { method, deadline, cleanup, live, kill, caller, .. } = pending;
        self.deadlines.remove(deadline, id);
        if let Some(kill) = kill {
            return self.killed(kill, reply);
        }
        if let (Some(route), Ok(reply)) = (live, &reply) {
            self.register(route, reply);
        }
        let Some(caller) = caller else { return self.clean(cleanup.after(&reply)) };
        let unread = caller.span.in_scope(|| {
            trace!(%id, method, "reply");
            caller.reply.send(reply).err()
        });
        if let Some(reply) = unread {
            self.clean(cleanup.after(&reply));
        }
    }

    /// Ends every call with the reason of the connection's end, and refuses those to come.
    async fn fail_all(&mut self, end: &End) {
        // Set first: a call that is refused by the closed queue looks for the reason here.
        let _ = self.shared.end.set(end.clone());
        self.shared.capacity.close();
        self.commands.close();
        while let Some(command) = self.commands.recv().await {
            match command {
                Command::Call(call) => self.accept(*call),
                Command::Follow(id, route) => self.routes.follow(id, route),
                _ => {}
            }
        }
        self.routes.end_all(&Over::Connection(end.clone()));
        for (_, pending) in self.pending.drain() {
            let delivery = if pending.sent_at.is_some() { Delivery::Unknown } else { Delivery::NotSent };
            if let Some(caller) = pending.caller {
                // Unread when the caller has gone; the server forgets everything with the socket.
                let _ = caller.reply.send(Err(end.error(pending.method, delivery)));
            }
        }
    }
}

/// What one look at commands, socket or clock came to: progress, nothing to do, or the end of the connection.
type Step = Poll<Result<(), End>>;

/// Takes one kind of step as often as possible, but not so often that the other kinds starve.
fn poll_burst(mut step: impl FnMut() -> Step) -> Step {
    let mut progress = Poll::Pending;
    for _ in 0..BURST {
        match step() {
            Poll::Ready(Ok(())) => progress = Poll::Ready(Ok(())),
            Poll::Ready(Err(end)) => return Poll::Ready(Err(end)),
            Poll::Pending => break,
        }
    }
    progress
}

fn read_failed(error: tungstenite::Error) -> End {
    match error {
        // Nothing behind it can be read.
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            End::lost(format!("a message of {size} bytes came, above the limit of {max_size} bytes,"))
        }
        error => End::lost("the connection was lost").with_source(error),
    }
}

fn write_failed(error: <Socket as Sink<Message>>::Error) -> End {
    End::lost("the connection was lost").with_source(error)
}

fn farewell(frame: Option<CloseFrame>) -> String {
    match frame {
        Some(frame) if frame.reason.is_empty() => format!("the server closed the connection ({})", frame.code),
        Some(frame) => format!("the server closed the connection ({}: {})", frame.code, frame.reason),
        None => "the server closed the connection".to_owned(),
    }
}

async fn close(socket: &mut Socket) {
    if let Err(error) = socket.close(None).await {
        debug!(%error, "the socket was closed already");
    }
    while let Some(Ok(_)) = socket.next().await {}
}

/// Conflicts end as soon as the others are through.
const KILL_TRIES: u32 = 100;

const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// How many frames or commands are handled before the driver looks elsewhere. Frames of one burst are flushed together.
const BURST: usize = 64;
