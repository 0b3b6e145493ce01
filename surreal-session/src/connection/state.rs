//! The state that all parts of a connection share: its handles, its links, and its supervisor.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};

use super::Config;
use super::deadline::{Deadline, Patience};
use super::end::End;
use super::events::{ConnectionEvent, Events};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Operation, RequestId};

/// The state of one connection.
#[derive(Debug)]
pub(super) struct ConnectionState {
    pub(super) config: Config,
    next_id: AtomicI64,
    /// One permit for each call that may be queued or in flight.
    pub(super) capacity: Arc<Semaphore>,
    /// Set once, when the connection is over for good.
    pub(super) end: OnceLock<End>,
    /// The runtime that the connection lives on, from its first use on.
    runtime: OnceLock<Handle>,
    /// The number of sessions that the server allows on one socket, as far as the client knows.
    session_limit: AtomicUsize,
    pub(super) events: Events,
    /// Wakes the supervisor when a link has ended.
    pub(super) link_ended: Notify,
    /// Set when a password was sent that others can read.
    has_warned: AtomicBool,
}

impl ConnectionState {
    pub(super) fn new(config: Config) -> Self {
        Self {
            next_id: AtomicI64::new(1),
            capacity: Arc::new(Semaphore::new(config.max_calls.clamp(1, Semaphore::MAX_PERMITS))),
            end: OnceLock::new(),
            runtime: OnceLock::new(),
            session_limit: AtomicUsize::new(config.sessions_per_socket.max(1)),
            events: Events::default(),
            link_ended: Notify::new(),
            has_warned: AtomicBool::new(false),
            config,
        }
    }

    pub(super) fn next_id(&self) -> RequestId {
        RequestId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns true if a request may have had this id.
    pub(super) fn was_used(&self, id: RequestId) -> bool {
        (1..self.next_id.load(Ordering::Relaxed)).contains(&id.0)
    }

    /// Returns true the first time.
    pub(super) fn warns_of_password(&self) -> bool {
        !self.has_warned.swap(true, Ordering::Relaxed)
    }

    pub(super) fn session_limit(&self) -> usize {
        self.session_limit.load(Ordering::Relaxed)
    }

    /// Notes that the server has refused another session on a socket with this number of sessions.
    pub(super) fn note_session_limit(&self, sessions: usize) {
        self.session_limit.fetch_min(sessions.max(1), Ordering::Relaxed);
    }

    /// The runtime that the connection lives on: that of its first use.
    pub(super) fn home(&self) -> Result<&Handle> {
        if let Some(home) = self.runtime.get() {
            return Ok(home);
        }
        let current = Handle::try_current()
            .map_err(|error| Error::new(ErrorKind::Connect, "connecting needs a tokio runtime").with_source(error))?;
        Ok(self.runtime.get_or_init(|| current))
    }

    /// The same, once it is known.
    pub(super) fn known_home(&self) -> Option<&Handle> {
        self.runtime.get()
    }

    /// The deadline of a call that begins now, by default that of the connection.
    pub(super) fn deadline(&self, patience: impl Into<Patience>) -> Deadline {
        let Patience { time, fails_fast } = patience.into();
        Deadline::of(time.unwrap_or(self.config.deadline)).failing_fast(fails_fast || self.config.fail_fast)
    }

    /// Reports something to the program.
    pub(super) fn emit(&self, event: ConnectionEvent) {
        self.config.monitor.tell(|observer| observer.connection_event(&event));
        self.events.emit(event);
    }

    /// The error of a call that the connection's end has ended. Without a known reason, its runtime was shut down.
    pub(super) fn ended(&self, operation: &Operation, delivery: Delivery) -> Error {
        self.end.get().cloned().unwrap_or_else(End::runtime_gone).error(operation, delivery)
    }
}

/// The error of a call that the connection's runtime may still carry out, if it ever runs again.
pub(crate) fn not_driven(what: &str, deadline: Deadline) -> Error {
    let message = format!("{what} within {:?}; the runtime of the connection is not running", deadline.timeout);
    Error::new(ErrorKind::Timeout, message).with_delivery(Delivery::Unknown)
}
