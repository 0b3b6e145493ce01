//! The renewal of sessions whose identity expires.
//!
//! A task renews a session when about half of its time has passed, so that it does not expire while it waits for a long
//! query: the server (3.3.5) renews a session only when no query of it runs. A call that finds the session expired renews it
//! too, and is then sent again: the server refuses such a call before it does anything.
//!
//! While the identity is proved, and until it was compared with the one before, the calls of the session wait: nothing is sent
//! as another user.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::task::JoinError;
use tokio::time::Instant;
use tracing::{Instrument, debug, debug_span};

use super::info;
use super::proof::{Gate, Proof, is_refusal};
use super::recipe::{Confirmed, Identity, Selection};
use super::state::SessionInner;
use super::turn::ChangeContext;
use crate::connection::{Cleanup, ConnectionEvent, Deadline, Lease, random_up_to};
use crate::error::{Error, ErrorKind, Result};

/// Renews a session that has expired, unless it was renewed since its proof number `seen`. The caller has no turn.
///
/// The renewal goes on if this is dropped, or its deadline passes.
pub(super) fn renew(session: &Arc<SessionInner>, seen: u64, deadline: Deadline) -> BoxFuture<'static, Result<()>> {
    let (ticket, session) = (session.changes.join(), Arc::clone(session));
    in_background(Arc::clone(&session), deadline, async move {
        let limit = session.client.deadline(Some(LIMIT));
        let context = ChangeContext::new(&session, limit);
        let _turn = ticket.turn(&session.client, limit).await.ok_or_else(|| context.no_turn())?;
        renew_alone(&context, seen).await
    })
}

/// Does the same in the turn of a change.
pub(super) fn renew_in_turn(
    session: &Arc<SessionInner>,
    seen: u64,
    deadline: Deadline,
) -> BoxFuture<'static, Result<()>> {
    let session = Arc::clone(session);
    in_background(Arc::clone(&session), deadline, async move {
        let limit = session.client.deadline(Some(LIMIT));
        renew_alone(&ChangeContext::new(&session, limit), seen).await
    })
}

fn in_background(
    session: Arc<SessionInner>,
    deadline: Deadline,
    work: impl Future<Output = Result<()>> + Send + 'static,
) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let work = session.client.spawn(work.instrument(debug_span!("renew", session = %session.id)));
        let renewed = session.client.within(deadline.at, work).await;
        renewed.ok_or_else(|| deadline.timed_out_waiting_for("the renewal of the session"))?.map_err(ended)?
    })
}

/// Renews the session later, when about half of its time has passed. Replaces an earlier plan.
///
/// Sessions that began together are not all renewed together.
pub(super) fn schedule(session: &Arc<SessionInner>) {
    let (ends, seen) = {
        let confirmed = session.confirmed();
        let ends = confirmed.facts.as_ref().and_then(|facts| facts.session_ends);
        (ends.filter(|_| matches!(confirmed.recipe.identity, Identity::Proved(_))), confirmed.proofs)
    };
    let plan = ends.map(|ends| {
        let work = renew_later(Arc::downgrade(session), ends, seen);
        // Not in the span of the call, which would stay open until then.
        session.client.spawn(work).abort_handle()
    });
    session.replace_renewal(plan);
}

/// Ends with the session: [`SessionInner`] aborts it.
async fn renew_later(session: Weak<SessionInner>, ends: Instant, seen: u64) {
    let left = ends.saturating_duration_since(Instant::now());
    let mut pause = left / 8 * 3 + random_up_to(left / 8);
    loop {
        tokio::time::sleep(pause.max(SHORTEST_PAUSE)).await;
        let Some(session) = session.upgrade() else { return };
        // A session on no link is restored by its next call.
        if session.link().is_none() || session.proofs() != seen {
            return;
        }
        let deadline = session.client.deadline(None);
        match renew(&session, seen, deadline).await {
            Ok(()) => return,
            Err(error) => {
                debug!(error = %error.outline(), session = %session.id, "the session could not be renewed");
                if is_refusal(&error) || error.kind() == ErrorKind::IdentityChanged {
                    return;
                }
            }
        }
        let left = ends.saturating_duration_since(Instant::now());
        pause = if left.is_zero() { (pause * 2).min(LONGEST_PAUSE) } else { left / 2 };
    }
}

/// Renews the session while no live query of it is being registered.
async fn renew_alone(context: &ChangeContext, seen: u64) -> Result<()> {
    let ChangeContext { session, deadline } = context;
    let _alone = context.without_registrations().await?;
    loop {
        let lease = session.ready(*deadline, &"renew".into()).await?;
        let before = session.confirmed().clone();
        if before.proofs != seen {
            return Ok(());
        }
        match renew_on(session, &lease, &before, *deadline).await {
            Err(error) if error.kind() == ErrorKind::Disconnected && !error.is_final() => {}
            renewed => return renewed,
        }
    }
}

async fn renew_on(
    session: &Arc<SessionInner>,
    lease: &Arc<Lease>,
    before: &Confirmed,
    deadline: Deadline,
) -> Result<()> {
    let Identity::Proved(source) = &before.recipe.identity else {
        return Err(Error::new(
            ErrorKind::Auth,
            "the session is anonymous, and an anonymous session cannot be renewed",
        ));
    };
    let gate = Gate::new(session, lease);
    let proof = Proof { session, link: lease.link(), deadline, gate: Some(&gate) };
    proof.run(source).await?;
    // Not open before the identity is known: without it, the session is made again from the beginning.
    let facts = proof.facts().await.inspect_err(|_| session.outdate(lease))?;
    if let Err(changed) = before.check_identity(&facts) {
        session.give_up(lease, &changed);
        session.client.emit(ConnectionEvent::SessionLost { session: session.id, error: changed.clone() });
        return Err(changed);
    }
    session.confirmed().note(facts);
    reselect(session, lease, before, deadline).await.inspect_err(|_| session.outdate(lease))?;
    drop(gate);
    session.client.emit(ConnectionEvent::TokenRenewed { session: session.id });
    schedule(session);
    session.compare_live_sessions();
    info::report_identity(session, deadline).await;
    Ok(())
}

/// Selects the namespace and database of the session again, if the identity has brought its own with it.
async fn reselect(session: &SessionInner, lease: &Lease, before: &Confirmed, deadline: Deadline) -> Result<()> {
    if before.is_moved() || session.confirmed().selection() == before.selection() {
        return Ok(());
    }
    let request = before.recipe.selection.to_request(&before.recipe.identity).write(session.request("use"))?;
    let reply = lease.link().call(request, deadline, Cleanup::Nothing).await?;
    session.confirmed().select(Selection::read(&reply)?);
    Ok(())
}

/// The error of a call whose session has expired and could not be renewed.
pub(super) fn failed(expired: Error, cause: Error) -> Error {
    match cause.kind() {
        // The session is over, or its connection is.
        ErrorKind::IdentityChanged | ErrorKind::SessionClosed | ErrorKind::Closed => cause,
        _ => expired.in_context("the session could not be renewed").with_source(cause),
    }
}

fn ended(error: JoinError) -> Error {
    let message = "the renewal of the session ended with the runtime of its connection, or by a panic";
    Error::new(ErrorKind::Closed, message).with_source(error)
}

/// How long a renewal may take. The server answers it after the queries of the session that run; calls that wait for it end at
/// their own deadlines.
const LIMIT: Duration = Duration::from_mins(10);

const SHORTEST_PAUSE: Duration = Duration::from_millis(250);

const LONGEST_PAUSE: Duration = Duration::from_secs(30);
