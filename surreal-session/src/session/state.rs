//! What a session is on the server, as last confirmed, and the clean-up when nobody holds it any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::RwLock;

use super::attempt::Attempt;
use super::{Queue, Token};
use crate::connection::{Cleanup, Client, Epoch, Owner};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::SessionId;

/// One session, shared by its handles. Dropping the last of them detaches it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) id: SessionId,
    pub(super) role: Role,
    pub(super) closed: AtomicBool,
    /// The queue of the changes: the server does not keep the order of requests of one session.
    pub(super) changing: Queue,
    /// Held for reading by the registration of a live query, until its reply, and for writing by a change of the identity.
    ///
    /// The server (3.3.5) drops the live queries of a session a moment after its identity has changed, and with them one
    /// that was registered under the new identity meanwhile.
    pub(super) registering: Arc<RwLock<()>>,
    /// Whether the turn belongs to a change whose deadline has passed without a reply.
    pub(super) is_unanswered: AtomicBool,
    /// How many live streams there are, or are about to be.
    pub(super) streams: AtomicUsize,
    pub(super) epoch: Arc<Epoch>,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The session that every connection has; requests of it name no session.
    Default,
    Attached,
}

/// The session as the server last confirmed it, and the parts of it that are not known. Nothing is written here before a reply.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) selected: Selected,
    /// Set when the server may have selected something else than `selected` and has not said what.
    pub(super) is_moved: bool,
    pub(super) identity: Identity,
    /// By name; the values as they were sent.
    pub(super) variables: BTreeMap<String, Bytes>,
    /// The names of variables that may have another value than in `variables`.
    pub(super) doubted: BTreeSet<String>,
}

/// The namespace and the database of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Selected {
    pub(super) namespace: Option<String>,
    pub(super) database: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) enum Identity {
    #[default]
    Anonymous,
    Token(Token),
    Credentials(Attempt),
    /// No readable reply came to a request that may have changed it.
    Unknown,
}

impl State {
    /// Notes that the server may have selected another namespace and database than it last confirmed.
    pub(super) fn forget_selected(&mut self) {
        (self.selected, self.is_moved) = (Selected::default(), true);
    }

    /// Fails if this cannot be copied, because a part of it is not known.
    pub(super) fn check_known(&self) -> Result<()> {
        if matches!(self.identity, Identity::Unknown) {
            let message = "cannot fork: no readable reply came to a change of the session's identity, so that it is not \
                known; sign in again, or use `invalidate`";
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        if let Some(name) = self.doubted.first() {
            let message = format!(
                "cannot fork: no readable reply came to a change of `${name}`, so that its value is not known; \
                 set it again, or use `unset`"
            );
            return Err(Error::new(ErrorKind::Protocol, message));
        }
        Ok(())
    }
}

impl Shared {
    pub(super) fn new(client: Client, id: SessionId, role: Role) -> Self {
        if role == Role::Attached {
            client.session_attached();
        }
        Self {
            client,
            id,
            role,
            closed: AtomicBool::new(false),
            changing: Queue::default(),
            registering: Arc::default(),
            is_unanswered: AtomicBool::new(false),
            streams: AtomicUsize::new(0),
            epoch: Arc::default(),
            state: Mutex::default(),
        }
    }

    /// The state, for a moment: no lock is held across an await.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // Every write is one assignment, so that a panic elsewhere cannot leave half of one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session as requests name it: the default one has no name.
    pub(super) fn in_envelope(&self) -> Option<SessionId> {
        (self.role == Role::Attached).then_some(self.id)
    }

    /// The session as the owner of a stream that is asked for now.
    pub(super) fn owner(&self) -> Owner {
        Owner::new(self.in_envelope(), &self.epoch)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Marks the session closed; true for the one caller that did it.
    pub(super) fn mark_closed(&self) -> bool {
        let first = !self.closed.swap(true, Ordering::AcqRel);
        if first {
            self.client.session_detached();
        }
        first
    }
}

/// Without the values of the variables, which may be secrets.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("State");
        debug.field("selected", &self.selected).field("is_moved", &self.is_moved).field("identity", &self.identity);
        debug.field("variables", &self.variables.keys()).field("doubted", &self.doubted).finish()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.role == Role::Attached && self.mark_closed() {
            self.client.clean(Cleanup::Detach(self.id));
        }
    }
}
