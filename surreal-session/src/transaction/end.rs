//! Ending a transaction, exactly once.

use tracing::{Instrument, debug};

use super::{State, Transaction};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::session::Scope;

/// Runs `ending` to its end, whether or not the caller stays: what is sent decides, so nobody may stop halfway.
pub(super) async fn to_the_end(
    transaction: &Transaction,
    ending: impl Future<Output = Result<()>> + Send + 'static,
) -> Result<()> {
    let span = transaction.state.span().clone();
    let task = transaction.state.handle().runtime().spawn(ending.instrument(span));
    // Dropped here: the task goes on.
    task.await.unwrap_or_else(|error| {
        let lost = Error::new(ErrorKind::Disconnected, "the runtime of the connection was shut down");
        Err(unknown(lost.with_delivery(Delivery::Unknown).with_source(error)))
    })
}

/// Commits a transaction that is closed to everybody else, or cancels it if anything in it has failed.
pub(super) async fn commit(transaction: Transaction) -> Result<()> {
    let Transaction { state, scope, .. } = &transaction;
    let _turn = state.turn.lock().await;
    if let Err(failed) = state.verdict.check() {
        if let Err(error) = roll_back(state, scope, "failed").await {
            debug!(%error, "a failed transaction could not be cancelled; the server does so when its session ends");
        }
        return Err(failed);
    }
    let request = scope.request("commit").uuid(state.id().as_uuid()).finish();
    let result = scope.call(request, None).await.map(drop).map_err(judge);
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

/// Cancels a transaction that is closed to everybody else.
pub(super) async fn cancel(transaction: Transaction) -> Result<()> {
    let Transaction { state, scope, .. } = &transaction;
    let _turn = state.turn.lock().await;
    roll_back(state, scope, "cancelled").await
}

async fn roll_back(state: &State, scope: &Scope, outcome: &'static str) -> Result<()> {
    let request = scope.request("cancel").uuid(state.id().as_uuid()).finish();
    let result = scope.call(request, None).await.map(drop);
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
