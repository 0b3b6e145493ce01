//! Opening a transaction, and ending it exactly once.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tracing::{Instrument, Span, debug, debug_span, field};

use super::TransactionInner;
use super::turn::{no_turn, undone};
use crate::connection::{Cleanup, Deadline};
use crate::error::{Delivery, Error, ErrorKind, Result, ServerError};
use crate::protocol::{Feature, Request, read_begun};
use crate::session::{Background, Begun, SessionInner, Ticket};
use crate::value::Value;

/// The way in which a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Commit,
    Cancel,
}

impl Ending {
    fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Cancel => "cancel",
        }
    }
}

/// The kind of transaction that is opened.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BeginOptions {
    pub(super) is_read_only: bool,
    pub(super) is_serializable: bool,
}

impl BeginOptions {
    /// The request that opens it. Without options it has no parameter, as servers before 4.0 take none.
    fn request(self, session: &SessionInner) -> Result<Request> {
        let Self { is_read_only, is_serializable } = self;
        let read_only = is_read_only.then_some(Feature::ReadOnlyTransactions);
        let needs = read_only.max(is_serializable.then_some(Feature::SerializableTransactions));
        let request = session.request("begin");
        if needs.is_none() {
            return Ok(request.finish());
        }
        let read_only = is_read_only.then(|| Value::Object(BTreeMap::new()));
        let options = Options { isolation: is_serializable.then_some("serializable"), read_only };
        Ok(request.value(&options)?.finish().needing(needs))
    }
}

/// The parameter of `begin`.
#[derive(Serialize)]
struct Options {
    isolation: Option<&'static str>,
    /// Without the fields of its form: reads of the newest snapshot.
    read_only: Option<Value>,
}

/// Opens a transaction; `retry` is the number of earlier ones that conflicted.
pub(super) async fn begin(
    session: &Arc<SessionInner>,
    deadline: Deadline,
    options: BeginOptions,
    retry: u32,
) -> Result<Arc<TransactionInner>> {
    let span = debug_span!("transaction", id = field::Empty, retry, outcome = field::Empty);
    let watch = span.in_scope(|| session.watch(|| "begin".into()));
    watch.observe(open(session, deadline, options, span.clone())).instrument(span).await.map(Arc::new)
}

async fn open(
    session: &Arc<SessionInner>,
    deadline: Deadline,
    options: BeginOptions,
    span: Span,
) -> Result<TransactionInner> {
    let request = options.request(session)?;
    // Dropped here: the connection task cancels the transaction that the reply names.
    let begun = session.call_and_link(request, deadline, Cleanup::CancelBegun).await;
    let (reply, link) = begun.map_err(|error| match error.delivery() {
        Delivery::Unknown => error.rolled_back(),
        _ => explain(error),
    })?;
    let id = read_begun(&reply).map_err(|error| {
        Error::protocol("the reply to `begin` names no transaction").with_source(error).rolled_back()
    })?;
    span.record("id", field::display(id));
    Ok(TransactionInner::new(id, session, link, span))
}

/// A store without serializable transactions is reported as a failed query (4.0). The message about the limit does not say
/// whose limit it is nor how to raise it.
fn explain(error: Error) -> Error {
    match error.server() {
        Some(server) if server.is_isolation_missing() => error.with_kind(ErrorKind::Unsupported),
        Some(server) if error.kind() == ErrorKind::TooManyTransactions => {
            let message = "the session has as many open transactions as the server allows (64 by default; raise it with \
                 SURREAL_MAX_TRANSACTIONS_PER_SESSION, or for the default session of a connection with \
                 SURREAL_MAX_TRANSACTIONS_PER_CONNECTION)";
            Error::new(ErrorKind::TooManyTransactions, message).answered().with_server(server.clone())
        }
        _ => error,
    }
}

/// Closes the transaction and joins its queue now, and ends it when its turn comes, whether or not the caller stays: the
/// request that is sent decides, so the work must not stop halfway.
pub(super) async fn end(inner: Arc<TransactionInner>, ending: Ending, deadline: Deadline) -> Result<()> {
    let watch = inner.watch(|| ending.name().into(), None);
    watch.observe(end_once(inner, ending, deadline)).await
}

async fn end_once(inner: Arc<TransactionInner>, ending: Ending, deadline: Deadline) -> Result<()> {
    inner.close()?;
    let begun = Begun::default();
    let work = in_turn(Arc::clone(&inner), ending, inner.queue.join(), deadline, begun.clone());
    // Dropped here: the task goes on.
    let ended = Background::spawn(inner.client(), &begun, deadline, work).result().await;
    ended.map_err(|error| match error.kind() {
        ErrorKind::CommitUnknown => error,
        _ if ending == Ending::Commit && error.delivery() == Delivery::Unknown => unknown(error),
        _ => undone(error),
    })
}

async fn in_turn(
    inner: Arc<TransactionInner>,
    ending: Ending,
    ticket: Ticket,
    deadline: Deadline,
    begun: Begun,
) -> Result<()> {
    let Some(_turn) = ticket.turn(inner.client(), deadline).await else {
        return Err(give_up(&inner, ending, deadline));
    };
    match ending {
        Ending::Commit => commit(&inner, deadline, &begun).await,
        Ending::Cancel => {
            begun.set();
            roll_back(&inner, deadline, "cancelled").await
        }
    }
}

/// Cancels a transaction whose queries take longer than the call that ends it.
fn give_up(inner: &TransactionInner, ending: Ending, deadline: Deadline) -> Error {
    let call = ending.name();
    let error = no_turn(call, deadline);
    // The queries in front end with the transaction, and those that wait are not sent.
    inner.first_failure.note(call, &error);
    inner.link().clean(Cleanup::Cancel(inner.id()));
    inner.set_over("cancelled");
    error.in_context("the transaction is cancelled")
}

/// Commits, or cancels if anything in the transaction has failed.
async fn commit(inner: &TransactionInner, deadline: Deadline, begun: &Begun) -> Result<()> {
    if let Err(failed) = inner.first_failure.check() {
        if let Err(error) = roll_back(inner, deadline, "failed").await {
            debug!(error = %error.outline(), "a failed transaction could not be cancelled; the server does so when its session ends");
        }
        return Err(failed);
    }
    begun.set();
    let request = inner.session().request("commit").uuid(inner.id().as_uuid()).finish();
    let result = inner.call(request, deadline).await.map(drop).map_err(judge);
    match &result {
        Ok(()) => inner.set_over("committed"),
        // It is still open: dropping the transaction cancels it.
        Err(error) if error.delivery() == Delivery::NotSent => {}
        Err(error) if error.kind() == ErrorKind::CommitUnknown => inner.set_over("unknown"),
        Err(error) if error.is_conflict() => inner.set_over("conflict"),
        Err(_) => inner.set_over("refused"),
    }
    result
}

async fn roll_back(inner: &TransactionInner, deadline: Deadline, outcome: &'static str) -> Result<()> {
    let request = inner.session().request("cancel").uuid(inner.id().as_uuid()).finish();
    let result = inner.call(request, deadline).await.map(drop);
    // A request that was not sent is sent again when the transaction is dropped.
    if result.as_ref().map_or_else(Error::delivery, |()| Delivery::Answered) != Delivery::NotSent {
        inner.set_over(outcome);
    }
    result
}

/// Distinguishes a commit that was refused from one with an unknown outcome.
fn judge(error: Error) -> Error {
    let is_unclear = error.delivery() == Delivery::Unknown
        || error.kind() == ErrorKind::Protocol
        || error.server().is_some_and(ServerError::is_shutting_down);
    if is_unclear { unknown(error) } else { error }
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
