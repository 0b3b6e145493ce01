//! The place where the requests of the typed layers run.

use std::sync::Arc;
use std::time::Duration;

use crate::connection::{CallWatch, Client, Timer};
use crate::error::{Error, Result};
use crate::protocol::{Operation, RequestWriter};
use crate::session::{Session, SessionInner};
use crate::transaction::{Transaction, TransactionInner};

/// A session, and perhaps one of its transactions, in which requests run.
///
/// Opaque: [`Queryable`](crate::Queryable) hands it to the builders.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Before the session, so that the last handle of both cancels first and detaches then.
    transaction: Option<Arc<TransactionInner>>,
    session: Arc<SessionInner>,
}

impl Scope {
    pub(crate) fn of_session(session: &Session) -> Self {
        Self { transaction: None, session: Arc::clone(session.inner()) }
    }

    /// The same without a transaction, in another session.
    pub(crate) fn of_inner(session: Arc<SessionInner>) -> Self {
        Self { transaction: None, session }
    }

    pub(crate) fn of_transaction(transaction: &Transaction) -> Self {
        let transaction = transaction.inner();
        Self { transaction: Some(Arc::clone(transaction)), session: Arc::clone(transaction.session()) }
    }

    /// Returns true if both are the same transaction, or the same session without a transaction.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let id = |scope: &Self| scope.transaction().map(|transaction| transaction.id());
        Arc::ptr_eq(&self.session, &other.session) && id(self) == id(other)
    }

    pub(crate) fn transaction(&self) -> Option<&Arc<TransactionInner>> {
        self.transaction.as_ref()
    }

    pub(crate) fn session(&self) -> &Arc<SessionInner> {
        &self.session
    }

    /// The session, unless the scope is a transaction: a live query cannot be registered in one.
    pub(crate) fn session_for_live(&self) -> Result<&Arc<SessionInner>> {
        match self.transaction {
            None => Ok(&self.session),
            Some(_) => {
                Err(Error::argument("a live query cannot be registered in a transaction; register it in the session"))
            }
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.session.client
    }

    /// Begins to watch a call of the program in this scope, if something listens. The text has no values.
    pub(crate) fn watch(&self, operation: impl FnOnce() -> Operation, text: Option<&str>) -> CallWatch {
        match &self.transaction {
            None => self.session.watch_text(operation, None, text),
            Some(transaction) => transaction.watch(operation, text),
        }
    }

    /// Starts a request of this scope.
    pub(crate) fn request(&self, operation: impl Into<Operation>) -> RequestWriter {
        self.session.request_in(self.transaction.as_ref().map(|transaction| transaction.id()), operation)
    }

    /// A timer that can be polled on any runtime or executor.
    pub(crate) fn sleep(&self, time: Duration) -> Timer {
        self.client().timer(self.client().deadline(Some(time)).at)
    }
}
