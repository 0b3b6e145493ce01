//! Transactions: opening and ending them, and the failures that end them.
//!
//! The server (3.3.5) keeps the writes of a failed statement and commits them on request, runs requests of one transaction
//! side by side, and rolls back only on request. The client adds the rest: each query has its [`turn`], the first failure
//! is remembered ([`state`]), a transaction ends exactly once ([`lifecycle`]), and dropping it cancels it.
//!
//! A transaction fails for good when its [`FirstFailure`] is set. These places set it:
//!
//! - [`turn`], when the reply to a query says that a statement failed, when there is no readable reply by the deadline, or
//!   when the connection is lost;
//! - [`turn`], when a query was sent and its future is dropped, or its task ends, before the reply;
//! - [`DecodeGuard`], when `Response::take` cannot decode a result of a query that may have written (`query/effect.rs`
//!   decides which may);
//! - [`lifecycle`], when `commit` or `cancel` does not get its turn by its deadline.
//!
//! Queries check it before they are sent, and `commit` checks it in its turn: it then cancels instead.

mod builder;
mod lifecycle;
mod marker;
mod state;
mod turn;

use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;

use serde::Serialize;

use crate::codec;
use crate::connection::Deadline;
use crate::error::{Error, Result};
use crate::protocol::{TransactionId, check_name};
use crate::session::{Session, SessionCall, SessionInner};

use self::lifecycle::{BeginOptions, Ending};
pub use builder::TransactionBuilder;
pub use marker::CommitMarker;
pub(crate) use state::{DecodeGuard, TransactionInner};
pub(crate) use turn::query;

/// A transaction: [`commit`](Self::commit) keeps all of its writes or none of them.
///
/// [`Session::begin_transaction`] opens one. [`Queryable`](crate::Queryable) provides the methods that read and write. A
/// clone is the same transaction and costs nothing. Dropping the last handle, and the last query that was made from one,
/// cancels it in the background.
///
/// Queries of one transaction run one at a time, in the order of their first poll, whichever task they come from. A query
/// that was polled is carried out, even if its future is kept and not polled any more. Queries run with the identity, the
/// namespace and the database that the session has at that moment: if the session changes them, the rest of the
/// transaction goes there. Other calls of the session, such as [`Session::set`], are no part of the transaction and are not
/// undone by it.
///
/// # A failure is final
///
/// The server (3.3.5) keeps the writes that a failed statement made before it failed, even a record that a UNIQUE index
/// refused, and would commit them. There are no savepoints. So the first failure decides: a statement that failed
/// (whether or not the program looked at its result), a reply that did not come in time, a result of a write that does not
/// fit its type, a future that was dropped before its reply. Every later call then fails with
/// [`TransactionFailed`](crate::ErrorKind::TransactionFailed), and `commit` cancels. A call that failed before it was
/// sent ([`Delivery::NotSent`](crate::Delivery::NotSent)), such as one with a value that cannot be encoded, has no such
/// effect; nor has a call that finds no record ([`NotFound`](crate::ErrorKind::NotFound)), as no statement failed.
///
/// As such a transaction is never committed, nothing of it is kept: the error of a call that was sent and has no readable
/// reply has [`Delivery::RolledBack`](crate::Delivery::RolledBack).
///
/// # A lost connection
///
/// A transaction ends with its connection. If it is lost before the commit was sent, every call fails with
/// [`TransactionLost`](crate::ErrorKind::TransactionLost) and [`Delivery::RolledBack`](crate::Delivery::RolledBack): it is
/// certain that nothing is kept, and the transaction can be run again, as [`Session::transaction`] does. Only a commit that
/// was sent and not answered is [unknown](crate::ErrorKind::CommitUnknown).
///
/// # Isolation
///
/// A transaction sees the database as it was when it began, and its own writes; others see its writes once they are
/// committed. If two write the same record, the first to commit wins and the other's commit fails with a
/// [conflict](crate::Error::is_conflict). The server does not protect against *write skew*: two transactions that read
/// the same records and each write another of them both commit.
/// [`for_update`](crate::query::SelectOne::for_update), in text `SELECT … FOR UPDATE`, counts reads as writes.
///
/// # Examples
///
/// ```
/// # use surreal_session::prelude::*;
/// # surreal_session_embedded::example(async |session| {
/// session.query("CREATE account:ada SET balance = 100; CREATE account:bob SET balance = 0").await?.check()?;
/// let tx = session.begin_transaction().await?;
/// tx.query("UPDATE account:ada SET balance -= $amount").bind("amount", 10).await?.check()?;
/// tx.query("UPDATE account:bob SET balance += $amount").bind("amount", 10).await?.check()?;
/// tx.commit().await?;
/// let bob: i64 = session.query("RETURN account:bob.balance").await?.take(0)?;
/// assert_eq!(bob, 10);
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct Transaction {
    inner: Arc<TransactionInner>,
    ended_by: EndedBy,
}

