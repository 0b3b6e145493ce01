//! Transactions run by a closure, again after a conflict or the loss of the connection.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument, debug};

use super::lifecycle::{self, BeginOptions, Ending};
use super::marker::{CommitMarker, Settled, settle};
use super::state::Transient;
use super::{EndedBy, Transaction, TransactionInner};
use crate::connection::{PAUSES, Patience, Retry, RetryLimit, RunWatch};
use crate::error::{Error, ErrorKind, Result};
use crate::session::{SessionCall, SessionInner};
use crate::value::Table;

/// A transaction to be run by a closure; see [`Session::transaction`](crate::Session::transaction).
#[derive(Debug, Clone)]
#[must_use = "nothing is run until `run` is awaited"]
pub struct TransactionBuilder {
    session: Arc<SessionInner>,
    limit: RetryLimit,
    pauses: Range<Duration>,
    deadline: Patience,
    /// The table of the markers, if the transaction is to run exactly once.
    markers: Option<Table>,
    options: BeginOptions,
}

/// The outcome of one run that did not fail for good.
enum Run<T, E> {
    Done(T),
    /// Nothing is kept, and the closure may run again.
    Again(Transient, E),
}

impl<T, E> Run<T, E> {
    /// The outcome of a run that failed with this error.
    fn after(transient: Option<Transient>, error: E) -> Result<Self, E> {
        match transient {
            Some(transient) => Ok(Self::Again(transient, error)),
            None => Err(error),
        }
    }
}

impl TransactionBuilder {
    pub(super) fn new(session: &Arc<SessionInner>) -> Self {
        let limit = RetryLimit::For(RETRY_FOR);
        Self {
            session: Arc::clone(session),
            limit,
            pauses: PAUSES,
            deadline: Patience::default(),
            markers: None,
            options: BeginOptions::default(),
        }
    }

    /// Sets how often the closure may run again, instead of [for how long](Self::retry_for). With 0 it runs once.
    pub fn retries(mut self, retries: u32) -> Self {
        self.limit = RetryLimit::Times(retries);
        self
    }

    /// Sets for how long the closure may run again after its first failure, instead of [how often](Self::retries); 5 seconds
    /// unless set.
    ///
    /// No run begins later. One that has begun goes on, so that all of it may take longer.
    pub fn retry_for(mut self, time: Duration) -> Self {
        self.limit = RetryLimit::For(time);
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
    /// The queries of the closure have their own deadlines, and [`retry_for`](Self::retry_for) limits the runs. There is
    /// no deadline over all of it, because the closure is the program's own code: to set one, wrap the whole future in
    /// a timeout. Dropping it cancels the transaction, unless the commit has begun.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline.end_after(deadline);
        self
    }

    /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
    /// [`Connect::fail_fast`](crate::Connect::fail_fast).
    pub fn fail_fast(mut self) -> Self {
        self.deadline.fail_fast();
        self
    }

    /// Settles the outcome of a commit whose reply is lost or late, so that the transaction is applied exactly once.
    ///
    /// Without this, such a commit is of [unknown](crate::ErrorKind::CommitUnknown) outcome, and the program has to find
    /// out itself. With it, the transaction first writes a [marker](CommitMarker) into the table `commit_marker`. If the
    /// reply to the commit is lost, late or unclear, the client claims the marker: from then on it is certain whether the
    /// transaction was committed, even if the old commit is still under way. If it was, `run` returns the closure's value;
    /// if not, the closure runs again, as after a conflict.
    ///
    /// If the outcome cannot be settled within [`deadline`](Self::deadline), which is counted from the end of the commit,
    /// the error is [`CommitUnknown`](crate::ErrorKind::CommitUnknown) with the [marker](crate::Error::commit_marker), for
    /// [`Session::was_applied`](crate::Session::was_applied). If the future is dropped, or the process ends, while the
    /// commit is under way, nobody knows the outcome.
    ///
    /// # Cost
    ///
    /// One request more before the closure, which creates the marker, and one in the background after the commit, which
    /// deletes it. Only a lost, late or unclear reply costs more: one request for the claim, and one more if the
    /// transaction was committed.
    ///
    /// # Requirements
    ///
    /// [Define](CommitMarker::define) the table once beforehand, and
    /// [remove](CommitMarker::remove_old) old markers now and then. The session must be able to create and select markers:
    /// if none comes back, `run` fails before the closure runs. The session must keep its namespace and its database until
    /// the outcome is known. The store must refuse the second of two concurrent transactions that create the same record.
    /// The stores in memory and on disk (server 3.3.5) do so.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # use surreal_session::CommitMarker;
    /// # surreal_session_embedded::example(async |session| {
    /// # session.execute("CREATE account:ada SET balance = 100; CREATE account:bob SET balance = 0").await?;
    /// CommitMarker::define(&session).await?;
    /// session
    ///     .transaction()
    ///     .exactly_once()
    ///     .run(async |tx| {
    ///         tx.execute("UPDATE account:ada SET balance -= 10").await?;
    ///         tx.execute("UPDATE account:bob SET balance += 10").await
    ///     })
    ///     .await?;
    /// # Ok(()) });
    /// ```
    pub fn exactly_once(self) -> Self {
        self.exactly_once_in(Table::new(CommitMarker::TABLE))
    }

