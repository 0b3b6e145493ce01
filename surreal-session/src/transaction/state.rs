//! What a transaction is while it is open, and the clean-up when nobody holds it any more.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tracing::Span;

use super::Witness;
use super::verdict::Verdict;
use crate::connection::{Cleanup, Client};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{BindingsWriter, TransactionId};
use crate::session::Queue;

/// One transaction, shared by its handles and its queries. Dropping the last of them cancels it.
pub(crate) struct State {
    id: TransactionId,
    client: Client,
    span: Span,
    /// The queue of the queries, and of what ends it: the server (3.3.5) runs requests of one transaction side by side.
    pub(super) queue: Queue,
    pub(super) verdict: Arc<Verdict>,
    /// Whether the program has said how it ends. Nothing may join it from then on.
    closed: AtomicBool,
    /// Whether the server may know how it ends. Until then, it has to be cancelled.
    over: AtomicBool,
    /// By name; the values as they are sent.
    variables: Mutex<BTreeMap<String, Bytes>>,
}

impl State {
    pub(super) fn new(id: TransactionId, client: Client, span: Span) -> Self {
        Self {
            id,
            client,
            span,
            queue: Queue::default(),
            verdict: Arc::default(),
            closed: AtomicBool::new(false),
            over: AtomicBool::new(false),
            variables: Mutex::default(),
        }
    }

    pub(crate) fn id(&self) -> TransactionId {
        self.id
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Adds the variables of the transaction, except those in `bound`, which the query gives a value of its own.
    pub(crate) fn bind_variables(&self, bindings: &mut BindingsWriter, bound: &[String]) {
        for (name, value) in &*self.variables() {
            if !bound.contains(name) {
                bindings.bind_raw(name, value);
            }
        }
    }

    /// The variables, for a moment: no lock is held across an await.
    pub(super) fn variables(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.variables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody to tell when the result of `surql` cannot be read.
    pub(crate) fn witness(&self, surql: String) -> Witness {
        Witness { verdict: Arc::clone(&self.verdict), surql }
    }

    pub(super) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    /// Lets nothing join from now on; fails for all but the first.
    pub(super) fn close(&self) -> Result<()> {
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

impl Drop for State {
    fn drop(&mut self) {
        if !*self.over.get_mut() {
            self.span.record("outcome", "dropped");
            self.client.clean(Cleanup::Cancel(self.id));
        }
    }
}

/// Without the values of the variables, which may be secrets.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("State");
        debug.field("id", &self.id).field("verdict", &self.verdict).field("closed", &self.closed);
        debug.field("variables", &self.variables().keys()).finish_non_exhaustive()
    }
}
