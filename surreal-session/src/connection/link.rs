//! A link: one open WebSocket, as its callers see it. It queues frames and waits for the bytes of the replies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{OnceCell, OwnedRwLockReadGuard, OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::Instant;
use tracing::{Span, warn};

use super::call::{Caller, Cleanup, Command, InFlight, NewCall, Subscription};
use super::deadline::Deadline;
use super::end::{End, LinkEnd};
use super::epoch::Owner;
use super::event_queue::{Capacity, EventQueue, QueueItem, StreamEnd};
use super::frame_queue::FrameQueue;
use super::routes::Route;
use super::shared_driver::SharedDriver;
use super::state::{ConnectionState, not_driven};
use super::timer::{while_driven, within};
use super::{ServerUrl, watch};
use crate::codec;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Feature, LiveId, Operation, Reply, Request, RequestWriter, ServerVersion, SessionId};

/// One open WebSocket. A clone is the same link.
#[derive(Debug, Clone)]
pub(crate) struct Link(Arc<LinkInner>);

#[derive(Debug)]
struct LinkInner {
    /// The index of the endpoint that it leads to.
    endpoint: usize,
    purpose: Purpose,
    opened: Instant,
    driver: SharedDriver,
    commands: mpsc::UnboundedSender<Command>,
    end: Arc<LinkEnd>,
    /// Where it leads to.
    url: Option<ServerUrl>,
    /// The version of its server, from the handshake or once something has depended on it.
    version: OnceCell<ServerVersion>,
    /// The number of sessions that are on it, or about to be.
    sessions: AtomicUsize,
    /// Cleared at each look for unused sockets.
    was_used: AtomicBool,
    connection: Arc<ConnectionState>,
}

/// What the sessions on a link are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    Calls,
    /// Live queries, whose events the server may answer by closing the socket.
    Live,
    /// Streamed replies, each on a socket that is read as fast as the program takes the rows.
    Rows,
}

/// The place of one session on a link; given up when dropped.
#[derive(Debug)]
pub(crate) struct Lease(Link);

/// The consequences of a reply besides the result of its call.
#[derive(Debug, Default)]
struct OnReply {
    cleanup: Cleanup,
    live: Option<Route>,
    late: Option<oneshot::Sender<Result<Reply>>>,
    frames: Option<FrameQueue>,
}

/// Receives the reply to a sent call after its deadline.
///
/// A call ends at its deadline, although the server may still carry out the request. A caller that must know when the
/// request can no longer take effect holds this. The driver keeps the call until the reply comes or the link ends.
#[derive(Debug)]
pub(crate) struct LateReply {
    operation: Operation,
    receiver: oneshot::Receiver<Result<Reply>>,
}

