//! Opening a transaction.

use std::sync::Arc;

use tracing::{Instrument, Span, debug_span, field};

use super::handle::EndedBy;
use super::{State, Transaction};
use crate::connection::Cleanup;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::read_begun;
use crate::session::{CallFuture, Scope, Session};

impl Session {
    /// Opens a transaction in this session.
    ///
    /// [`transaction`](Self::transaction) does that too, ends it, and runs it again after a conflict.
    ///
    /// # Errors
    ///
    /// [`TooManyTransactions`](ErrorKind::TooManyTransactions) if the session has 64 open ones (server 3.3.5, unless
    /// configured otherwise); otherwise only if the session is closed, or the connection is lost or does not answer.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels what was opened, also if the server opens it only later.
    pub fn begin_transaction(&self) -> CallFuture<Transaction> {
        Box::pin(begin(self.scope(), EndedBy::Program, 0))
    }
}

/// Opens a transaction; `retry` says how many of its kind have failed before.
pub(super) async fn begin(scope: Scope, ended_by: EndedBy, retry: u32) -> Result<Transaction> {
    let span = debug_span!("transaction", id = field::Empty, retry, outcome = field::Empty);
    let state = Arc::new(open(&scope, span.clone()).instrument(span).await?);
    Ok(Transaction::new(state, scope, ended_by))
}

async fn open(scope: &Scope, span: Span) -> Result<State> {
    let request = scope.request("begin").finish();
    // Dropped here: the connection task cancels what the server says it has begun.
    let begun = scope.call_within(request, scope.client().deadline(None), Cleanup::CancelBegun).await;
    let id = read_begun(&begun.map_err(explain)?)
        .map_err(|error| Error::protocol("the reply to `begin` names no transaction").with_source(error))?;
    span.record("id", field::display(id));
    Ok(State::new(id, scope.client().clone(), span))
}

/// The server's own words say neither whose limit it is nor how to raise it.
fn explain(error: Error) -> Error {
    match error.server() {
        Some(server) if error.kind() == ErrorKind::TooManyTransactions => {
            let message = "the session has as many open transactions as the server allows: 64, unless it is told \
                 otherwise by SURREAL_MAX_TRANSACTIONS_PER_SESSION, or for the default session of a connection by \
                 SURREAL_MAX_TRANSACTIONS_PER_CONNECTION";
            Error::new(ErrorKind::TooManyTransactions, message).answered().with_server(server.clone())
        }
        _ => error,
    }
}
