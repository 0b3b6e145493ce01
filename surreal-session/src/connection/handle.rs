//! The side of a connection that tasks hold: it queues frames and waits for bytes.

use std::any::Any;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::runtime;
use tokio::sync::{OwnedRwLockReadGuard, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;
use tracing::Span;

use super::call::{Call, Caller, Cleanup, Command, InFlight, Progress, Subscription};
use super::driver::Driver;
use super::end::End;
use super::epoch::Owner;
use super::event_queue::{Capacity, EventQueue, QueueItem};
use super::late::LateReply;
use super::routes::Route;
use super::timer::Timer;
use super::{Config, ServerUrl, socket};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{LiveId, Operation, Reply, Request, RequestId, SessionId};

/// A connection, shared by all of its sessions. When the last one goes, the driver closes the socket.
#[derive(Debug, Clone)]
pub(crate) struct Handle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    commands: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
    config: Config,
    id: SessionId,
    runtime: runtime::Handle,
    finished: watch::Receiver<()>,
}

/// The time by which a call must end. Made once, when the call is first polled, and passed to all of its requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// The time that the call had in all, for messages.
    pub(crate) whole: Duration,
    pub(crate) until: Instant,
}

/// The consequences of a reply besides the result of its call.
#[derive(Debug, Default)]
struct OnReply {
    cleanup: Cleanup,
    live: Option<Route>,
    late: Option<oneshot::Sender<Result<Reply>>>,
}

/// What the handle and the driver have in common.
#[derive(Debug)]
pub(super) struct Shared {
    next_id: AtomicI64,
    pub(super) capacity: Arc<Semaphore>,
    pub(super) end: OnceLock<End>,
    /// How many sessions are attached, as far as the client knows.
    pub(super) attached: AtomicUsize,
}

impl Shared {
    pub(super) fn next_id(&self) -> RequestId {
        RequestId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether a request may have had this id.
    pub(super) fn was_used(&self, id: RequestId) -> bool {
        (1..self.next_id.load(Ordering::Relaxed)).contains(&id.0)
    }
}

impl Handle {
    /// Opens the socket and starts the driver on the current runtime.
    pub(crate) async fn connect(url: &ServerUrl, config: Config) -> Result<Self> {
        let runtime = runtime::Handle::try_current()
            .map_err(|error| Error::new(ErrorKind::Connect, "connecting needs a tokio runtime").with_source(error))?;
        let id = SessionId::random();
        // A runtime cannot be asked whether it has timers and IO; it panics where it has not.
        let opened = AssertUnwindSafe(socket::open(url, id, &config)).catch_unwind().await;
        let socket = opened.unwrap_or_else(|panic| Err(no_driver(panic)))?;
        let (commands, receiver) = mpsc::unbounded_channel();
        let (running, finished) = watch::channel(());
        let shared = Arc::new(Shared {
            next_id: AtomicI64::new(1),
            capacity: Arc::new(Semaphore::new(config.max_calls.clamp(1, Semaphore::MAX_PERMITS))),
            end: OnceLock::new(),
            attached: AtomicUsize::new(0),
        });
        let driver = Driver::new(socket, receiver, Arc::clone(&shared), &config);
        runtime.spawn(driver.run(running));
        Ok(Self(Arc::new(Inner { commands, shared, config, id, runtime, finished })))
    }

    /// The id of the connection, which is also that of its default session.
    pub(crate) fn id(&self) -> SessionId {
        self.0.id
    }

    pub(crate) fn next_id(&self) -> RequestId {
        self.0.shared.next_id()
    }

    pub(crate) fn attached(&self) -> &AtomicUsize {
        &self.0.shared.attached
    }

    pub(crate) fn max_message_bytes(&self) -> usize {
        self.0.config.max_message_bytes
    }

    /// The runtime that the connection lives on; what must outlive its caller is spawned there.
    pub(crate) fn runtime(&self) -> &runtime::Handle {
        &self.0.runtime
    }

    /// The deadline of a call that begins now: `time` from now, or else the time that the connection is configured with.
    pub(crate) fn deadline(&self, time: Option<Duration>) -> Deadline {
        let whole = time.unwrap_or(self.0.config.deadline);
        Deadline { whole, until: after(whole) }
    }

    /// Sends a `query` request whose last statement is a LIVE SELECT, and gives the events of the live query beside its
    /// result. `owner` is the session as it was before the request was made, and `registering` is dropped with the reply.
    ///
    /// If this future is dropped, the live query that the server may have registered is killed.
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

    /// Gives the events of a live query that exists already.
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

