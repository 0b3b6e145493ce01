//! The handle of one session.

use std::fmt;
use std::sync::Arc;

use super::state::{Role, Shared};
use super::{Background, Scope, Surreal, streams};
use crate::connection::{Cleanup, Client, Deadline, StreamEnd};
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
///
/// A change that has no reply at its deadline fails with [`ErrorKind::Timeout`]. If it was sent
/// ([`Delivery::Unknown`](crate::Delivery::Unknown)), the server may still carry it out. Later changes, `fork` and
/// `close_session` then wait for its late reply, each until its own deadline, and the handle follows that reply.
/// Queries do not wait: until the reply comes they run before or after the change, and
/// [`namespace`](Self::namespace) and [`database`](Self::database) are `None` if it may have changed them.
#[derive(Clone)]
pub struct Session {
    pub(super) shared: Arc<Shared>,
}

impl Session {
    pub(super) fn of(client: Client, id: SessionId, role: Role) -> Self {
        Self { shared: Arc::new(Shared::new(client, id, role)) }
    }

    /// Attaches a new session; the caller becomes its owner or nobody does.
    pub(super) async fn attach(client: &Client, deadline: Deadline) -> Result<Self> {
        let id = SessionId::random();
        let request = Request::attach(client.next_id(), id);
        // Dropped here: the connection task detaches what may have been attached.
        client.call(request, deadline, Cleanup::Detach(id)).await.map_err(|error| explain(client, error))?;
        Ok(Self::of(client.clone(), id, Role::Attached))
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
        streams::end(&self.shared, StreamEnd::SessionClosed);
        let (waiting, begun) = self.queue();
        let deadline = waiting.deadline();
        let (client, id, shared) = (self.client().clone(), self.shared.id, Arc::clone(&self.shared));
        let work = async move {
            let detached = match waiting.turn().await {
                Ok((change, _turn)) => change.call(Request::detach(client.next_id(), id)).await,
                Err(error) => Err(error),
            };
            if detached.as_ref().is_err_and(|error| error.delivery() == Delivery::NotSent) {
                client.clean(Cleanup::Detach(id));
            }
            // Again: a registration that began before the session was marked may have come in between.
            streams::end(&shared, StreamEnd::SessionClosed);
            detached.map(drop)
        };
        // Dropped here: the task goes on.
        Background::spawn(self.client(), &begun, deadline, work).result().await
    }

    pub(super) fn client(&self) -> &Client {
        &self.shared.client
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope::new(&self.shared)
    }
}

/// The server has no error of its own for "too many sessions": it forbids the method, as its capabilities would.
fn explain(client: &Client, error: Error) -> Error {
    let open = client.attached_sessions();
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
