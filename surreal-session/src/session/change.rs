//! Changes of a session, one after another.
//!
//! The server (3.3.5) does not keep the order of requests of one session. A change joins the session's queue in the
//! task of its caller, when it is first polled, and runs in a task of its own.

use std::sync::Arc;

use bytes::Bytes;

use super::background::{Background, Begun};
use super::namespace;
use super::queue::{Place, Turn};
use super::state::Shared;
use super::{Scope, Session};
use crate::connection::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::Request;

/// A change that has its turn.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) scope: Scope,
    pub(super) shared: Arc<Shared>,
    deadline: Deadline,
}

impl Change {
    pub(super) fn new(shared: &Arc<Shared>, deadline: Deadline) -> Self {
        Self { scope: Scope::new(shared), shared: Arc::clone(shared), deadline }
    }

    /// Sends a request, also if the session was closed after the change had joined the queue.
    pub(super) async fn call(&self, request: Request) -> Result<Bytes> {
        self.scope.call_in_turn(request, self.deadline).await
    }
}

/// A change that waits for its turn.
pub(super) struct Waiting {
    change: Change,
    place: Place,
    begun: Begun,
}

impl Waiting {
    /// Waits until the changes before this one have ended.
    pub(super) async fn turn(self) -> Result<(Change, Turn)> {
        let Self { change, place, begun } = self;
        let Deadline { whole, .. } = change.deadline;
        let Some(turn) = place.turn(&change.shared.handle, change.deadline).await else {
            let message = format!("timed out after {whole:?} waiting for earlier changes of the session");
            return Err(Error::new(ErrorKind::Timeout, message));
        };
        begun.set();
        Ok((change, turn))
    }
}

impl Session {
    /// Joins the queue of the session's changes now.
    pub(super) fn queue(&self) -> (Waiting, Begun) {
        let begun = Begun::default();
        let change = Change::new(&self.shared, self.handle().deadline(None));
        (Waiting { change, place: self.shared.changing.join(), begun: begun.clone() }, begun)
    }

    /// Runs a change of this session to its end, after those before it, whether or not the caller stays.
    pub(super) async fn change<T, F>(&self, change: impl FnOnce(Change) -> F + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send,
    {
        if self.shared.is_closed() {
            return Err(Error::session_closed());
        }
        let (waiting, begun) = self.queue();
        let work = async move {
            let (context, _turn) = waiting.turn().await?;
            namespace::settle(&context).await;
            change(context).await
        };
        // Dropped here: the task goes on.
        Background::spawn(self.handle(), &begun, work).result().await
    }
}
