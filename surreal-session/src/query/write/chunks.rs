//! Writes that are sent in several requests, one after the other.

use std::ops::Range;

use crate::connection::note_retry;
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::Operation;
use crate::query::statement::{Call, expect};
use crate::query::{Query, Response};
use crate::transaction::DecodeGuard;

/// The requests of one write. Dropped before the last one, it fails the transaction that has some of the rows.
#[derive(Debug)]
pub(super) struct Chunks<'a> {
    call: &'a Call,
    operation: Operation,
    unfinished: Unfinished,
}

/// Fails the transaction that has some rows of a write and does not get the others.
#[derive(Debug)]
struct Unfinished(Option<DecodeGuard>);

impl<'a> Chunks<'a> {
    pub(super) fn new(call: &'a Call, operation: Operation) -> Self {
        Self { call, operation, unfinished: Unfinished(None) }
    }

    /// Sends one request, again after a conflict.
    pub(super) async fn send(&mut self, query: impl Fn() -> Query) -> Result<Response> {
        let answer = self.answer(query).await;
        match &answer {
            Ok(_) => self.unfinished.0 = self.decode_guard(),
            Err(error) => self.unfinished.fail(error),
        }
        answer
    }

    /// Fails the transaction, which does not get the rows that are left.
    pub(super) fn fail(&mut self, error: &Error) {
        self.unfinished.fail(error);
    }

    /// Notes that the last request is answered.
    pub(super) fn finish(mut self) {
        self.unfinished.0 = None;
    }

    /// Adds to the error of a request which rows failed, and what became of the rows before them. `total` is the number of
    /// rows if it is known, and `done` the word for rows that succeed.
    pub(super) fn partly(&self, rows: &Range<usize>, total: Option<usize>, done: &str, error: Error) -> Error {
        if total == Some(rows.len()) {
            return error;
        }
        let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
        let place = match rows.len() {
            1 => format!("row {}{of} failed", rows.start),
            _ => format!("rows {} to {}{of} failed", rows.start, rows.end.saturating_sub(1)),
        };
        let error = if rows.len() == 1 { error.with_row(rows.start) } else { error };
        match rows.start {
            // The transaction fails with it and keeps none of its rows.
            _ if self.call.scope.transaction().is_some() => error.in_context(place),
            0 if error.delivery() == Delivery::Unknown => error.in_context(place),
            0 => error.in_context(format_args!("{place}, and no row was {done}")),
            before => Error::partly_applied(format!("{place} after {before} rows were {done}: {error}"), error),
        }
    }

    async fn answer(&self, query: impl Fn() -> Query) -> Result<Response> {
        let deadline = self.call.scope.client().deadline(self.call.deadline);
        let mut retry = self.call.retry(deadline);
        loop {
            let answer = query().run_by(deadline).await;
            let answer = answer.and_then(|response| response.named(self.operation.clone()).check());
            match answer {
                Err(error) if error.is_conflict() && retry.pause().await => note_retry(&error),
                answer => return answer.and_then(|response| expect(&response, 1).map(|()| response)),
            }
        }
    }

    fn decode_guard(&self) -> Option<DecodeGuard> {
        self.call.scope.transaction().map(|transaction| transaction.decode_guard(self.operation.to_string()))
    }
}

impl Unfinished {
    fn fail(&mut self, error: &Error) {
        if let Some(guard) = self.0.take() {
            guard.fail(error);
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let message = "its future was dropped before all of its rows were written";
        self.fail(&Error::new(ErrorKind::Query, message).rolled_back());
    }
}

/// The bytes of a message that are left for the values of `query`, which has none yet.
pub(super) fn room(call: &Call, query: &Query) -> usize {
    let limit = call.scope.client().max_message_bytes();
    let variables = call.scope.transaction().map_or(0, |transaction| transaction.variable_bytes());
    limit.saturating_sub(query.len_bytes() + variables + HEADER_BYTES)
}

/// The most rows in one request. The more rows a statement has, the longer the server (3.3.5) takes for each: 20,000
/// rows took more than four times as long in parts of 5,000 as in parts of 500.
pub(super) const MAX_ROWS: usize = 500;

/// The most bytes of the header of an array.
const HEADER_BYTES: usize = 9;
