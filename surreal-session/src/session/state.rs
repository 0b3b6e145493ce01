//! The state of one session, shared by its handles, and its requests.
//!
//! [`SessionInner`] owns what belongs to the session on the client's side, and detaches the session when its last owner
//! drops it. [`Confirmed`] is the session as the server last confirmed it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::RwLock;

use super::Queue;
use super::auth::IdentitySource;
use crate::codec;
use crate::connection::{Cleanup, Client, Deadline, Epoch, LateReply, Owner};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Operation, Request, RequestWriter, SessionId, TransactionId};

/// One session, shared by its handles. Dropping the last of them detaches it.
#[derive(Debug)]
pub(crate) struct SessionInner {
    pub(crate) client: Client,
    pub(super) id: SessionId,
    pub(super) role: Role,
    closed: AtomicBool,
    /// The queue of the changes: the server does not keep the order of requests of one session.
    pub(super) changes: Queue,
    /// Held for reading by the registration of a live query, until its reply, and for writing by a change of the identity.
    ///
    /// The server (3.3.5) drops the live queries of a session a moment after its identity has changed, and with them one
    /// that was registered under the new identity meanwhile.
    pub(super) registering: Arc<RwLock<()>>,
    /// Set while the turn belongs to a change whose deadline has passed without a reply.
    pub(super) is_unanswered: AtomicBool,
    /// The number of live streams, including those that are being registered.
    pub(super) streams: AtomicUsize,
    pub(super) epoch: Arc<Epoch>,
    confirmed: Mutex<Confirmed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The session that every connection has; requests of it name no session.
    Default,
    Attached,
}

/// The session as the server last confirmed it, and notes about the parts that are not known.
///
/// Nothing is written here before a reply.
#[derive(Clone, Default)]
pub(super) struct Confirmed {
    pub(super) identity: Identity,
    pub(super) selection: Selection,
    /// Set when the server may have another namespace and database selected, and has not said which.
    pub(super) is_moved: bool,
    /// By name; the values as they were sent.
    pub(super) variables: BTreeMap<String, Bytes>,
    /// The names of variables that may have another value than in `variables`.
    pub(super) doubted: BTreeSet<String>,
}

/// The selected namespace and database of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Selection {
    pub(super) namespace: Option<String>,
    pub(super) database: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) enum Identity {
    #[default]
    Anonymous,
    Proved(IdentitySource),
    /// No readable reply came to a request that may have changed it.
    Unknown,
}

impl Selection {
    pub(super) fn read(reply: &[u8]) -> Result<Self> {
        let unreadable = "the reply to `use` names no namespace and database";
        codec::decode(reply).map_err(|error| Error::protocol(unreadable).with_source(error))
    }
}

impl Confirmed {
    /// Notes the selection that the server has confirmed.
    pub(super) fn select(&mut self, selection: Selection) {
        (self.selection, self.is_moved) = (selection, false);
    }

    /// Notes that the server may have another namespace and database selected than it last confirmed.
    pub(super) fn forget_selection(&mut self) {
        (self.selection, self.is_moved) = (Selection::default(), true);
    }

    /// Fails if this cannot be copied, because a part of it is not known.
    pub(super) fn check_known(&self) -> Result<()> {
        if matches!(self.identity, Identity::Unknown) {
            let message = "cannot fork: no readable reply came to a change of the session's identity, so it is unknown; \
                sign in again, or call `invalidate`";
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        if let Some(name) = self.doubted.first() {
            let message = format!(
                "cannot fork: no readable reply came to a change of `${name}`, so its value is unknown; set it again, or \
                 call `unset`"
            );
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        Ok(())
    }
}

impl SessionInner {
    pub(super) fn new(client: Client, id: SessionId, role: Role) -> Self {
        if role == Role::Attached {
            client.session_attached();
        }
        Self {
            client,
            id,
            role,
            closed: AtomicBool::new(false),
            changes: Queue::default(),
            registering: Arc::default(),
            is_unanswered: AtomicBool::new(false),
            streams: AtomicUsize::new(0),
            epoch: Arc::default(),
            confirmed: Mutex::default(),
        }
    }

    /// The confirmed state, for a moment: no lock is held across an await.
    pub(super) fn confirmed(&self) -> MutexGuard<'_, Confirmed> {
        // Every write is one assignment, so that a panic elsewhere cannot leave half of one.
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session as requests name it: the default one has no name.
    pub(super) fn in_envelope(&self) -> Option<SessionId> {
        (self.role == Role::Attached).then_some(self.id)
    }

    /// The session as the owner of a stream that is registered now.
    pub(super) fn owner(&self) -> Owner {
        Owner::new(self.in_envelope(), &self.epoch)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(super) fn check_open(&self) -> Result<()> {
        if self.is_closed() { Err(Error::session_closed()) } else { Ok(()) }
    }

    /// Marks the session closed. Returns true for the one caller that did it.
    pub(super) fn mark_closed(&self) -> bool {
        let first = !self.closed.swap(true, Ordering::AcqRel);
        if first {
            self.client.session_detached();
        }
        first
    }

    /// Starts a request of this session.
    pub(crate) fn request(&self, operation: impl Into<Operation>) -> RequestWriter {
        self.request_in(None, operation)
    }

    /// Starts a request of this session, in a transaction if there is one.
    pub(crate) fn request_in(
        &self,
        transaction: Option<TransactionId>,
        operation: impl Into<Operation>,
    ) -> RequestWriter {
        RequestWriter::new(self.client.next_id(), operation.into(), self.in_envelope(), transaction)
    }

    /// Sends a finished request and returns the bytes of its result, unless the session is closed.
    pub(crate) async fn call(&self, request: Request, deadline: Deadline, cleanup: Cleanup) -> Result<Bytes> {
        self.check_open()?;
        let result = self.client.call(request, deadline, cleanup).await;
        result.map_err(|error| self.explain(error))
    }

    /// Sends a request of a change that joined the session's queue before the session was closed.
    pub(super) async fn call_in_turn(&self, request: Request, deadline: Deadline) -> Result<Bytes> {
        let result = self.client.call(request, deadline, Cleanup::Nothing).await;
        result.map_err(|error| self.explain(error))
    }

    /// Does the same. If the deadline passes without a reply, the second value waits for the late reply.
    pub(super) async fn call_with_late_reply(
        &self,
        request: Request,
        deadline: Deadline,
    ) -> (Result<Bytes>, Option<LateReply>) {
        let (result, late) = self.client.call_with_late_reply(request, deadline).await;
        (result.map_err(|error| self.explain(error)), late)
    }

    /// A session that was closed while the request was under way is unknown to the server, and so are its transactions.
    pub(super) fn explain(&self, error: Error) -> Error {
        let Some(server) = error.server() else { return error };
        let is_lost = server.is_lost_transaction();
        if (is_lost || server.is_detail("Session")) && self.is_closed() {
            return error.with_kind(ErrorKind::SessionClosed);
        }
        // Without a request, the server drops a transaction only with its session's state or with the connection.
        if is_lost { Error::transaction_reset(server.clone()) } else { error }
    }
}

/// Without the values of the variables, which may be secrets.
impl fmt::Debug for Confirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Confirmed");
        debug.field("identity", &self.identity).field("selection", &self.selection).field("is_moved", &self.is_moved);
        debug.field("variables", &self.variables.keys()).field("doubted", &self.doubted).finish()
    }
}

impl Drop for SessionInner {
    fn drop(&mut self) {
        if self.role == Role::Attached && self.mark_closed() {
            self.client.clean(Cleanup::Detach(self.id));
        }
    }
}