    /// Does the same as [`exactly_once`](Self::exactly_once), with markers in this table.
    pub fn exactly_once_in(mut self, markers: Table) -> Self {
        self.markers = Some(markers);
        self
    }

    /// Opens a transaction that only reads: the server refuses each statement that writes.
    ///
    /// It needs server 4.0 ([`Feature::ReadOnlyTransactions`](crate::connection::Feature::ReadOnlyTransactions)); on others,
    /// opening fails with [`Unsupported`](crate::ErrorKind::Unsupported). With [`exactly_once`](Self::exactly_once), which
    /// writes, it fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example(async |session| {
    /// let reading = session.transaction().read_only().run(async |tx| tx.query("RETURN 1").await?.take::<i64>(0)).await;
    /// match reading {
    ///     Ok(value) => assert_eq!(value, 1),
    ///     Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported),
    /// }
    /// # Ok(()) });
    /// ```
    pub fn read_only(mut self) -> Self {
        self.options.is_read_only = true;
        self
    }

    /// Opens a transaction without write skew: its commit conflicts if another one has changed what it has read.
    ///
    /// It needs server 4.0 ([`Feature::SerializableTransactions`](crate::connection::Feature::SerializableTransactions)) and a
    /// store that has them; otherwise opening fails with [`Unsupported`](crate::ErrorKind::Unsupported). On other servers,
    /// [`for_update`](crate::query::SelectOne::for_update) protects what is read.
    pub fn serializable(mut self) -> Self {
        self.options.is_serializable = true;
        self
    }

    /// Opens a transaction with these options, which the program ends itself; see
    /// [`Session::begin_transaction`](crate::Session::begin_transaction) for its errors and its cancel safety.
    ///
    /// The settings about further runs have no effect.
    pub fn begin(self) -> SessionCall<Transaction> {
        let client = self.session.client.clone();
        let Self { session, deadline, options, .. } = self;
        let begin = async move |deadline| Transaction::begin_with(&session, deadline, options).await;
        SessionCall::new(&client, begin).with_patience(deadline)
    }

