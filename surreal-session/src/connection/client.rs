//! The side of a connection that its sessions hold: the clock, the ids, and the way to a link.

use std::any::Any;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::warn;

use super::deadline::{Deadline, Patience};
use super::dial;
use super::end::End;
use super::events::{ConnectionEvent, ConnectionEvents};
use super::fleet::Fleet;
use super::link::{Lease, Link, Purpose};
use super::socket::Opened;
use super::state::{ConnectionState, not_driven};
use super::status::ConnectionStatus;
use super::supervisor::{Order, Place, Supervisor};
use super::timer::{Timer, while_driven, within};
use super::watch::{CallSubject, CallWatch, Monitor, RunWatch};
use super::{Config, ServerUrl};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Operation, RequestId, SessionId};

/// A connection, shared by all of its sessions. When the last handle is dropped, the supervisor closes the sockets.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<ClientInner>);

#[derive(Debug)]
struct ClientInner {
    orders: mpsc::UnboundedSender<Order>,
    state: Arc<ConnectionState>,
    fleet: Arc<Fleet>,
    finished: watch::Receiver<()>,
    default_session: SessionId,
    is_started: AtomicBool,
    /// Until it is started. The sender is dropped when the supervisor has ended.
    supervisor: Mutex<Option<(Supervisor, watch::Sender<()>)>>,
    /// The restorations of sessions that calls wait for.
    restorations: Arc<Semaphore>,
}

impl Client {
    /// Opens the first socket and starts the supervisor on the current runtime.
    pub(crate) async fn connect(endpoints: Vec<ServerUrl>, config: Config) -> Result<Self> {
        let client = Self::lazy(endpoints, config);
        client.0.state.home()?;
        // A runtime cannot be asked whether it has timers and IO; it panics where it has not.
        let opened = AssertUnwindSafe(dial::first(&client.0.fleet, &client.0.state.config)).catch_unwind().await;
        let opened = opened.map_err(no_driver)??;
        client.start_with(Some(opened))?;
        Ok(client)
    }

    /// A connection that opens its first socket when it is used.
    pub(crate) fn lazy(endpoints: Vec<ServerUrl>, config: Config) -> Self {
        let (orders, receiver) = mpsc::unbounded_channel();
        let (running, finished) = watch::channel(());
        if endpoints.len() > 1 {
            warn!(
                "live queries report writes that are made through other nodes only if every node runs with \
                 SURREAL_LIVE_QUERY_ENGINE=router"
            );
        }
        let state = Arc::new(ConnectionState::new(config));
        let fleet = Arc::new(Fleet::new(endpoints));
        let supervisor = Supervisor::new(receiver, Arc::clone(&state), Arc::clone(&fleet));
        Self(Arc::new(ClientInner {
            orders,
            state,
            fleet,
            finished,
            default_session: SessionId::random(),
            is_started: AtomicBool::new(false),
            supervisor: Mutex::new(Some((supervisor, running))),
            restorations: Arc::new(Semaphore::new(RESTORATIONS)),
        }))
    }

    /// A connection whose calls all fail with this error.
    pub(crate) fn unusable(error: Error, config: Config) -> Self {
        let client = Self::lazy(Vec::new(), config);
        // Nothing else has set it.
        let _ = client.0.state.end.set(End::unusable(error));
        client
    }

    /// The id of the connection's default session.
    pub(crate) fn default_session(&self) -> SessionId {
        self.0.default_session
    }

    /// Makes sure that the supervisor runs: on the runtime that uses the connection first.
    pub(crate) fn start(&self) -> Result<()> {
        if self.0.is_started.load(Ordering::Acquire) { Ok(()) } else { self.start_with(None) }
    }

    fn start_with(&self, first: Option<(usize, Opened)>) -> Result<()> {
        let home = self.0.state.home()?;
        let waiting = self.0.supervisor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((supervisor, running)) = waiting {
            home.spawn(supervisor.run(first, running));
        }
        self.0.is_started.store(true, Ordering::Release);
        Ok(())
    }

    /// Fails if the sessions of a lost link are not opened on another one.
    pub(crate) fn check_replaceable(&self, link: &Link, operation: &Operation) -> Result<()> {
        match link.end() {
            Some(end) if !self.0.state.config.reconnect.is_enabled() => {
                Err(end.clone().for_good().error(operation, Delivery::NotSent))
            }
            _ => Ok(()),
        }
    }

    /// The number of endpoints.
    pub(crate) fn endpoints(&self) -> usize {
        self.0.fleet.urls.len()
    }

    pub(crate) fn next_id(&self) -> RequestId {
        self.0.state.next_id()
    }

    /// The maximum number of sockets for live queries.
    pub(crate) fn live_sockets(&self) -> usize {
        self.0.state.config.live_sockets
    }

    pub(crate) fn max_message_bytes(&self) -> usize {
        self.0.state.config.max_message_bytes
    }

    pub(crate) fn conflict_retries(&self) -> u32 {
        self.0.state.config.conflict_retries
    }

