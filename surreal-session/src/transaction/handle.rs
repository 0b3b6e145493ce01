//! The handle of one transaction.

use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;

use serde::Serialize;

use super::{State, end};
use crate::codec;
use crate::error::{Error, Result};
use crate::protocol::TransactionId;
use crate::session::{Scope, check_name};

/// A transaction: what is done in it is kept as a whole by [`commit`](Self::commit), or not at all.
///
/// Opened by [`Session::begin_transaction`](crate::Session::begin_transaction). Its verbs are those of
/// [`Queryable`](crate::Queryable). A clone is the same transaction and costs nothing; dropping the last handle, and
/// with it the last query made from one, cancels it in the background.
///
/// Queries of one transaction run one at a time, in the order of their first poll, whichever task they come from. They
/// run with the session's identity, namespace and database of that moment: changing those changes where the rest of
/// the transaction goes. Other calls of the session, among them [`Session::set`](crate::Session::set), take no part in
/// the transaction and are not undone by it. A query that was polled is carried out, also if its future is kept and not polled any more.
///
/// # A failure is final
///
/// The server (3.3.5) keeps what a failed statement had written before it failed, even a record that a UNIQUE index
/// refused, and would commit it. There are no savepoints either. So the first failure decides: a statement that failed
/// (whether or not its result was looked at), a reply that did not come in time, a result of a write that does not fit
/// its type, a future that was dropped before its reply. Every later call then fails with
/// [`TransactionFailed`](crate::ErrorKind::TransactionFailed), and `commit` cancels. Only what failed before it was
/// sent ([`Delivery::NotSent`](crate::Delivery::NotSent)), as a value that cannot be encoded, has no consequences.
///
/// # Isolation
///
/// A transaction sees the database as it was when it began, and its own writes; others see them once they are
/// committed. If two write the same record, the first to commit wins and the other's commit fails with a
/// [conflict](crate::Error::is_conflict). The server does not protect against *write skew*: two transactions that read
/// the same records and each write another of them both commit.
/// [`Select::for_update`](crate::query::Select::for_update), in text `SELECT … FOR UPDATE`, makes what is read count as
/// written.
///
/// # Examples
///
/// ```no_run
/// # use surreal_session::prelude::*;
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let tx = session.begin_transaction().await?;
/// tx.query("UPDATE account:ada SET balance -= $amount").bind("amount", 10).await?.check()?;
/// tx.query("UPDATE account:bob SET balance += $amount").bind("amount", 10).await?.check()?;
/// tx.commit().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Transaction {
    /// Before the session, so that the last handle of both cancels first and detaches then.
    pub(super) state: Arc<State>,
    /// The session that it was begun in, outside of it.
    pub(super) scope: Scope,
    ended_by: EndedBy,
}

/// Who commits or cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndedBy {
    Program,
    /// [`TransactionBuilder::run`](super::TransactionBuilder::run), by what its closure gives.
    Run,
}

impl Transaction {
    pub(super) fn new(state: Arc<State>, scope: Scope, ended_by: EndedBy) -> Self {
        Self { state, scope, ended_by }
    }

    /// The id that the server gave it, unique on its connection.
    pub fn id(&self) -> TransactionId {
        self.state.id()
    }