/// The caller of commit or cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndedBy {
    Program,
    /// [`TransactionBuilder::run`], by the result of its closure.
    Run,
}

// Here, beside the types that they return, because a session does not know transactions.
impl Session {
    /// Opens a transaction in this session.
    ///
    /// [`transaction`](Self::transaction) does that too, ends it, and runs it again after a conflict or a lost connection; it
    /// also [opens](TransactionBuilder::begin) transactions with options.
    ///
    /// # Errors
    ///
    /// [`TooManyTransactions`](crate::ErrorKind::TooManyTransactions) if the session has 64 open ones (server 3.3.5, by
    /// default); otherwise only if the session is closed, or the connection is lost or does not answer. If the connection
    /// is lost after the request was sent, it is [`TransactionLost`](crate::ErrorKind::TransactionLost).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the transaction, even if the server opens it only later.
    pub fn begin_transaction(&self) -> SessionCall<Transaction> {
        let session = Arc::clone(self.inner());
        SessionCall::new(&self.inner().client, async move |deadline| Transaction::begin(&session, deadline).await)
    }

    /// Runs a closure in a transaction with [`TransactionBuilder::run`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example(async |session| {
    /// session.query("CREATE stock:lamp SET left = 3; DEFINE TABLE order").await?.check()?;
    /// let left: i64 = session
    ///     .transaction()
    ///     .retries(5)
    ///     .run(async |tx| {
    ///         let left = tx.query("UPDATE ONLY stock:lamp SET left -= 1 RETURN VALUE left").await?.take(0)?;
    ///         tx.query("CREATE order SET item = stock:lamp").await?.check()?;
    ///         Ok(left)
    ///     })
    ///     .await?;
    /// assert_eq!(left, 2);
    /// # Ok(()) });
    /// ```
    pub fn transaction(&self) -> TransactionBuilder {
        TransactionBuilder::new(self.inner())
    }
}

impl Transaction {
    pub(crate) async fn begin(session: &Arc<SessionInner>, deadline: Deadline) -> Result<Self> {
        Self::begin_with(session, deadline, BeginOptions::default()).await
    }

    async fn begin_with(session: &Arc<SessionInner>, deadline: Deadline, options: BeginOptions) -> Result<Self> {
        let inner = lifecycle::begin(session, deadline, options, 0).await?;
        Ok(Self { inner, ended_by: EndedBy::Program })
    }

    /// The id that the server gave it, unique on its connection.
    pub fn id(&self) -> TransactionId {
        self.inner.id()
    }

