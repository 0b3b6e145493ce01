//! Ending a transaction, exactly once.

use std::sync::Arc;

use tracing::{Instrument, debug};

use super::turn::no_turn;
use super::{State, Transaction};
use crate::connection::{Cleanup, Deadline};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::session::{Background, Begun, Place, Scope};

/// How a transaction that lets nobody join any more ends.
#[derive(Debug, Clone, Copy)]
enum Ending {
    Commit,
    Cancel,
}

pub(super) async fn commit(transaction: Transaction) -> Result<()> {
    end(transaction, Ending::Commit).await.map_err(|error| match error.kind() {
        ErrorKind::Disconnected | ErrorKind::Timeout if error.delivery() == Delivery::Unknown => unknown(error),
        _ => error,
    })
}

pub(super) async fn cancel(transaction: Transaction) -> Result<()> {
    end(transaction, Ending::Cancel).await
}

/// Joins the queue now, and ends the transaction when its turn comes, whether or not the caller stays: the request that
/// is sent decides, so the work must not stop halfway.
async fn end(transaction: Transaction, ending: Ending) -> Result<()> {
    let (state, begun) = (Arc::clone(&transaction.state), Begun::default());
    let deadline = state.client().deadline(None);
    let work = in_turn(transaction, ending, state.queue.join(), deadline, begun.clone());
    // Dropped here: the task goes on.
    let work = work.instrument(state.span().clone());
    Background::spawn(state.client(), &begun, deadline, work).result().await
}

async fn in_turn(
    transaction: Transaction,
    ending: Ending,
    place: Place,
    deadline: Deadline,
    begun: Begun,
) -> Result<()> {
    let Transaction { state, scope, .. } = &transaction;
    let Some(_turn) = place.turn(state.client(), deadline).await else { return Err(give_up(state, ending, deadline)) };
    match ending {
        Ending::Commit => commit_now(state, scope, deadline, &begun).await,
        Ending::Cancel => {
            begun.set();
            roll_back(state, scope, deadline, "cancelled").await
        }
    }
}

/// Cancels a transaction whose queries take longer than the call that ends it.
fn give_up(state: &State, ending: Ending, deadline: Deadline) -> Error {
    let call = match ending {
        Ending::Commit => "commit",
        Ending::Cancel => "cancel",
    };
    let error = no_turn(call, deadline);
    // The queries in front end with the transaction, and those that wait are not sent.
    state.verdict.fail(call, &error);
    state.client().clean(Cleanup::Cancel(state.id()));
    state.set_over("cancelled");
    error.in_context("the transaction is cancelled")
}

/// Commits, or cancels if anything in the transaction has failed.
async fn commit_now(state: &State, scope: &Scope, deadline: Deadline, begun: &Begun) -> Result<()> {
    if let Err(failed) = state.verdict.check() {
        if let Err(error) = roll_back(state, scope, deadline, "failed").await {
            debug!(%error, "a failed transaction could not be cancelled; the server does so when its session ends");
        }
        return Err(failed);
    }
    begun.set();
    let request = scope.request("commit").uuid(state.id().as_uuid()).finish();
    let result = scope.call_within(request, deadline, Cleanup::Nothing).await.map(drop).map_err(judge);
    match &result {
        Ok(()) => state.set_over("committed"),
        // It is still open: dropping the state cancels it.
        Err(error) if error.delivery() == Delivery::NotSent => {}
        Err(error) if error.kind() == ErrorKind::CommitUnknown => state.set_over("unknown"),
        Err(error) if error.is_conflict() => state.set_over("conflict"),
        Err(_) => state.set_over("refused"),
    }
    result
}

async fn roll_back(state: &State, scope: &Scope, deadline: Deadline, outcome: &'static str) -> Result<()> {
    let request = scope.request("cancel").uuid(state.id().as_uuid()).finish();
    let result = scope.call_within(request, deadline, Cleanup::Nothing).await.map(drop);
    // One that was not sent is sent when the state is dropped.
    if result.as_ref().map_or_else(Error::delivery, |()| Delivery::Answered) != Delivery::NotSent {
        state.set_over(outcome);
    }
    result
}

/// Tells a commit that was refused from one that nobody knows anything about.
fn judge(error: Error) -> Error {
    let unclear = error.delivery() == Delivery::Unknown
        || error.kind() == ErrorKind::Protocol
        || error.server().is_some_and(crate::error::ServerError::is_shutting_down);
    if unclear { unknown(error) } else { error }
}

fn unknown(error: Error) -> Error {
    let message = "the transaction may or may not have been committed";
    let unknown = Error::new(ErrorKind::CommitUnknown, message).with_delivery(Delivery::Unknown);
    let unknown = match error.server() {
        Some(server) => unknown.with_server(server.clone()),
        None => unknown,
    };
    unknown.with_source(error)
}