    /// Commits: all of it is kept if this succeeds, and none of it if this fails, except as said below.
    ///
    /// It waits for queries of the transaction that were polled before it. Every other handle fails from now on with
    /// [`TransactionClosed`](crate::ErrorKind::TransactionClosed).
    ///
    /// # Errors
    ///
    /// - [`TransactionFailed`](crate::ErrorKind::TransactionFailed) if anything in it has failed, with the first
    ///   failure as the [source](std::error::Error::source): it was cancelled instead.
    /// - [`Conflict`](crate::ErrorKind::Conflict) if another transaction was first to commit a write to the same
    ///   record: run all of it again, as [`Session::transaction`](crate::Session::transaction) does.
    /// - [`CommitUnknown`](crate::ErrorKind::CommitUnknown) if the connection was lost or the deadline passed with the
    ///   commit under way, or the server does not know itself. All of it may be kept, or none: read what it wrote.
    /// - [`SessionClosed`](crate::ErrorKind::SessionClosed), [`Closed`](crate::ErrorKind::Closed) or
    ///   [`Disconnected`](crate::ErrorKind::Disconnected) if its session or its connection ended before it.
    /// - [`TransactionClosed`](crate::ErrorKind::TransactionClosed) if it was committed or cancelled before;
    ///   [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if [`TransactionBuilder::run`](super::TransactionBuilder::run) will do so.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the commit runs to its end whether or not the future is kept. Without the future, its outcome is
    /// told to nobody.
    pub async fn commit(self) -> Result<()> {
        self.check_ended_by(EndedBy::Program)?;
        self.commit_in_background().await
    }

    /// Cancels, and waits until the server has dropped everything that was done in it.
    ///
    /// Dropping all handles does the same without waiting.
    ///
    /// # Errors
    ///
    /// Like [`commit`](Self::commit) for a transaction, session or connection that has ended before. Nothing is kept
    /// then either, unless it was committed.
    ///
    /// # Cancel safety
    ///
    /// Once polled, it is cancelled whether or not the future is kept.
    pub async fn cancel(self) -> Result<()> {
        self.check_ended_by(EndedBy::Program)?;
        self.cancel_in_background().await
    }

    pub(super) async fn commit_in_background(self) -> Result<()> {
        self.state.close()?;
        end::commit(self).await
    }

    pub(super) async fn cancel_in_background(self) -> Result<()> {
        self.state.close()?;
        end::cancel(self).await
    }

    /// Gives `$name` a value for the later queries of this transaction.
    ///
    /// It is sent along with each of them, and hides a variable of the session of the same name;
    /// [`Query::bind`](crate::Query::bind) hides it in turn. The value is encoded, and the variable set, at once;
    /// awaiting only tells of an error.
    ///
    /// The type of the value is not checked. Types of chrono, time, jiff, uuid and `rust_decimal` and `std::time::Duration` are
    /// sent as serde writes them, a time as text: convert them first, as in `Datetime::from(time)`.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a name that cannot be a variable or is the server's
    /// own, [`Encode`](crate::ErrorKind::Encode) for a value that cannot be sent.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use surreal_session::prelude::*;
    /// # async fn example(session: Session) -> surreal_session::Result<()> {
    /// let tx = session.begin_transaction().await?;
    /// tx.set("now", Datetime::now()).await?;
    /// tx.query("UPDATE order:1 SET paid_at = $now; CREATE receipt SET at = $now").await?.check()?;
    /// tx.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set(&self, name: impl AsRef<str>, value: impl Serialize) -> Ready<Result<()>> {
        ready(self.try_set(name.as_ref(), &value))
    }

    /// Removes the transaction's variable `$name`, so that the session's shows again; one that is not there is no error.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a name that cannot be a variable.
    pub fn unset(&self, name: impl AsRef<str>) -> Ready<Result<()>> {
        let name = name.as_ref();
        ready(check_name(name).map(|()| drop(self.state.variables().remove(name))))
    }

    fn try_set<T: Serialize + ?Sized>(&self, name: &str, value: &T) -> Result<()> {
        check_name(name)?;
        let value = codec::encode(value)
            .map_err(|error| Error::from(error).in_context(format_args!("cannot set `${name}`")))?;
        self.state.variables().insert(name.to_owned(), value);
        Ok(())
    }

    /// Where its queries run.
    pub(crate) fn scope(&self) -> Scope {
        self.scope.within(&self.state)
    }

    fn check_ended_by(&self, caller: EndedBy) -> Result<()> {
        if self.ended_by == caller {
            return Ok(());
        }
        Err(Error::argument("this transaction ends with its closure: it is committed for `Ok` and cancelled for `Err`"))
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("id", &self.id()).finish_non_exhaustive()
    }
}