impl Link {
    pub(super) fn new(
        (endpoint, url, purpose, version): (usize, Option<ServerUrl>, Purpose, Option<ServerVersion>),
        (driver, commands): (SharedDriver, mpsc::UnboundedSender<Command>),
        end: Arc<LinkEnd>,
        connection: Arc<ConnectionState>,
    ) -> Self {
        Self(Arc::new(LinkInner {
            endpoint,
            purpose,
            opened: Instant::now(),
            driver,
            commands,
            end,
            url,
            version: OnceCell::new_with(version),
            sessions: AtomicUsize::new(0),
            was_used: AtomicBool::new(true),
            connection,
        }))
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn endpoint(&self) -> usize {
        self.0.endpoint
    }

    pub(super) fn purpose(&self) -> Purpose {
        self.0.purpose
    }

    pub(super) fn opened(&self) -> Instant {
        self.0.opened
    }

    /// The number of sessions on it.
    pub(super) fn sessions(&self) -> usize {
        self.0.sessions.load(Ordering::Relaxed)
    }

    /// Returns true if it has sessions, or had some since this was last asked.
    pub(super) fn is_used(&self) -> bool {
        self.0.was_used.swap(self.sessions() > 0, Ordering::Relaxed) || self.sessions() > 0
    }

    pub(super) fn end(&self) -> Option<&End> {
        self.0.end.get()
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.end().is_none()
    }

    /// Returns the version of the server, which is asked for it once if its answer to the handshake did not tell it.
    pub(crate) async fn version(&self, deadline: Deadline) -> Result<&ServerVersion> {
        let ask = async || {
            let request = RequestWriter::new(self.0.connection.next_id(), "version".into(), None, None).finish();
            let reply = self.call(request, deadline, Cleanup::Nothing).await?;
            let text = codec::decode::<String>(&reply);
            let text = text.map_err(|error| Error::protocol("the reply to `version` is no text").with_source(error))?;
            text.parse()
        };
        self.0.version.get_or_try_init(ask).await
    }

    /// Fails if the server does not have a feature that a request needs. A server that does not tell its version has all.
    async fn require(&self, feature: Feature, operation: &Operation, deadline: Deadline) -> Result<()> {
        match self.version_for(operation, deadline).await? {
            Some(version) if !version.supports(feature) => Err(feature.missing(operation, version)),
            Some(_) | None => Ok(()),
        }
    }

    /// The version of the server, before a request that depends on it is sent; `None` if the server does not tell it.
    async fn version_for(&self, operation: &Operation, deadline: Deadline) -> Result<Option<&ServerVersion>> {
        match self.version(deadline).await {
            Ok(version) => Ok(Some(version)),
            Err(error) if error.kind() == ErrorKind::Timeout => {
                Err(deadline.call_timed_out_waiting_for(operation, "the version of the server"))
            }
            Err(error) if error.delivery() != Delivery::Answered => Err(error.with_delivery(Delivery::NotSent)),
            Err(_) => Ok(None),
        }
    }

    /// The request as it is for this server: without indexes that would find other records.
    async fn hinted(&self, request: Request, deadline: Deadline) -> Result<Request> {
        let version = match self.0.version.get() {
            None if request.has_hints() => Box::pin(self.version_for(&request.operation, deadline)).await?,
            known => known,
        };
        Ok(match version {
            Some(version) => request.for_server(version),
            None => request,
        })
    }

    /// Sends a `query` request whose last statement is a LIVE SELECT. Returns its result and the events of the live query.
    ///
    /// `owner` is the session as it was before the request was made, and `registering` is dropped with the reply. If this
    /// future is dropped, the driver kills the live query that the server may have registered.
    pub(crate) async fn follow(
        &self,
        request: Request,
        deadline: Deadline,
        owner: Owner,
        capacity: Capacity,
        registering: OwnedRwLockReadGuard<()>,
    ) -> Result<(Bytes, Subscription)> {
        let (queue, subscription) = self.subscription(capacity);
        let live = Some(Route { queue, owner, registering: Some(registering) });
        // Dropped here: the call and the subscription each tell the driver that they are gone.
        let result = self.send(request, deadline, OnReply { live, ..OnReply::default() }).await?;
        Ok((result, subscription))
    }

    /// Returns the events of a live query that exists already.
    pub(crate) fn subscribe(&self, id: LiveId, owner: Owner, capacity: Capacity) -> Result<Subscription> {
        let (queue, subscription) = self.subscription(capacity);
        let command = Command::Follow(id, Route { queue, owner, registering: None });
        self.0.commands.send(command).map_err(|_| self.ended(&"subscribe".into(), Delivery::NotSent))?;
        Ok(subscription)
    }

    /// Returns the events of a live query that has other streams. If it is over by now, the end is the first item.
    pub(crate) fn join(&self, id: LiveId, owner: Owner, capacity: Capacity) -> Subscription {
        let (queue, subscription) = self.subscription(capacity);
        self.command(Command::Join(id, Route { queue, owner, registering: None }));
        subscription
    }

    /// Ends the streams of a live query that was killed.
    pub(crate) fn killed(&self, id: LiveId) {
        self.command(Command::Killed(id));
    }

    /// Puts an item into the queues of all streams of a session.
    pub(crate) fn tell(&self, session: Option<SessionId>, item: QueueItem) {
        self.command(Command::Tell(session, item));
    }

    /// Ends the streams of a session that is opened again on this link, as if the link was lost.
    pub(crate) fn forget_streams(&self, session: SessionId) {
        let end = End::lost("the session was opened again");
        self.tell(Some(session), QueueItem::End(StreamEnd::Connection(end)));
    }

    /// Has the driver undo something on the server; never waits.
    pub(crate) fn clean(&self, cleanup: Cleanup) {
        self.command(Command::Clean(cleanup));
    }

    /// Has the driver close the socket.
    pub(super) fn close(&self) {
        self.command(Command::Close);
    }

    fn command(&self, command: Command) {
        // Fails only when the link is over, and everything on the server with it.
        let _ = self.0.commands.send(command);
    }

    fn subscription(&self, capacity: Capacity) -> (EventQueue, Subscription) {
        let queue = EventQueue::new(capacity);
        (queue.clone(), Subscription::new(queue, self.0.commands.clone()))
    }

    /// Sends a request and returns the bytes of its result.
    ///
    /// The driver carries out `cleanup` if the request may have succeeded and this future is dropped before it is ready.
    pub(crate) async fn call(&self, request: Request, deadline: Deadline, cleanup: Cleanup) -> Result<Bytes> {
        self.send(request, deadline, OnReply { cleanup, ..OnReply::default() }).await
    }

    /// Sends a request whose reply is streamed, and returns its last part. The others come through the queue.
    ///
    /// While the queue is full, nothing is read from the socket. If this future is dropped, the server is told to stop.
    pub(crate) async fn stream(&self, request: Request, deadline: Deadline, frames: FrameQueue) -> Result<Bytes> {
        self.send(request, deadline, OnReply { frames: Some(frames), ..OnReply::default() }).await
    }

    /// Sends a request like [`call`](Self::call). If the deadline passes without a reply, the result is an error, and the
    /// second value waits for the late reply.
    pub(crate) async fn call_with_late_reply(
        &self,
        request: Request,
        deadline: Deadline,
    ) -> (Result<Bytes>, Option<LateReply>) {
        let (sender, late) = LateReply::new(request.operation.clone());
        // Dropped here: the driver drops the late reply.
        let result = self.send(request, deadline, OnReply { late: Some(sender), ..OnReply::default() }).await;
        let is_unknown = result.as_ref().is_err_and(|error| error.delivery() == Delivery::Unknown);
        (result, is_unknown.then(|| late.if_pending()).flatten())
    }

    async fn send(&self, request: Request, deadline: Deadline, on_reply: OnReply) -> Result<Bytes> {
        let OnReply { cleanup, live, late, frames } = on_reply;
        if let Some(feature) = request.needs {
            // Boxed: it makes a call, and few requests need it.
            Box::pin(self.require(feature, &request.operation, deadline)).await?;
        }
        let request = self.hinted(request, deadline).await?;
        let request = self.traced(request);
        let operation = request.operation.clone();
        self.check_size(&request)?;
        self.warn_of_password(&operation);
        let permit = self.permit(&operation, deadline).await?;
        let (reply, receiver) = oneshot::channel();
        let call =
            InFlight { id: request.id, cleanup, reply: receiver, commands: self.0.commands.clone(), is_done: false };
        let watched = watch::current();
        if let (Some(watched), Some(url)) = (&watched, &self.0.url) {
            watched.on_server(&url.host, url.port);
        }
        let caller = Caller { reply, timeout: deadline.timeout, span: Span::current(), watched };
        let call_to_send = NewCall { request, deadline: deadline.at, cleanup, live, frames, caller, late, permit };
        if let Some(unsent) = self.0.driver.try_send(call_to_send) {
            let command = Command::Call(Box::new(unsent));
            self.0.commands.send(command).map_err(|_| self.ended(&operation, Delivery::NotSent))?;
        }
        // Dropped here: `InFlight` tells the driver, which undoes what the call may have opened.
        match while_driven(&self.0.connection, deadline, call).await {
            Some(Ok(reply)) => self.read(reply, &operation, cleanup),
            Some(Err(_)) => Err(self.ended(&operation, Delivery::Unknown)),
            None => Err(not_driven(&format!("no reply to `{operation}`"), deadline)),
        }
    }

    /// The bytes of a result. If the reply cannot be read, the driver closes what the call has opened.
    fn read(&self, reply: Result<Reply>, operation: &Operation, cleanup: Cleanup) -> Result<Bytes> {
        let undo = cleanup.after(&reply);
        let reply = reply?;
        let has_statements = operation.method() == "query";
        let result = if has_statements { reply.into_statements(operation) } else { reply.into_result(operation) };
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Protocol) {
            self.clean(undo);
        }
        result
    }

