//! The handle of one session.

use std::fmt;
use std::sync::Arc;

use tracing::Instrument;

use super::state::{Role, Shared};
use super::{Scope, Surreal, streams};
use crate::connection::{Cleanup, Handle, Over};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Request, SessionId};

/// A session of its own on a shared connection: its namespace, database, variables and identity are nobody else's.
///
/// Made by [`Surreal::new_session`] and [`Session::fork`]. A clone is the same session and costs nothing. Dropping the
/// last handle detaches it from the server in the background; [`close_session`](Self::close_session) does the same
/// and waits.
///
/// Verbs that read and write data come with [`Queryable`](crate::Queryable). Calls that change the session
/// ([`use_ns`](Self::use_ns), [`signin`](Self::signin), [`set`](Self::set) and the like) are carried out one after
/// another, in the order in which they were first polled; data calls are not ordered among themselves nor against
/// them, unless the program awaits one before the next.
///
/// # Cancel safety
///
/// A call that changes the session is carried out once it was polled, even if its future is dropped: what the handle
/// knows of the session is always what the server last confirmed.
#[derive(Clone)]
pub struct Session {
    pub(super) shared: Arc<Shared>,
}

impl Session {
    pub(super) fn of(handle: Handle, id: SessionId, role: Role) -> Self {
        Self { shared: Arc::new(Shared::new(handle, id, role)) }
    }

    /// Attaches a new session; the caller becomes its owner or nobody does.
    pub(super) async fn attach(handle: &Handle) -> Result<Self> {
        let id = SessionId::random();
        let request = Request::attach(handle.next_id(), id);
        // Dropped here: the connection task detaches what may have been attached.
        handle.call(request, None, Cleanup::Detach(id)).await.map_err(|error| explain(handle, error))?;
        Ok(Self::of(handle.clone(), id, Role::Attached))
    }

    /// The id of this session, unique on its connection; that of the default session is the connection's.
    pub fn id(&self) -> SessionId {
        self.shared.id
    }

    /// Detaches this session from the server and waits until it is gone.
    ///
    /// Every other handle of the session fails from now on with [`ErrorKind::SessionClosed`]. Requests of it that are
    /// already running on the server finish normally, but its open [transactions](crate::Transaction) are rolled back.
    /// Other sessions go on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionClosed`] if it was closed before; [`ErrorKind::InvalidArgument`] for the default session,
    /// which lives as long as its connection; otherwise only if the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the session is closed whether or not the future is kept.
    pub async fn close_session(self) -> Result<()> {
        if self.shared.role == Role::Default {
            let advice = "the default session lives as long as its connection; end that with `close`";
            return Err(Error::argument(advice));
        }
        if !self.shared.mark_closed() {
            return Err(Error::session_closed());
        }
        streams::end(&self.shared, Over::SessionClosed);
        let shared = Arc::clone(&self.shared);
        self.change(async move {
            let Shared { handle, id, .. } = &*shared;
            let request = Request::detach(handle.next_id(), *id);
            let detached = handle.call(request, None, Cleanup::Nothing).await;
            if detached.as_ref().is_err_and(|error| error.delivery() == Delivery::NotSent) {
                handle.clean(Cleanup::Detach(*id));
            }
            detached.map(drop)
        })
        .await
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.shared.handle
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope::new(&self.shared)
    }

    /// Runs a change of this session to its end, after those before it, whether or not the caller stays.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let changing = Arc::clone(&self.shared.changing);
        let turn = async move {
            let _turn = changing.lock().await;
            change.await
        };
        let task = self.handle().runtime().spawn(turn.in_current_span());
        // Dropped here: the task goes on.
        task.await.map_err(|error| {
            let lost = Error::new(ErrorKind::Disconnected, "the runtime of the connection was shut down");
            lost.with_delivery(Delivery::Unknown).with_source(error)
        })?
    }
}

/// The server has no error of its own for "too many sessions": it forbids the method, as its capabilities would.
fn explain(handle: &Handle, error: Error) -> Error {
    let open = handle.attached().load(std::sync::atomic::Ordering::Relaxed);
    if error.kind() != ErrorKind::NotAllowed || open == 0 {
        return error;
    }
    let message = format!(
        "too many sessions: the server refuses another one on this connection, which has {open} open and its default one \
         (the server's limit is 256 in all unless SURREAL_WEBSOCKET_MAX_ATTACHED_SESSIONS says otherwise)"
    );
    error.with_kind(ErrorKind::TooManySessions).with_message(message)
}

impl From<Surreal> for Session {
    fn from(db: Surreal) -> Self {
        db.into_session()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state();
        f.debug_struct("Session")
            .field("id", &self.shared.id)
            .field("namespace", &state.selected.namespace)
            .field("database", &state.selected.database)
            .finish_non_exhaustive()
    }
}