    /// Runs work that must outlive its caller, on the runtime of the connection.
    pub(crate) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        match self.0.state.known_home() {
            Some(home) => home.spawn(work),
            // A connection is started by its first call, before anything is spawned.
            None => Handle::current().spawn(work),
        }
    }

    pub(crate) fn deadline(&self, patience: impl Into<Patience>) -> Deadline {
        self.0.state.deadline(patience)
    }

    /// A deadline that leaves at least the time of a call, for work that goes on without its caller.
    pub(crate) fn own_deadline(&self, deadline: Deadline) -> Deadline {
        self.deadline(Some(deadline.timeout.max(self.0.state.config.deadline)))
    }

    /// A timer that can be polled on any runtime or executor.
    pub(crate) fn timer(&self, at: Instant) -> Timer {
        Timer::new(at, Arc::clone(&self.0.state))
    }

    /// Waits for `work` until `at`; `None` if it takes longer.
    pub(crate) async fn within<T>(&self, at: Instant, work: impl Future<Output = T>) -> Option<T> {
        within(&self.0.state, at, work).await
    }

    /// Waits for work in the connection's runtime, which ends at its deadline. If that runtime does not run, the caller's
    /// own timer ends the wait a little later, with `None`.
    pub(crate) async fn while_driven<T>(&self, deadline: Deadline, work: impl Future<Output = T>) -> Option<T> {
        while_driven(&self.0.state, deadline, work).await
    }

    /// Finds a link with room for one more session, and waits until there is one.
    pub(crate) async fn place(&self, purpose: Purpose, deadline: Deadline, operation: &Operation) -> Result<Lease> {
        self.start()?;
        let (reply, placed) = oneshot::channel();
        let order = Order::Place(Place { purpose, fails_fast: deadline.fails_fast, reply });
        self.0.orders.send(order).map_err(|_| self.ended(operation, Delivery::NotSent))?;
        match self.within(deadline.at, placed).await {
            Some(Ok(placed)) => placed.map_err(|error| error.in_context(format_args!("`{operation}` was not sent"))),
            Some(Err(_)) => Err(self.ended(operation, Delivery::NotSent)),
            None => Err(self.0.fleet.no_link(operation, deadline)),
        }
    }

    /// Waits until another session may be restored: a limited number of them are at once.
    pub(crate) async fn restoration(&self, deadline: Deadline) -> Option<OwnedSemaphorePermit> {
        self.within(deadline.at, Arc::clone(&self.0.restorations).acquire_owned()).await?.ok()
    }

    /// Notes that the server has refused another session on a link, and returns whether that has others.
    pub(crate) fn note_session_limit(&self, lease: &Lease) -> bool {
        let others = lease.link().sessions().saturating_sub(1);
        if others > 0 {
            self.0.state.note_session_limit(others);
        }
        others > 0
    }

    /// Closes the connection, and waits until its sockets are closed.
    pub(crate) async fn close(&self, deadline: Deadline) -> Result<()> {
        self.start()?;
        // Fails only when the connection is over already.
        let _ = self.0.orders.send(Order::Close);
        match self.within(deadline.at, self.finished()).await {
            Some(()) => Ok(()),
            None => Err(not_driven("the socket was not closed", deadline)),
        }
    }

    /// Waits until the connection is over for good.
    pub(crate) fn finished(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut finished = self.0.finished.clone();
        // The supervisor sends nothing: the channel ends with it.
        async move { while finished.changed().await.is_ok() {} }
    }

    /// Returns true while the connection is not over for good.
    pub(crate) fn is_open(&self) -> bool {
        self.0.state.end.get().is_none()
    }

    pub(crate) fn events(&self) -> ConnectionEvents {
        let end = || self.0.state.end.get().map(|end| end.error_of("the connection", Delivery::NotSent));
        self.0.state.events.subscribe(end)
    }

    pub(crate) fn emit(&self, event: ConnectionEvent) {
        self.0.state.emit(event);
    }

    /// Begins to watch a call of the program, if something listens.
    pub(crate) fn watch<'a>(&self, subject: impl FnOnce() -> CallSubject<'a>) -> CallWatch {
        CallWatch::begin(self.monitor(), subject)
    }

    /// Begins to watch a transaction that is run by a closure.
    pub(crate) fn watch_run(&self, session: SessionId) -> RunWatch {
        RunWatch::begin(self.monitor(), session)
    }

    /// The settings for the observation of calls.
    pub(crate) fn monitor(&self) -> &Monitor {
        &self.0.state.config.monitor
    }

    pub(crate) fn status(&self) -> ConnectionStatus {
        self.0.fleet.status(&self.0.state)
    }

    /// All open links.
    pub(crate) fn links(&self) -> Vec<Link> {
        self.0.fleet.links().clone()
    }

    /// The error of a call that the connection's end has ended.
    pub(crate) fn ended(&self, operation: &Operation, delivery: Delivery) -> Error {
        self.0.state.ended(operation, delivery)
    }
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

/// The number of sessions that are restored at once.
const RESTORATIONS: usize = 32;