    /// Runs `body` in a transaction: commits if it returns `Ok`, cancels if it returns `Err`, and returns its result.
    ///
    /// After a conflict, of a statement in the transaction or of its commit, and after the
    /// [loss](crate::ErrorKind::TransactionLost) of the connection before the commit was sent, the closure runs again from
    /// the start, in a new transaction. So what it does outside of the transaction is done again. It runs again for up to
    /// 5 seconds, unless [`retry_for`](Self::retry_for) or [`retries`](Self::retries) says otherwise. Nothing else is
    /// retried, and a commit of [unknown](crate::ErrorKind::CommitUnknown) outcome never is.
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
        if self.options.is_read_only && self.markers.is_some() {
            let advice = "a transaction that only reads cannot write the marker of `exactly_once`; run it without";
            return Err(Error::argument(advice).into());
        }
        let mut watch = self.session.watch_run();
        let span = watch.span.clone();
        self.attempts(&mut body, &mut watch).instrument(span).await
    }

    async fn attempts<T, E, F, Fut>(&self, body: &mut F, watch: &mut RunWatch) -> Result<T, E>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: IntoFuture<Output = Result<T, E>>,
        E: From<Error>,
    {
        let mut retry = Retry::new(&self.session.client, self.limit, self.pauses.clone());
        loop {
            watch.attempt();
            let outcome = self.run_once(body, retry.count()).await;
            let (transient, error) = match outcome {
                Ok(Run::Again(transient, error)) => (transient, error),
                Ok(Run::Done(value)) => {
                    watch.succeeded();
                    return Ok(value);
                }
                Err(error) => {
                    watch.failed(None);
                    return Err(error);
                }
            };
            let runs_again = match transient {
                Transient::Conflict => retry.pause().await,
                Transient::Lost => retry.pause_after_loss().await,
            };
            if !runs_again {
                watch.failed(Some(transient.kind()));
                return Err(error);
            }
            watch.again(transient.kind());
        }
    }

    /// Runs `body` in one transaction.
    async fn run_once<T, E, F, Fut>(&self, body: &mut F, retries: u32) -> Result<Run<T, E>, E>
    where
        F: FnMut(Transaction) -> Fut,
        Fut: IntoFuture<Output = Result<T, E>>,
        E: From<Error>,
    {
        let inner = match self.open(retries).await {
            Ok(inner) => inner,
            Err(error) => return Run::after(Transient::of(&error), error.into()),
        };
        let marker = match self.mark(&inner).await {
            Ok(marker) => marker,
            Err(error) => return Run::after(inner.first_failure.transient(), error.into()),
        };
        // Dropped anywhere below: the last handle goes too, and that cancels.
        match body(Transaction { inner: Arc::clone(&inner), ended_by: EndedBy::Run }).await {
            Ok(value) => match self.commit(inner, marker).await {
                Ok(()) => Ok(Run::Done(value)),
                Err(error) => match Transient::of(&error) {
                    Some(transient) => Ok(Run::Again(transient, explain(error, retries).into())),
                    None => Err(error.into()),
                },
            },
            Err(error) => {
                // The transaction remembers: a conflict may be hidden in the closure's own error.
                let transient = inner.first_failure.transient();
                if let Err(error) = self.end(inner, Ending::Cancel).await {
                    debug!(error = %error.outline(), "a transaction was not cancelled; the server drops it when its session ends");
                }
                Run::after(transient, error)
            }
        }
    }

    async fn open(&self, retries: u32) -> Result<Arc<TransactionInner>> {
        lifecycle::begin(&self.session, self.session.client.deadline(self.deadline), self.options, retries).await
    }

    /// Writes the marker, if there is to be one.
    async fn mark(&self, inner: &Arc<TransactionInner>) -> Result<Option<CommitMarker>> {
        let Some(table) = &self.markers else { return Ok(None) };
        let marker = CommitMarker::write(inner, table, self.session.client.deadline(self.deadline)).await;
        marker.map(Some)
    }

    /// Commits, and settles an unknown outcome with the marker.
    async fn commit(&self, inner: Arc<TransactionInner>, marker: Option<CommitMarker>) -> Result<()> {
        let committed = self.end(inner, Ending::Commit).await;
        let Some(marker) = marker else { return committed };
        let outcome = match committed {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::CommitUnknown => {
                debug!(error = %error.outline(), "the outcome of a commit is unknown; its marker is claimed");
                match settle(&self.session, &marker, self.session.client.deadline(self.deadline)).await? {
                    Settled::Applied => Ok(()),
                    Settled::Void => Err(not_applied(error)),
                }
            }
            // There is no marker: the transaction is rolled back.
            Err(error) => return Err(error),
        };
        marker.remove(&self.session);
        outcome
    }

    async fn end(&self, inner: Arc<TransactionInner>, ending: Ending) -> Result<()> {
        lifecycle::end(inner, ending, self.session.client.deadline(self.deadline)).await
    }
}

/// The error of a commit whose marker was claimed.
fn not_applied(cause: Error) -> Error {
    let message = "transaction rolled back: the outcome of its commit was unknown, and its marker shows that it failed";
    Error::new(ErrorKind::TransactionLost, message).rolled_back().with_source(cause)
}

fn explain(error: Error, retries: u32) -> Error {
    match retries {
        0 => error,
        _ => {
            let what = if error.is_conflict() { "conflict" } else { "conflict or lost connection" };
            error.in_context(format_args!("{what} in each of {} runs", u64::from(retries) + 1))
        }
    }
}

/// Five retries were too few: of 40 transactions that changed the same record at once, 31 gave up.
const RETRY_FOR: Duration = Duration::from_secs(5);
