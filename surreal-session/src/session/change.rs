//! Changes of a session, one after another.
//!
//! A change joins the session's queue in the task of its caller, when it is first polled, and runs in a separate task. Its
//! turn ends when the server has answered it or the connection is over: the call ends at its deadline, and another task
//! then holds the turn until the late reply comes. Otherwise the late request could overtake a later change.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::sync::OwnedRwLockWriteGuard;
use tracing::{Instrument, debug};

use super::queue::{Background, Begun, Turn};
use super::state::{Confirmed, Role, SessionInner};
use super::{info, subscription};
use crate::connection::{Cleanup, Deadline, LateReply, StreamEnd};
use crate::error::{Delivery, Error, Result};
use crate::protocol::Request;

/// A request that changes a session, and the meaning of its reply for the client's side.
pub(super) trait SessionChange: Send + Sync + 'static {
    type Output: Send + 'static;

    /// Set if the session may have another identity afterwards, and keeps its live queries if it has not.
    const CHANGES_IDENTITY: bool = false;

    fn request(&self, session: &SessionInner) -> Result<Request>;

    /// Notes that the deadline has passed without a reply. [`Self::conclude`] follows when the reply comes.
    fn doubt(&self, _session: &SessionInner) {}

    /// Notes the outcome.
    fn conclude(
        &self,
        context: &ChangeContext,
        reply: Result<Bytes>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

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

    /// Sends a request, also if the session was closed after the change had joined the queue.
    pub(super) async fn call(&self, request: Request) -> Result<Bytes> {
        self.session.call_in_turn(request, self.deadline).await
    }

    /// Carries out a change of a session that is dropped if the change fails.
    pub(super) async fn carry_out<C: SessionChange>(&self, change: &C) -> Result<C::Output> {
        let reply = self.call(change.request(&self.session)?).await;
        change.conclude(self, reply).await
    }

    /// Carries out a change, and keeps its turn until the server has answered.
    async fn carry_out_in_turn<C: SessionChange>(&self, change: C, turn: impl Send + 'static) -> Result<C::Output> {
        let request = change.request(&self.session)?;
        match self.session.call_with_late_reply(request, self.deadline).await {
            (Err(error), Some(late)) => {
                change.doubt(&self.session);
                self.session.is_unanswered.store(true, Ordering::Release);
                let held = hold(turn, late, Arc::downgrade(&self.session), change);
                self.session.client.runtime().spawn(held.in_current_span());
                Err(error)
            }
            (reply, _) => {
                let outcome = change.conclude(self, reply).await;
                drop(turn);
                outcome
            }
        }
    }

    /// Waits until no live query of the session is being registered, and lets none begin.
    async fn without_registrations(&self) -> Result<OwnedRwLockWriteGuard<()>> {
        let guard = Arc::clone(&self.session.registering).write_owned();
        let guard = self.session.client.within(self.deadline.at, guard).await;
        guard.ok_or_else(|| self.deadline.timed_out_waiting_for("the registration of a live query"))
    }

    fn no_turn(&self) -> Error {
        self.deadline.timed_out_waiting_for(match self.session.is_unanswered.load(Ordering::Acquire) {
            true => "an earlier change of the session, which the server has not answered yet",
            false => "earlier changes of the session",
        })
    }
}

/// Carries out a change of the session, after those before it, whether or not the caller stays.
pub(super) async fn apply<C: SessionChange>(
    session: &Arc<SessionInner>,
    change: C,
    deadline: Deadline,
) -> Result<C::Output> {
    session.check_open()?;
    in_turn(session, deadline, async move |context, turn| {
        let turn = turn?;
        info::settle_selection(&context.session, deadline).await;
        let alone = if C::CHANGES_IDENTITY { Some(context.without_registrations().await?) } else { None };
        context.carry_out_in_turn(change, (turn, alone)).await
    })
    .await
}

/// Returns the state of the session after the changes before this call.
pub(super) async fn confirmed(session: &Arc<SessionInner>, deadline: Deadline) -> Result<Confirmed> {
    session.check_open()?;
    in_turn(session, deadline, async move |context, turn| {
        let _turn = turn?;
        if context.session.confirmed().is_moved {
            info::refresh_selection(&context.session, deadline).await?;
        }
        let confirmed = context.session.confirmed().clone();
        Ok(confirmed)
    })
    .await
}

/// Closes the session, after the changes before this call, whether or not the caller stays.
pub(super) async fn close(session: &Arc<SessionInner>, deadline: Deadline) -> Result<()> {
    if session.role == Role::Default {
        let advice = "the default session lives as long as its connection; end that with `close`";
        return Err(Error::argument(advice));
    }
    if !session.mark_closed() {
        return Err(Error::session_closed());
    }
    subscription::end_streams(session, StreamEnd::SessionClosed);
    in_turn(session, deadline, async move |context, turn| {
        let ChangeContext { session, .. } = &context;
        let detach = Request::detach(session.client.next_id(), session.id);
        let detached = match &turn {
            Ok(_turn) => context.call(detach).await.map(drop),
            Err(error) => Err(error.clone()),
        };
        if detached.as_ref().is_err_and(|error| error.delivery() == Delivery::NotSent) {
            session.client.clean(Cleanup::Detach(session.id));
        }
        // Again: a registration that began before the session was marked may have come in between.
        subscription::end_streams(session, StreamEnd::SessionClosed);
        detached
    })
    .await
}

/// Joins the queue of the session's changes now, and runs `work` in a task when its turn comes.
///
/// `work` gets an error in place of the turn if that does not come in time.
async fn in_turn<T, F>(
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

/// Holds the turn of a change whose deadline has passed until its reply comes, and notes the outcome.
///
/// It keeps neither the session nor the connection open.
async fn hold(turn: impl Send, late: LateReply, session: Weak<SessionInner>, change: impl SessionChange) {
    let reply = late.result().await;
    let Some(session) = session.upgrade() else { return };
    // Without a reply, the connection is over.
    if let Some(reply) = reply {
        let context = ChangeContext::new(&session, session.client.deadline(None));
        let outcome = change.conclude(&context, reply).await.map(drop);
        debug!(?outcome, session = %session.id, "a change of the session was answered after its deadline");
    }
    session.is_unanswered.store(false, Ordering::Release);
    drop(turn);
}

/// Returns true if the request may have been carried out, and there is no reply.
pub(super) fn is_unknown<T>(reply: &Result<T>) -> bool {
    reply.as_ref().is_err_and(|error| error.delivery() == Delivery::Unknown)
}
