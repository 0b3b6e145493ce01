//! The first failure of a transaction.

use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind, Result};

/// What has failed in a transaction, if anything has: only the first failure counts.
#[derive(Debug, Default)]
pub(super) struct Verdict(OnceLock<Failure>);

#[derive(Debug)]
struct Failure {
    surql: String,
    error: Error,
}

impl Verdict {
    /// Notes that `surql` failed with `error`.
    pub(super) fn fail(&self, surql: &str, error: &Error) {
        // Not the first one.
        let _ = self.0.set(Failure { surql: shortened(surql), error: error.clone() });
    }

    /// Fails if something has failed before.
    pub(super) fn check(&self) -> Result<()> {
        self.0.get().map_or(Ok(()), |failure| Err(failure.to_error()))
    }

    /// Whether the first failure was a conflict, so that the transaction may be run again.
    pub(super) fn is_conflict(&self) -> bool {
        self.0.get().is_some_and(|failure| failure.error.is_conflict())
    }
}

impl Failure {
    fn to_error(&self) -> Error {
        let message = format!("nothing of the transaction is kept, because `{}` failed in it", self.surql);
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

/// Tells a transaction that the result of one of its writes could not be read.
#[derive(Debug)]
pub(crate) struct Witness {
    /// Not the transaction itself, which would stay open as long as a result is kept.
    pub(super) verdict: Arc<Verdict>,
    pub(super) surql: String,
}

impl Witness {
    pub(crate) fn fail(&self, error: &Error) {
        self.verdict.fail(&self.surql, error);
    }
}

/// Enough of a statement to recognise it in a message.
fn shortened(surql: &str) -> String {
    match surql.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &surql[..end]),
        None => surql.to_owned(),
    }
}

/// In characters.
const LONGEST: usize = 200;