    fn check_size(&self, request: &Request) -> Result<()> {
        let (size, limit) = (request.frame.len(), self.0.connection.config.max_message_bytes);
        if size <= limit {
            return Ok(());
        }
        let message =
            format!("`{}` makes a message of {size} bytes, above the limit of {limit} bytes", request.operation);
        Err(Error::new(ErrorKind::TooLarge, message))
    }

    /// Warns once for each connection.
    fn warn_of_password(&self, operation: &Operation) {
        let is_password = matches!(operation.method(), "signin" | "signup");
        if is_password && self.is_exposed() && self.0.connection.warns_of_password() {
            warn!("a password is sent over `ws://`, which is not encrypted, to another machine; use `wss://`");
        }
    }

    /// Returns true if what is sent can be read on a network.
    fn is_exposed(&self) -> bool {
        self.0.url.as_ref().is_some_and(ServerUrl::is_exposed)
    }

    /// The request with the trace of its call, if the program gives that.
    fn traced(&self, request: Request) -> Request {
        match &self.0.connection.config.monitor.trace {
            Some(trace) => trace.add_to(request),
            None => request,
        }
    }

    async fn permit(&self, operation: &Operation, deadline: Deadline) -> Result<OwnedSemaphorePermit> {
        let connection = &self.0.connection;
        if let Ok(permit) = Arc::clone(&connection.capacity).try_acquire_owned() {
            return Ok(permit);
        }
        match within(connection, deadline.at, Arc::clone(&connection.capacity).acquire_owned()).await {
            Some(permit) => permit.map_err(|_| self.ended(operation, Delivery::NotSent)),
            None => {
                let slot = format_args!("a free call slot (max_calls = {})", connection.config.max_calls);
                Err(deadline.call_timed_out_waiting_for(operation, slot))
            }
        }
    }

