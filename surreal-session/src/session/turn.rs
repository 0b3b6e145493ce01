//! The turns of a session: its changes and renewals are carried out one after another.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedRwLockWriteGuard;

use super::queue::{Background, Begun, Turn};
use super::state::SessionInner;
use crate::connection::Deadline;
use crate::error::{Error, Result};

/// The session and the deadline of a change that has its turn.
#[derive(Debug)]
pub(super) struct ChangeContext {
    pub(super) session: Arc<SessionInner>,
    pub(super) deadline: Deadline,
}

impl ChangeContext {
    pub(super) fn new(session: &Arc<SessionInner>, deadline: Deadline) -> Self {
        Self { session: Arc::clone(session), deadline }
    }

    /// Waits until no live query of the session is being registered, and lets none begin.
    pub(super) async fn without_registrations(&self) -> Result<OwnedRwLockWriteGuard<()>> {
        let guard = Arc::clone(&self.session.registering).write_owned();
        let guard = self.session.client.within(self.deadline.at, guard).await;
        guard.ok_or_else(|| self.deadline.timed_out_waiting_for("the registration of a live query"))
    }

    pub(super) fn no_turn(&self) -> Error {
        self.deadline.timed_out_waiting_for(match self.session.is_unanswered.load(Ordering::Acquire) {
            true => "an earlier change of the session, which the server has not answered yet",
            false => "earlier changes of the session",
        })
    }
}

/// Joins the queue of the session's changes now, and runs `work` in a task when its turn comes.
///
/// `work` gets an error in place of the turn if that does not come in time.
pub(super) async fn in_turn<T, F>(
    session: &Arc<SessionInner>,
    deadline: Deadline,
    work: impl FnOnce(ChangeContext, Result<Turn>) -> F + Send + 'static,
) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send,
{
    let (ticket, begun) = (session.changes.join(), Begun::default());
    let (context, begins) = (ChangeContext::new(session, deadline), begun.clone());
    let call = async move {
        let turn = match ticket.turn(&context.session.client, deadline).await {
            Some(turn) => {
                begins.set();
                Ok(turn)
            }
            None => Err(context.no_turn()),
        };
        work(context, turn).await
    };
    // Dropped here: the task goes on.
    Background::spawn(&session.client, &begun, deadline, call).result().await
}
