//! Changes of a session, one after another.
//!
//! A change joins the session's queue in the task of its caller, when it is first polled, and runs in a separate task. Its
//! turn ends when the server has answered it or the connection is over: the call ends at its deadline, and another task
//! then holds the turn until the late reply comes. Otherwise the late request could overtake a later change.

use std::future::ready;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures_util::future::join_all;
use tracing::{Instrument, debug, field};

use super::queue::Turn;
use super::ready::{may_go_on, unsent};
use super::recipe::Confirmed;
use super::state::{Role, SessionInner};
use super::turn::{ChangeContext, in_turn};
use super::{info, renewal, subscription};
use crate::connection::{Cleanup, Deadline, LateReply, Lease, Link, Retry, StreamEnd};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::Request;

/// A request that changes a session, and the meaning of its reply for the client's side.
pub(super) trait SessionChange: Send + Sync + 'static {
    type Output: Send + 'static;

    /// Set if the session may have another identity afterwards, and keeps its live queries if it has not.
    const CHANGES_IDENTITY: bool = false;

    /// Set if it may conflict with others, and is then repeated until the deadline.
    const MAY_CONFLICT: bool = false;

    /// Set if the session may be lost: it is then made again, anonymous, for this change.
    const REVIVES: bool = false;

    fn request(&self, session: &SessionInner) -> Result<Request>;

    /// Fails if the session must not be changed in this way. Runs in the turn of the change, before it is sent.
    fn check(&self, _context: &ChangeContext) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Notes that the deadline has passed without a reply. [`Self::conclude`] follows when the reply comes.
    fn doubt(&self, _session: &SessionInner) {}

    /// Notes the outcome.
    fn conclude(
        &self,
        context: &ChangeContext,
        reply: Result<Bytes>,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
}

impl ChangeContext {
    /// Carries out a change, and keeps its turn until the server has answered.
    async fn carry_out_in_turn<C: SessionChange>(&self, change: C, turn: impl Send + 'static) -> Result<C::Output> {
        let request = change.request(&self.session)?;
        change.check(self).await.map_err(|error| unsent(error, &request))?;
        let (lease, reply, late) = self.send::<C>(request).await?;
        match (reply, late) {
            (Err(error), Some(late)) => {
                change.doubt(&self.session);
                self.session.is_unanswered.store(true, Ordering::Release);
                let held = hold((turn, lease), late, Arc::downgrade(&self.session), change);
                self.session.client.spawn(held.in_current_span());
                Err(error)
            }
            (reply, _) => {
                let outcome = change.conclude(self, reply).await;
                self.session.outdate_unless_on(&lease);
                drop(turn);
                outcome
            }
        }
    }

    /// Sends the request of a change. Returns its outcome, and the place where the server may have carried it out.
    async fn send<C: SessionChange>(&self, request: Request) -> Result<(Arc<Lease>, Result<Bytes>, Option<LateReply>)> {
        let mut is_renewed = C::CHANGES_IDENTITY;
        let mut retry = Retry::until(&self.session.client, self.deadline);
        loop {
            let lease = self.session.ready(self.deadline, &request.operation).await;
            let lease = lease.map_err(|error| unsent(error, &request))?;
            let seen = self.session.proofs();
            let (reply, late) = lease.link().call_with_late_reply(request.clone(), self.deadline).await;
            match reply {
                Err(error) if may_go_on(&error, &request) => {}
                Err(error) if C::MAY_CONFLICT && error.is_conflict() && retry.pause().await => {}
                Err(error) if error.is_session_expired() && !is_renewed => {
                    is_renewed = true;
                    let renewed = renewal::renew_in_turn(&self.session, seen, self.deadline).await;
                    renewed.map_err(|cause| renewal::failed(self.session.explain(error), cause))?;
                }
                reply => return Ok((lease, reply.map_err(|error| self.session.explain(error)), late)),
            }
        }
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
        let revival = C::REVIVES.then(|| context.session.revive()).flatten();
        let outcome = context.carry_out_in_turn(change, (turn, alone)).await;
        if let (Some(revival), Err(_)) = (revival, &outcome) {
            context.session.give_up_again(revival);
        }
        outcome
    })
    .await
}

/// Returns the state of the session after the changes before this call.
pub(super) async fn confirmed(session: &Arc<SessionInner>, deadline: Deadline) -> Result<Confirmed> {
    session.check_open()?;
    in_turn(session, deadline, async move |context, turn| {
        let _turn = turn?;
        if context.session.confirmed().is_moved() {
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
        let detached = detach(&context, &turn).await;
        // Again: a registration that began before the session was marked may have come in between.
        subscription::end_streams(&context.session, StreamEnd::SessionClosed);
        detached
    })
    .await
}

/// Detaches the session where it stands. One that stands nowhere is unknown to the server.
async fn detach(context: &ChangeContext, turn: &Result<Turn>) -> Result<()> {
    let ChangeContext { session, deadline } = context;
    let Some(link) = session.link() else { return Ok(()) };
    let detach = Request::detach(session.client.next_id(), session.id);
    let detached = match turn {
        Ok(_) => {
            cancel_transactions(session, &link, *deadline).await;
            link.call(detach, *deadline, Cleanup::Nothing).await.map(drop)
        }
        Err(error) => Err(error.clone()),
    };
    match detached {
        // The server forgets the session with its link.
        Err(error) if error.kind() == ErrorKind::Disconnected => Ok(()),
        Err(error) => {
            if error.delivery() == Delivery::NotSent {
                link.clean(Cleanup::Detach(session.id));
            }
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

/// Cancels the transactions of a session that is closed. Servers before 3.1 leave them open until the socket ends.
///
/// Errors are ignored: a transaction that is unknown to the server is over, and its handle cancels it again.
async fn cancel_transactions(session: &SessionInner, link: &Link, deadline: Deadline) {
    let open = session.transactions().iter().copied().collect::<Vec<_>>();
    let cancel = |id| link.call(Request::cancel(session.client.next_id(), id), deadline, Cleanup::Nothing);
    join_all(open.into_iter().map(cancel)).await;
}

/// Holds the turn of a change whose deadline has passed until its reply comes, and notes the outcome.
///
/// It keeps neither the session nor the connection open.
async fn hold(
    (turn, lease): (impl Send, Arc<Lease>),
    late: LateReply,
    session: Weak<SessionInner>,
    change: impl SessionChange,
) {
    let reply = late.result().await;
    let Some(session) = session.upgrade() else { return };
    // Without a reply, the link is over: the session is made again from what was confirmed before.
    if let Some(reply) = reply {
        let context = ChangeContext::new(&session, session.client.deadline(None));
        let outcome = change.conclude(&context, reply).await.map(drop);
        session.outdate_unless_on(&lease);
        debug!(outcome = outcome.as_ref().err().map(|error| field::display(error.outline())), session = %session.id, "a change of the session was answered after its deadline");
    }
    session.is_unanswered.store(false, Ordering::Release);
    drop(turn);
}

/// Returns true if the request may have changed the session, and there is no reply.
///
/// A change that was lost with its link has not: the session is made again from what was confirmed before.
pub(super) fn is_unknown<T>(reply: &Result<T>) -> bool {
    reply.as_ref().is_err_and(|error| error.delivery() == Delivery::Unknown && error.kind() != ErrorKind::Disconnected)
}