    fn ended(&self, operation: &Operation, delivery: Delivery) -> Error {
        match self.end() {
            Some(end) => end.error(operation, delivery),
            // The connection ends before its links do.
            None => self.0.connection.ended(operation, delivery),
        }
    }
}

impl Lease {
    pub(super) fn new(link: &Link) -> Self {
        link.0.sessions.fetch_add(1, Ordering::Relaxed);
        link.0.was_used.store(true, Ordering::Relaxed);
        Self(link.clone())
    }

    pub(crate) fn link(&self) -> &Link {
        &self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.0.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

impl LateReply {
    fn new(operation: Operation) -> (oneshot::Sender<Result<Reply>>, Self) {
        let (sender, receiver) = oneshot::channel();
        (sender, Self { operation, receiver })
    }

    /// Returns this if the call has ended and its reply may still come.
    fn if_pending(mut self) -> Option<Self> {
        match self.receiver.try_recv() {
            Err(TryRecvError::Closed) => None,
            Err(TryRecvError::Empty) => Some(self),
            // It came in the meantime: put it back for `result`.
            Ok(reply) => {
                let (sender, late) = Self::new(self.operation);
                // The receiver exists, so this cannot fail.
                let _ = sender.send(reply);
                Some(late)
            }
        }
    }

    /// Waits for the reply; `None` if the link ends first.
    pub(crate) async fn result(self) -> Option<Result<Bytes>> {
        let reply = self.receiver.await.ok()?;
        Some(reply.and_then(|reply| reply.into_result(&self.operation)))
    }
}
