//! Changes of a session, one after another.
//!
//! The server (3.3.5) does not keep the order of requests of one session. A change joins the session's queue in the
//! task of its caller, when it is first polled, and runs in a separate task. Its turn ends when the server has answered
//! it or the connection is over: the call ends at its deadline, and another task then holds the turn until the late
//! reply comes. Otherwise the late request could overtake a later change.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::OwnedRwLockWriteGuard;
use tracing::{Instrument, debug};

use super::background::{Background, Begun};
use super::namespace;
use super::queue::{Place, Turn};
use super::state::{Shared, State};
use super::{Scope, Session};
use crate::connection::{Deadline, LateReply};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::Request;

/// A request that changes a session, and the meaning of its reply for the handle.
pub(super) trait Alter: Send + Sync + 'static {
    type Output: Send + 'static;

    /// Whether the session may be somebody else afterwards, and keep those live queries that the server does not drop.
    const CHANGES_IDENTITY: bool = false;

    fn request(&self, scope: &Scope) -> Result<Request>;

    /// Notes that the deadline has passed without a reply. [`Self::conclude`] follows when the reply comes.
    fn doubt(&self, _shared: &Shared) {}

    /// Notes the outcome.
    fn conclude(&self, change: &Change, reply: Result<Bytes>) -> impl Future<Output = Result<Self::Output>> + Send;
}

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

    /// Carries out a change of a session that is dropped if the change fails.
    pub(super) async fn carry_out<A: Alter>(&self, alter: &A) -> Result<A::Output> {
        let reply = self.call(alter.request(&self.scope)?).await;
        alter.conclude(self, reply).await
    }

    /// Waits until no live query of the session is being registered, and lets none begin.
    async fn alone(&self) -> Result<OwnedRwLockWriteGuard<()>> {
        let alone = Arc::clone(&self.shared.registering).write_owned();
        let alone = self.shared.client.within(self.deadline.at, alone).await;
        alone.ok_or_else(|| timed_out(self.deadline, "the registration of a live query"))
    }

    /// Carries out a change, and keeps its turn until the server has answered.
    async fn carry_out_in_turn<A: Alter>(&self, alter: A, turn: impl Send + 'static) -> Result<A::Output> {
        let request = alter.request(&self.scope)?;
        match self.scope.call_to_its_end(request, self.deadline).await {
            (Err(error), Some(late)) => {
                alter.doubt(&self.shared);
                self.shared.is_unanswered.store(true, Ordering::Release);
                let held = hold(turn, late, Arc::downgrade(&self.shared), alter);
                self.shared.client.runtime().spawn(held.in_current_span());
                Err(error)
            }
            (reply, _) => {
                let outcome = alter.conclude(self, reply).await;
                drop(turn);
                outcome
            }
        }
    }
}

/// Holds the turn of a change whose deadline has passed until its reply comes, and notes the outcome.
///
/// It keeps neither the session nor the connection open.
async fn hold(turn: impl Send, late: LateReply, session: Weak<Shared>, alter: impl Alter) {
    let reply = late.result().await;
    let Some(shared) = session.upgrade() else { return };
    // Without a reply, the connection is over.
    if let Some(reply) = reply {
        let change = Change::new(&shared, shared.client.deadline(None));
        let outcome = alter.conclude(&change, reply).await.map(drop);
        debug!(?outcome, session = %shared.id, "a change of the session was answered after its deadline");
    }
    shared.is_unanswered.store(false, Ordering::Release);
    drop(turn);
}

/// A change that waits for its turn.
pub(super) struct Waiting {
    change: Change,
    place: Place,
    begun: Begun,
}

impl Waiting {
    pub(super) fn deadline(&self) -> Deadline {
        self.change.deadline
    }

    /// Waits until the changes before this one have ended.
    pub(super) async fn turn(self) -> Result<(Change, Turn)> {
        let Self { change, place, begun } = self;
        let Some(turn) = place.turn(&change.shared.client, change.deadline).await else {
            return Err(no_turn(&change));
        };
        begun.set();
        Ok((change, turn))
    }
}

fn no_turn(change: &Change) -> Error {
    let what = match change.shared.is_unanswered.load(Ordering::Acquire) {
        true => "an earlier change of the session, which the server has not answered yet",
        false => "earlier changes of the session",
    };
    timed_out(change.deadline, what)
}

/// The error of a call that was not sent by its deadline, because it had to wait for `what`.
pub(super) fn timed_out(deadline: Deadline, what: &str) -> Error {
    Error::new(ErrorKind::Timeout, format!("timed out after {:?} waiting for {what}", deadline.timeout))
}

impl Session {
    /// Joins the queue of the session's changes now.
    pub(super) fn queue(&self) -> (Waiting, Begun) {
        let begun = Begun::default();
        let change = Change::new(&self.shared, self.client().deadline(None));
        (Waiting { change, place: self.shared.changing.join(), begun: begun.clone() }, begun)
    }

    /// Carries out a change of this session, after those before it, whether or not the caller stays.
    pub(super) async fn change<A: Alter>(&self, alter: A) -> Result<A::Output> {
        if self.shared.is_closed() {
            return Err(Error::session_closed());
        }
        let (waiting, begun) = self.queue();
        let deadline = waiting.deadline();
        let work = async move {
            let (change, turn) = waiting.turn().await?;
            namespace::settle(&change).await;
            let alone = if A::CHANGES_IDENTITY { Some(change.alone().await?) } else { None };
            change.carry_out_in_turn(alter, (turn, alone)).await
        };
        // Dropped here: the task goes on.
        Background::spawn(self.client(), &begun, deadline, work).result().await
    }

    /// The state of this session after the changes before this call.
    pub(super) async fn settled_state(&self) -> Result<State> {
        if self.shared.is_closed() {
            return Err(Error::session_closed());
        }
        let (waiting, begun) = self.queue();
        let deadline = waiting.deadline();
        let work = async move {
            let (change, _turn) = waiting.turn().await?;
            if change.shared.state().is_moved {
                namespace::refresh(&change).await?;
            }
            let state = change.shared.state().clone();
            Ok(state)
        };
        // Dropped here: the task goes on, so that its turn comes and ends.
        Background::spawn(self.client(), &begun, deadline, work).result().await
    }
}

/// Returns true if the request may have been carried out, and no reply tells.
pub(super) fn is_unknown<T>(reply: &Result<T>) -> bool {
    reply.as_ref().is_err_and(|error| error.delivery() == Delivery::Unknown)
}