    /// Tells the streams of a session what happened to it.
    pub(crate) fn tell(&self, session: Option<SessionId>, item: QueueItem) {
        // Fails only when the connection is over, and its streams with it.
        let _ = self.0.commands.send(Command::Tell(session, item));
    }

    fn subscription(&self, capacity: Capacity) -> (EventQueue, Subscription) {
        let queue = EventQueue::new(capacity);
        (queue.clone(), Subscription::new(queue, self.0.commands.clone()))
    }

    /// Sends a request and gives the bytes of its result.
    ///
    /// `cleanup` is carried out if the request may have succeeded on the server and this future is dropped before it
    /// could say so.
    pub(crate) async fn call_within(&self, request: Request, deadline: Deadline, cleanup: Cleanup) -> Result<Bytes> {
        self.send(request, deadline, OnReply { cleanup, ..OnReply::default() }).await
    }

    /// Sends a request that has to be followed to its end. If the deadline passes without a reply, the error comes with
    /// the means to wait for the late one.
    pub(crate) async fn call_to_its_end(
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
        let call = InFlight {
            id: request.id,
            cleanup,
            reply: receiver,
            commands: self.0.commands.clone(),
            done: Progress::Waiting,
        };
        let caller = Caller { reply, patience: deadline.whole, span: Span::current() };
        let command =
            Command::Call(Box::new(Call { request, deadline: deadline.until, cleanup, live, caller, late, permit }));
        self.0.commands.send(command).map_err(|_| self.ended(&operation, Delivery::NotSent))?;
        // Dropped here: `InFlight` tells the driver, which undoes what the call may have opened.
        match self.while_driven(call, deadline).await {
            Some(Ok(reply)) => self.read(reply, &operation, cleanup),
            Some(Err(_)) => Err(self.ended(&operation, Delivery::Unknown)),
            None => Err(not_driven(&format!("no reply to `{operation}`"), deadline)),
        }
    }

    /// The bytes of a result. What a call has opened is closed if its reply cannot be read.
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
    pub(crate) async fn close(&self) {
        // Fails only when the connection is over already.
        let _ = self.0.commands.send(Command::Close);
        let mut finished = self.0.finished.clone();
        // The driver sends nothing: the channel ends with it.
        let _ = finished.changed().await;
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

    /// Waits until `deadline`, whichever runtime or other executor polls it.
    pub(crate) fn timer(&self, deadline: Instant) -> Timer {
        Timer::new(deadline, self.0.runtime.clone(), Arc::clone(&self.0.shared))
    }

    /// Waits for work in the connection's runtime, which ends at its deadline. If that runtime does not run, the caller's
    /// own timer ends the wait a little later, with `None`.
    pub(crate) async fn while_driven<T>(&self, work: impl Future<Output = T>, deadline: Deadline) -> Option<T> {
        let is_at_home = runtime::Handle::try_current().is_ok_and(|current| current.id() == self.0.runtime.id());
        if is_at_home {
            return Some(work.await);
        }
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.timer(deadline.until + SLACK) => None,
        }
    }

    async fn permit(&self, operation: &Operation, deadline: Deadline) -> Result<OwnedSemaphorePermit> {
        let capacity = &self.0.shared.capacity;
        if let Ok(permit) = Arc::clone(capacity).try_acquire_owned() {
            return Ok(permit);
        }
        let Deadline { whole, until } = deadline;
        tokio::select! {
            biased;
            permit = Arc::clone(capacity).acquire_owned() => permit.map_err(|_| self.ended(operation, Delivery::NotSent)),
            () = self.timer(until) => Err(Error::new(
                ErrorKind::Timeout,
                format!("`{operation}` found no room within {whole:?}: {} calls are in flight", self.0.config.max_calls),
            )),
        }
    }

    fn ended(&self, operation: &Operation, delivery: Delivery) -> Error {
        match self.0.shared.end.get() {
            Some(end) => end.error(operation, delivery),
            None => End::runtime_gone().error(operation, delivery),
        }
    }
}

/// The error of a call that the connection's runtime may still carry out, if it ever runs again.
pub(crate) fn not_driven(what: &str, deadline: Deadline) -> Error {
    let message = format!("{what} within {:?}; the runtime of the connection is not running", deadline.whole);
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

/// The instant `time` from now; a time too long to express becomes thirty years.
pub(super) fn after(time: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(24 * 365 * 30);
    Instant::now() + time.min(FAR)
}

/// How much longer than the driver a caller waits for the end of its call.
const SLACK: Duration = Duration::from_millis(100);
