//! Transactions run by a closure, again after a conflict.

use std::ops::Range;
use std::time::Duration;

use tracing::debug;

use super::Transaction;
use super::begin::begin;
use super::handle::EndedBy;
use crate::connection::{PAUSES, Retry};
use crate::error::{Error, Result};
use crate::session::{Scope, Session};

/// How a transaction is run by a closure; see [`Session::transaction`].
#[derive(Debug, Clone)]
#[must_use = "nothing is run until `run` is awaited"]
pub struct TransactionBuilder {
    scope: Scope,
    retries: u32,
    pauses: Range<Duration>,
}

impl Session {
    /// Runs a closure in a transaction with [`TransactionBuilder::run`].
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use surreal_session::prelude::*;
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// let left: i64 = session
    ///     .transaction()
    ///     .retries(5)
    ///     .run(async |tx| {
    ///         let left = tx.query("UPDATE ONLY stock:lamp SET left -= 1 RETURN VALUE left").await?.take(0)?;
    ///         tx.query("CREATE order SET item = stock:lamp").await?.check()?;
    ///         Ok(left)
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn transaction(&self) -> TransactionBuilder {
        TransactionBuilder { scope: self.scope(), retries: RETRIES, pauses: PAUSES }
    }
}

impl TransactionBuilder {
    /// Sets how often the closure may be run again after a conflict; 5 times unless set.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the pauses before the closure is run again; from 5 to 500 milliseconds unless set.
    ///
    /// The first pause is of random length up to the start of the range, each later one up to twice as long as the
    /// one before could be, and none longer than the end: programs that conflict do not meet again at once.
    pub fn backoff(mut self, pauses: Range<Duration>) -> Self {
        self.pauses = pauses;
        self
    }

    /// Runs `body` in a transaction: commits if it gives `Ok`, cancels if it gives `Err`, and gives what it gave.
    ///
    /// A conflict, of a statement in the transaction or of its commit, has the closure run again from the start, in a
    /// new transaction. It has to bear that: what it does outside of the transaction is done again. Nothing else
    /// is retried, and a commit of [unknown](crate::ErrorKind::CommitUnknown) outcome never is.
    ///
    /// The transaction ends with the closure, also for clones of the handle that got out of it: they fail with
    /// [`TransactionClosed`](crate::ErrorKind::TransactionClosed).
    ///
    /// The closure may be `async |tx| { .. }` or `|tx| async move { .. }`, and may borrow; the future can be spawned
    /// if what it holds can be sent. An `async` closure that changes or consumes what it captures cannot be run twice:
    /// let it borrow.
    ///
    /// # Errors
    ///
    /// The closure's own error, and the errors of [`Session::begin_transaction`] and of [`Transaction::commit`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the transaction that is open, if its commit was not yet polled.
    pub async fn run<T, F, Fut>(self, body: F) -> Result<T>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: IntoFuture<Output = Result<T>>,
    {
        self.try_run(body).await
    }

    /// Like [`run`](Self::run), with an error type of the program's own, such as one that says why it cancels.
    ///
    /// The closure has to say which: `Ok::<_, Refused>(left)`.
    ///
    /// # Errors
    ///
    /// The closure's own error; or, as that type, what [`run`](Self::run) fails with.
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
        let mut retry = Retry::times(self.scope.client(), self.retries, self.pauses);
        loop {
            // Dropped anywhere below: the last handle goes too, and that cancels.
            let tx = begin(self.scope.clone(), EndedBy::Run, retry.count()).await?;
            let conflict = match body(tx.clone()).await {
                Ok(value) => match tx.commit_in_background().await {
                    Ok(()) => return Ok(value),
                    Err(error) if error.is_conflict() => explain(error, retry.count()).into(),
                    Err(error) => return Err(error.into()),
                },
                Err(error) => {
                    // The transaction remembers: a conflict may be hidden in the closure's own error.
                    let conflict = tx.state.verdict.is_conflict();
                    if let Err(error) = tx.cancel_in_background().await {
                        debug!(%error, "nothing of the transaction is kept, but it could not be cancelled");
                    }
                    if !conflict {
                        return Err(error);
                    }
                    error
                }
            };
            if !retry.pause().await {
                return Err(conflict);
            }
            debug!(retry = retry.count(), "a transaction runs again after a conflict");
        }
    }
}

fn explain(error: Error, retries: u32) -> Error {
    if retries == 0 {
        error
    } else {
        error.in_context(format_args!("conflict in each of {} runs", u64::from(retries) + 1))
    }
}

const RETRIES: u32 = 5;