    /// Commits: all writes are kept if this succeeds, and none of them if this fails, except as noted below.
    ///
    /// It waits for queries of the transaction that were polled before it. Calls of every other handle then fail with
    /// [`TransactionClosed`](crate::ErrorKind::TransactionClosed).
    ///
    /// # Errors
    ///
    /// - [`TransactionFailed`](crate::ErrorKind::TransactionFailed) if a call of it has failed: it was cancelled instead.
    ///   The [source](std::error::Error::source) is the first failure.
    /// - [`TransactionLost`](crate::ErrorKind::TransactionLost) if the connection was lost before the commit was sent.
    /// - [`Conflict`](crate::ErrorKind::Conflict) if another transaction was first to commit a write to the same
    ///   record: run all of it again, as [`Session::transaction`] does.
    /// - [`CommitUnknown`](crate::ErrorKind::CommitUnknown) if the connection was lost or the deadline passed with the
    ///   commit under way, or the server does not know itself. All writes may be kept, or none: read them.
    /// - [`SessionClosed`](crate::ErrorKind::SessionClosed) or [`Closed`](crate::ErrorKind::Closed) if the program closed
    ///   its session or its connection before it.
    /// - [`TransactionClosed`](crate::ErrorKind::TransactionClosed) if it was committed or cancelled before;
    ///   [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if [`TransactionBuilder::run`] will do so.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the commit runs to its end even if the future is dropped. The program then does not learn the outcome.
    pub fn commit(self) -> SessionCall<()> {
        self.end(Ending::Commit)
    }

    /// Cancels, and waits until the server has dropped all writes of the transaction.
    ///
    /// Dropping all handles does the same without waiting.
    ///
    /// # Errors
    ///
    /// Like [`commit`](Self::commit) for a transaction, session or connection that has ended before. The writes are lost
    /// then too, unless they were committed.
    ///
    /// # Cancel safety
    ///
    /// Once polled, it is cancelled even if the future is dropped.
    pub fn cancel(self) -> SessionCall<()> {
        self.end(Ending::Cancel)
    }

    /// Sets `$name` for later queries of this transaction.
    ///
    /// The variable is sent with each query, and hides a variable of the session with the same name.
    /// [`Query::bind`](crate::Query::bind) hides it in turn. The value is encoded, and the variable set, at once;
    /// awaiting only returns an error.
    ///
    /// The type of the value is not checked. Types of chrono, time, jiff, uuid and `rust_decimal` and `std::time::Duration` are
    /// sent as serde writes them, a time as text: convert them first, as in `Datetime::from(time)`.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a name that cannot be a variable or is reserved by the
    /// server, [`Encode`](crate::ErrorKind::Encode) for a value that cannot be sent.
    ///
    /// # Examples
    ///
    /// ```
    /// # use surreal_session::prelude::*;
    /// # surreal_session_embedded::example(async |session| {
    /// # session.query("CREATE order:1; DEFINE TABLE receipt").await?.check()?;
    /// let tx = session.begin_transaction().await?;
    /// tx.set("now", Datetime::now()).await?;
    /// tx.query("UPDATE order:1 SET paid_at = $now; CREATE receipt SET at = $now").await?.check()?;
    /// tx.commit().await?;
    /// # Ok(()) });
    /// ```
    pub fn set(&self, name: impl AsRef<str>, value: impl Serialize) -> Ready<Result<()>> {
        ready(self.try_set(name.as_ref(), &value))
    }

    /// Removes the transaction's variable `$name`, so that the session's is visible again. Succeeds if there is none.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a name that cannot be a variable.
    pub fn unset(&self, name: impl AsRef<str>) -> Ready<Result<()>> {
        let name = name.as_ref();
        ready(check_name(name).map(|()| drop(self.inner.variables().remove(name))))
    }

    fn try_set<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<()> {
        check_name(name)?;
        let value = codec::encode(value)
            .map_err(|error| Error::from(error).in_context(format_args!("cannot set `${name}`")))?;
        self.inner.variables().insert(name.to_owned(), value);
        Ok(())
    }

    fn end(self, ending: Ending) -> SessionCall<()> {
        let client = self.inner.client().clone();
        SessionCall::new(&client, async move |deadline| {
            if self.ended_by == EndedBy::Run {
                let advice = "this transaction ends with its closure: it is committed for `Ok` and cancelled for `Err`";
                return Err(Error::argument(advice));
            }
            lifecycle::end(self.inner, ending, deadline).await
        })
    }

    pub(crate) fn inner(&self) -> &Arc<TransactionInner> {
        &self.inner
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("id", &self.id()).finish_non_exhaustive()
    }
}
