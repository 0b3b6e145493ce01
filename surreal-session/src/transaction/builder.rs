//! Transactions run by a closure, again after a conflict.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use super::lifecycle::{self, Ending};
use super::{EndedBy, Transaction, TransactionInner};
use crate::connection::{PAUSES, Retry};
use crate::error::{Error, Result};
use crate::session::SessionInner;

/// A transaction to be run by a closure; see [`Session::transaction`](crate::Session::transaction).
#[derive(Debug, Clone)]
#[must_use = "nothing is run until `run` is awaited"]
pub struct TransactionBuilder {
    session: Arc<SessionInner>,
    retries: u32,
    pauses: Range<Duration>,
    deadline: Option<Duration>,
}

impl TransactionBuilder {
    pub(super) fn new(session: &Arc<SessionInner>) -> Self {
        Self { session: Arc::clone(session), retries: RETRIES, pauses: PAUSES, deadline: None }
    }

    /// Sets how often the closure may be run again after a conflict; 5 times unless set.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the pauses before the closure is run again; from 5 to 500 milliseconds unless set.
    ///
    /// The first pause has a random length up to the start of the range. The limit doubles with each later pause, up to
    /// the end of the range. So programs that conflict do not meet again at once.
    pub fn backoff(mut self, pauses: Range<Duration>) -> Self {
        self.pauses = pauses;
        self
    }

    /// Sets how long opening, committing and cancelling a transaction may take, each.
    ///
    /// The queries of the closure have their own deadlines.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Runs `body` in a transaction: commits if it returns `Ok`, cancels if it returns `Err`, and returns its result.
    ///
    /// After a conflict, of a statement in the transaction or of its commit, the closure runs again from the start, in a
    /// new transaction. So what it does outside of the transaction is done again. Nothing else is retried, and a commit of
    /// [unknown](crate::ErrorKind::CommitUnknown) outcome never is.
    ///
    /// The transaction ends with the closure. Clones of the handle that live longer fail with
    /// [`TransactionClosed`](crate::ErrorKind::TransactionClosed).
    ///
    /// The closure may be `async |tx| { .. }` or `|tx| async move { .. }`, and may borrow. The future can be spawned
    /// if everything that it holds is `Send`. An `async` closure that changes or consumes what it captures cannot run
    /// twice: let it borrow.
    ///
    /// # Errors
    ///
    /// The closure's own error, and the errors of [`Session::begin_transaction`](crate::Session::begin_transaction) and of
    /// [`Transaction::commit`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the transaction that is open, unless its commit was polled.
    pub async fn run<T, F, Fut>(self, body: F) -> Result<T>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: IntoFuture<Output = Result<T>>,
    {
        self.try_run(body).await
    }

    /// Runs `body` like [`run`](Self::run), with an error type of the program.
    ///
    /// The closure names the type: `Ok::<_, Refused>(left)`.
    ///
    /// # Errors
    ///
    /// The closure's own error; or an error of [`run`](Self::run), converted to that type.
    ///
    /// # Cancel safety
    ///
    /// Like [`run`](Self::run).
    pub async fn try_run<T, E, F, Fut>(self, mut body: F) -> Result<T, E>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: IntoFuture<Output = Result<T, E>>,
        E: From<Error>,
    {
        let mut retry = Retry::times(&self.session.client, self.retries, self.pauses.clone());
        loop {
            let conflict = match self.run_once(&mut body, retry.count()).await? {
                Ok(value) => return Ok(value),
                Err(conflict) => conflict,
            };
            if !retry.pause().await {
                return Err(conflict);
            }
            debug!(retry = retry.count(), "a transaction runs again after a conflict");
        }
    }

    /// Runs `body` in one transaction. The inner error is a conflict, after which it may run again.
    async fn run_once<T, E, F, Fut>(&self, body: &mut F, retries: u32) -> Result<Result<T, E>, E>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: IntoFuture<Output = Result<T, E>>,
        E: From<Error>,
    {
        // Dropped anywhere below: the last handle goes too, and that cancels.
        let inner = lifecycle::begin(&self.session, self.session.client.deadline(self.deadline), retries).await?;
        match body(Transaction { inner: Arc::clone(&inner), ended_by: EndedBy::Run }).await {
            Ok(value) => match self.end(inner, Ending::Commit).await {
                Ok(()) => Ok(Ok(value)),
                Err(error) if error.is_conflict() => Ok(Err(explain(error, retries).into())),
                Err(error) => Err(error.into()),
            },
            Err(error) => {
                // The transaction remembers: a conflict may be hidden in the closure's own error.
                let is_conflict = inner.first_failure.is_conflict();
                if let Err(error) = self.end(inner, Ending::Cancel).await {
                    debug!(%error, "a transaction was not cancelled; the server drops it when its session ends");
                }
                if is_conflict { Ok(Err(error)) } else { Err(error) }
            }
        }
    }

    async fn end(&self, inner: Arc<TransactionInner>, ending: Ending) -> Result<()> {
        lifecycle::end(inner, ending, self.session.client.deadline(self.deadline)).await
    }
}

fn explain(error: Error, retries: u32) -> Error {
    match retries {
        0 => error,
        _ => error.in_context(format_args!("conflict in each of {} runs", u64::from(retries) + 1)),
    }
}

const RETRIES: u32 = 5;
