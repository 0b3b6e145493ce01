//! The side of a connection that callers hold: it queues frames and waits for the bytes of the replies.

use std::any::Any;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::runtime;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{OwnedRwLockReadGuard, OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::time::Instant;
use tracing::Span;

use super::call::{Caller, Cleanup, Command, InFlight, NewCall, Subscription};
use super::deadline::Deadline;
use super::driver::Driver;
use super::end::End;
use super::epoch::Owner;
use super::event_queue::{Capacity, EventQueue, QueueItem};
use super::routes::Route;
use super::state::ConnectionState;
use super::timer::Timer;
use super::{Config, ServerUrl, socket};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{LiveId, Operation, Reply, Request, RequestId, SessionId};

/// A connection, shared by all of its sessions. When the last handle is dropped, the driver closes the socket.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<ClientInner>);

#[derive(Debug)]
struct ClientInner {
    commands: mpsc::UnboundedSender<Command>,
    state: Arc<ConnectionState>,
    config: Config,
    id: SessionId,
    runtime: runtime::Handle,
    finished: watch::Receiver<()>,
}

/// The consequences of a reply besides the result of its call.
#[derive(Debug, Default)]
struct OnReply {
    cleanup: Cleanup,
    live: Option<Route>,
    late: Option<oneshot::Sender<Result<Reply>>>,
}

/// Receives the reply to a sent call after its deadline.
///
/// A call ends at its deadline, although the server may still carry out the request. A caller that must know when the
/// request can no longer take effect holds this. The driver keeps the call until the reply comes or the connection ends.
#[derive(Debug)]
pub(crate) struct LateReply {
    operation: Operation,
    receiver: oneshot::Receiver<Result<Reply>>,
}

impl Client {
    /// Opens the socket and starts the driver on the current runtime.
    pub(crate) async fn connect(url: &ServerUrl, config: Config) -> Result<Self> {
        let runtime = runtime::Handle::try_current()
            .map_err(|error| Error::new(ErrorKind::Connect, "connecting needs a tokio runtime").with_source(error))?;
        let id = SessionId::random();
        // A runtime cannot be asked whether it has timers and IO; it panics where it has not.
        let opened = AssertUnwindSafe(socket::open(url, Some(id), &config)).catch_unwind().await;
        let opened = opened.map_err(no_driver)?;
        let socket = opened.map_err(|failure| failure.error)?;
        let (commands, receiver) = mpsc::unbounded_channel();
        let (running, finished) = watch::channel(());
        let state = Arc::new(ConnectionState::new(config.max_calls));
        let driver = Driver::new(socket, receiver, Arc::clone(&state), &config);
        runtime.spawn(driver.run(running));
        Ok(Self(Arc::new(ClientInner { commands, state, config, id, runtime, finished })))
    }

    /// The id of the connection, which is also that of its default session.
    pub(crate) fn id(&self) -> SessionId {
        self.0.id
    }

    pub(crate) fn next_id(&self) -> RequestId {
        self.0.state.next_id()
    }

    /// Counts a session that was attached.
    pub(crate) fn session_attached(&self) {
        self.0.state.attached.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a session that was detached, or will be.
    pub(crate) fn session_detached(&self) {
        self.0.state.attached.fetch_sub(1, Ordering::Relaxed);
    }

    /// The number of attached sessions, as far as the client knows.
    pub(crate) fn attached_sessions(&self) -> usize {
        self.0.state.attached.load(Ordering::Relaxed)
    }

    pub(crate) fn max_message_bytes(&self) -> usize {
        self.0.config.max_message_bytes
    }

    /// The runtime that the connection lives on; what must outlive its caller is spawned there.
    pub(crate) fn runtime(&self) -> &runtime::Handle {
        &self.0.runtime
    }

    /// The deadline of a call that begins now: `timeout` from now, by default the timeout of the connection.
    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Deadline {
        Deadline::of(timeout.unwrap_or(self.0.config.deadline))
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

    /// Ends the streams of a live query that was killed.
    pub(crate) fn killed(&self, id: LiveId) {
        // Fails only when the connection is over, and its streams with it.
        let _ = self.0.commands.send(Command::Killed(id));
    }

    /// Puts an item into the queues of all streams of a session.
    pub(crate) fn tell(&self, session: Option<SessionId>, item: QueueItem) {
        // Fails only when the connection is over, and its streams with it.
        let _ = self.0.commands.send(Command::Tell(session, item));
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
        let OnReply { cleanup, live, late } = on_reply;
        let operation = request.operation.clone();
        self.check_size(&request)?;
        let permit = self.permit(&operation, deadline).await?;
        let (reply, receiver) = oneshot::channel();
        let call =
            InFlight { id: request.id, cleanup, reply: receiver, commands: self.0.commands.clone(), is_done: false };
        let caller = Caller { reply, timeout: deadline.timeout, span: Span::current() };
        let command =
            Command::Call(Box::new(NewCall { request, deadline: deadline.at, cleanup, live, caller, late, permit }));
        self.0.commands.send(command).map_err(|_| self.ended(&operation, Delivery::NotSent))?;
        // Dropped here: `InFlight` tells the driver, which undoes what the call may have opened.
        match self.while_driven(deadline, call).await {
            Some(Ok(reply)) => self.read(reply, &operation, cleanup),
            Some(Err(_)) => Err(self.ended(&operation, Delivery::Unknown)),
            None => Err(not_driven(&format!("no reply to `{operation}`"), deadline)),
        }
    }

    /// The bytes of a result. If the reply cannot be read, the driver closes what the call has opened.
    fn read(&self, reply: Result<Reply>, operation: &Operation, cleanup: Cleanup) -> Result<Bytes> {
        let undo = cleanup.after(&reply);
        let result = reply?.into_result(operation);
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Protocol) {
            self.clean(undo);
        }
        result
    }

    /// Has the driver undo something on the server; never waits.
    pub(crate) fn clean(&self, cleanup: Cleanup) {
        // Fails only when the connection is over, and everything on the server with it.
        let _ = self.0.commands.send(Command::Clean(cleanup));
    }

    /// Closes the connection, and waits until the socket is closed.
    pub(crate) async fn close(&self, deadline: Deadline) -> Result<()> {
        // Fails only when the connection is over already.
        let _ = self.0.commands.send(Command::Close);
        let mut finished = self.0.finished.clone();
        // The driver sends nothing: the channel ends with it.
        match self.within(deadline.at, finished.changed()).await {
            Some(_) => Ok(()),
            None => Err(not_driven("the socket was not closed", deadline)),
        }
    }

    fn check_size(&self, request: &Request) -> Result<()> {
        let (size, limit) = (request.frame.len(), self.0.config.max_message_bytes);
        if size <= limit {
            return Ok(());
        }
        let message =
            format!("`{}` makes a message of {size} bytes, above the limit of {limit} bytes", request.operation);
        Err(Error::new(ErrorKind::TooLarge, message))
    }

    /// A timer that can be polled on any runtime or executor.
    pub(crate) fn timer(&self, at: Instant) -> Timer {
        Timer::new(at, self.0.runtime.clone(), Arc::clone(&self.0.state))
    }

    /// Waits for `work` until `at`; `None` if it takes longer.
    pub(crate) async fn within<T>(&self, at: Instant, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.timer(at) => None,
        }
    }

    /// Waits for work in the connection's runtime, which ends at its deadline. If that runtime does not run, the caller's
    /// own timer ends the wait a little later, with `None`.
    pub(crate) async fn while_driven<T>(&self, deadline: Deadline, work: impl Future<Output = T>) -> Option<T> {
        let is_at_home = runtime::Handle::try_current().is_ok_and(|current| current.id() == self.0.runtime.id());
        if is_at_home { Some(work.await) } else { self.within(deadline.at + SLACK, work).await }
    }

    async fn permit(&self, operation: &Operation, deadline: Deadline) -> Result<OwnedSemaphorePermit> {
        let capacity = &self.0.state.capacity;
        if let Ok(permit) = Arc::clone(capacity).try_acquire_owned() {
            return Ok(permit);
        }
        match self.within(deadline.at, Arc::clone(capacity).acquire_owned()).await {
            Some(permit) => permit.map_err(|_| self.ended(operation, Delivery::NotSent)),
            None => {
                let slot = format_args!("a free call slot (max_calls = {})", self.0.config.max_calls);
                Err(deadline.call_timed_out_waiting_for(operation, slot))
            }
        }
    }

    /// The error of a call that the connection's end has ended. Without a known reason, its runtime was shut down.
    pub(crate) fn ended(&self, operation: &Operation, delivery: Delivery) -> Error {
        self.0.state.end.get().cloned().unwrap_or_else(End::runtime_gone).error(operation, delivery)
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

    /// Waits for the reply; `None` if the connection ends first.
    pub(crate) async fn result(self) -> Option<Result<Bytes>> {
        let reply = self.receiver.await.ok()?;
        Some(reply.and_then(|reply| reply.into_result(&self.operation)))
    }
}

/// The error of a call that the connection's runtime may still carry out, if it ever runs again.
pub(crate) fn not_driven(what: &str, deadline: Deadline) -> Error {
    let message = format!("{what} within {:?}; the runtime of the connection is not running", deadline.timeout);
    Error::new(ErrorKind::Timeout, message).with_delivery(Delivery::Unknown)
}

/// Tells a runtime that lacks what a connection needs from one that works.
fn no_driver(panic: Box<dyn Any + Send>) -> Error {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    if !(text.contains("enable_time") || text.contains("enable_io")) {
        resume_unwind(panic);
    }
    Error::new(ErrorKind::Connect, "connecting needs a tokio runtime with IO and timers: build it with `enable_all`")
}

/// The time that a caller waits longer than the driver for the end of its call.
const SLACK: Duration = Duration::from_millis(100);
