//! The state of an open transaction, its first failure, and its cancellation on drop.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use tracing::Span;

use crate::connection::{CallWatch, Cleanup, Client, Deadline, Link};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{BindingsWriter, Operation, Request, TransactionId};
use crate::session::{Queue, SessionInner};

/// One transaction, shared by its handles and its queries. Dropping the last of them cancels it.
pub(crate) struct TransactionInner {
    id: TransactionId,
    /// Dropped after the transaction was cancelled, so that the session is detached last.
    session: Arc<SessionInner>,
    /// The link on which it was begun, and with which it ends.
    link: Link,
    span: Span,
    /// The queue of the queries and of the call that ends it: the server (3.3.5) runs requests of one transaction side by
    /// side.
    pub(super) queue: Queue,
    pub(super) first_failure: Arc<FirstFailure>,
    /// Set when the program commits or cancels. No query may join from then on.
    closed: AtomicBool,
    /// Set when the server may know how the transaction ends. Until then, dropping it cancels it.
    over: AtomicBool,
    /// By name; the values as they are sent.
    variables: Mutex<BTreeMap<String, Bytes>>,
}

/// The first failure in a transaction, if there is one: only that counts.
#[derive(Debug, Default)]
pub(super) struct FirstFailure(OnceLock<Failure>);

#[derive(Debug)]
struct Failure {
    surql: String,
    error: Error,
}

/// The reason for which a transaction may be run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transient {
    Conflict,
    /// The connection was lost before the commit was sent.
    Lost,
}

/// Fails a transaction if the result of one of its writes cannot be decoded.
#[derive(Debug)]
pub(crate) struct DecodeGuard {
    /// Not the transaction itself, which would stay open as long as a result is kept.
    first_failure: Arc<FirstFailure>,
    surql: String,
}

impl TransactionInner {
    pub(super) fn new(id: TransactionId, session: &Arc<SessionInner>, link: Link, span: Span) -> Self {
        session.transactions().insert(id);
        Self {
            id,
            session: Arc::clone(session),
            link,
            span,
            queue: Queue::default(),
            first_failure: Arc::default(),
            closed: AtomicBool::new(false),
            over: AtomicBool::new(false),
            variables: Mutex::default(),
        }
    }

    pub(crate) fn id(&self) -> TransactionId {
        self.id
    }

    pub(crate) fn session(&self) -> &Arc<SessionInner> {
        &self.session
    }

    /// Begins to watch a call of the program in this transaction, if something listens.
    pub(crate) fn watch(&self, operation: impl FnOnce() -> Operation, text: Option<&str>) -> CallWatch {
        self.span.in_scope(|| self.session.watch_text(operation, Some(self.id), text))
    }

    /// Sends a request of this transaction.
    pub(super) async fn call(&self, request: Request, deadline: Deadline) -> Result<Bytes> {
        self.session.call_on(&self.link, request, deadline, Cleanup::Nothing).await
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    pub(super) fn client(&self) -> &Client {
        &self.session.client
    }

    /// Adds the variables of the transaction, except those in `bound`, which the query binds itself.
    pub(crate) fn bind_variables(&self, bindings: &mut BindingsWriter, bound: &[Cow<'static, str>]) {
        for (name, value) in &*self.variables() {
            if !bound.iter().any(|bound| bound == name) {
                bindings.bind_raw(name, value);
            }
        }
    }

    /// The most bytes that the variables add to a query.
    pub(crate) fn variable_bytes(&self) -> usize {
        self.variables().iter().map(|(name, value)| name.len() + value.len() + HEADER_BYTES).sum()
    }

    /// The variables, for a moment: no lock is held across an await.
    pub(super) fn variables(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.variables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A guard for the result of the query `surql`.
    pub(crate) fn decode_guard(&self, surql: String) -> DecodeGuard {
        DecodeGuard { first_failure: Arc::clone(&self.first_failure), surql }
    }

    pub(super) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    /// Lets no query join from now on; fails for all callers but the first.
    pub(super) fn close(&self) -> Result<()> {
        self.session.transactions().remove(&self.id);
        if self.closed.swap(true, Ordering::AcqRel) { Err(closed()) } else { Ok(()) }
    }

    /// Notes that the server may know how the transaction ends.
    pub(super) fn set_over(&self, outcome: &'static str) {
        self.over.store(true, Ordering::Release);
        self.span.record("outcome", outcome);
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::TransactionClosed, "the transaction was committed or cancelled before")
}

impl FirstFailure {
    /// Notes that `surql` failed with `error`, unless there was a failure before.
    pub(super) fn note(&self, surql: &str, error: &Error) {
        // Fails if this is not the first one.
        let _ = self.0.set(Failure { surql: shortened(surql), error: error.clone() });
    }

    /// Fails if there was a failure.
    pub(super) fn check(&self) -> Result<()> {
        self.0.get().map_or(Ok(()), |failure| Err(failure.to_error()))
    }

    /// Returns the reason for which the transaction may be run again, if its first failure is one.
    pub(super) fn transient(&self) -> Option<Transient> {
        self.0.get().and_then(|failure| Transient::of(&failure.error))
    }
}

impl Transient {
    pub(super) fn kind(self) -> ErrorKind {
        match self {
            Self::Conflict => ErrorKind::Conflict,
            Self::Lost => ErrorKind::TransactionLost,
        }
    }

    /// The reason for which a transaction may be run again after this error of it.
    pub(super) fn of(error: &Error) -> Option<Self> {
        match error.kind() {
            _ if !error.is_retryable() => None,
            ErrorKind::Disconnected | ErrorKind::TransactionLost => Some(Self::Lost),
            _ => error.is_conflict().then_some(Self::Conflict),
        }
    }
}

impl Failure {
    fn to_error(&self) -> Error {
        // The statement did not fail: every call fails in this way.
        if self.error.kind() == ErrorKind::TransactionLost {
            return self.error.clone();
        }
        let message = format!("transaction rolled back: `{}` failed earlier", self.surql);
        let mut error = Error::new(ErrorKind::TransactionFailed, message).with_source(self.error.clone());
        if let Some(index) = self.error.statement() {
            error = error.with_statement(index);
        }
        match self.error.server() {
            Some(server) => error.with_server(server.clone()),
            None => error,
        }
    }
}

impl DecodeGuard {
    pub(crate) fn fail(&self, error: &Error) {
        self.first_failure.note(&self.surql, error);
    }
}

impl Drop for TransactionInner {
    fn drop(&mut self) {
        self.session.transactions().remove(&self.id);
        if !*self.over.get_mut() {
            self.span.record("outcome", "dropped");
            self.link.clean(Cleanup::Cancel(self.id));
        }
    }
}

/// Without the values of the variables, which may be secrets.
impl fmt::Debug for TransactionInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TransactionInner");
        debug.field("id", &self.id).field("first_failure", &self.first_failure).field("closed", &self.closed);
        debug.field("variables", &self.variables().keys()).finish_non_exhaustive()
    }
}

/// Enough of a statement to recognise it in a message.
fn shortened(surql: &str) -> String {
    match surql.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &surql[..end]),
        None => surql.to_owned(),
    }
}

/// The most bytes of the header of a text.
const HEADER_BYTES: usize = 9;

/// In characters.
const LONGEST: usize = 200;
