//! The rows of an INSERT, sent in as many requests as they need.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::Returns;
use crate::codec::{self, EncodeError};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::protocol::{Operation, Target};
use crate::query::statement::{Call, Fragment, expect};
use crate::query::{Query, Response, Scope};
use crate::transaction::DecodeGuard;
use crate::value::Table;

/// The clauses of an INSERT.
#[derive(Debug, Clone)]
pub struct Bulk {
    pub(in crate::query) call: Call,
    pub(in crate::query) table: Table,
    pub(super) rows: Rows,
    pub(super) is_relation: bool,
    pub(super) ignores: bool,
    /// The changes of a record that exists already.
    pub(super) on_duplicate: Option<Fragment>,
    pub(super) returns: Returns,
    /// The columns of a view of each record, as an object, instead of the whole record.
    pub(super) view: Option<Fragment>,
    pub(super) timeout: Option<Duration>,
    /// The most rows in one request.
    pub(super) max_rows: usize,
}

/// Fails the transaction that has some rows of an insert and does not get the others.
struct Unfinished(Option<DecodeGuard>);

impl Unfinished {
    fn fail(&mut self, error: &Error) {
        if let Some(guard) = self.0.take() {
            guard.fail(error);
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let message = "its future was dropped before all of its rows were inserted";
        self.fail(&Error::new(ErrorKind::Query, message).rolled_back());
    }
}

/// Encoded rows, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    bytes: Bytes,
    /// The end of each row in `bytes`.
    ends: Vec<usize>,
    /// The error of the row after the last one, if it cannot be sent.
    invalid: Option<EncodeError>,
}

impl Rows {
    pub(in crate::query) fn new(rows: impl IntoIterator<Item = impl Serialize>) -> Self {
        let (mut bytes, mut ends, mut invalid) = (Vec::new(), Vec::new(), None);
        for row in rows {
            if let Err(error) = codec::encode_into(&mut bytes, &row) {
                invalid = Some(error.in_index(ends.len()));
                break;
            }
            ends.push(bytes.len());
        }
        Self { bytes: bytes.into(), ends, invalid }
    }

    /// Adds these rows to a statement, as an array.
    fn add_to(&self, statement: Fragment, rows: Range<usize>) -> Fragment {
        match &self.invalid {
            Some(error) => statement.encoded(Err(error.clone())),
            None => {
                let bytes = self.bytes.slice(self.start(rows.start)..self.start(rows.end));
                statement.array(rows.len(), bytes)
            }
        }
    }

    /// Splits the rows into parts of at most `max_rows` rows and `max_bytes` bytes. No single row has more bytes.
    fn split(&self, max_rows: usize, max_bytes: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut first = 0;
        for row in 0..self.ends.len() {
            if row - first >= max_rows || self.size(first..row + 1) > max_bytes {
                parts.push(first..row);
                first = row;
            }
        }
        parts.push(first..self.ends.len());
        parts
    }

    fn size(&self, rows: Range<usize>) -> usize {
        self.start(rows.end) - self.start(rows.start)
    }

    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

impl Bulk {
    pub(in crate::query) fn new(scope: Scope, table: Table, rows: Rows) -> Self {
        Self {
            call: Call::of_write(scope),
            table,
            rows,
            is_relation: false,
            ignores: false,
            on_duplicate: None,
            returns: Returns::After,
            view: None,
            timeout: None,
            max_rows: MAX_ROWS,
        }
    }

    pub(super) fn operation(&self) -> Operation {
        Operation::statement("insert", Target::shown(self.table.clone()))
    }

    /// The statement that inserts all rows at once.
    pub(super) fn surql(&self) -> Fragment {
        self.surql_of(0..self.rows.ends.len())
    }

    fn surql_of(&self, rows: Range<usize>) -> Fragment {
        let mut statement = Fragment::new("INSERT");
        if self.is_relation {
            statement = statement.text(" RELATION");
        }
        if self.ignores {
            statement = statement.text(" IGNORE");
        }
        statement = self.rows.add_to(statement.text(" INTO ").value(&self.table).text(" "), rows);
        if let Some(changes) = &self.on_duplicate {
            statement = statement.text(" ON DUPLICATE KEY UPDATE ").then(changes.clone());
        }
        let returning = self.view.clone().unwrap_or_else(|| Fragment::new(self.returns.clause()));
        statement.text(" RETURN ").then(returning).timeout(self.timeout)
    }

    fn query_of(&self, rows: Range<usize>) -> Query {
        let Call { scope, deadline, .. } = self.call.clone();
        self.surql_of(rows).into_query(scope, self.operation(), deadline)
    }

    /// Sends the rows part by part, and stops at the first part that fails. No rows are no request.
    pub(super) async fn send(&self) -> Result<Vec<Response>> {
        let (mut responses, mut unfinished) = (Vec::new(), Unfinished(None));
        for part in self.parts()? {
            match self.send_part(&part).await {
                Ok(response) => responses.push(response),
                Err(error) => {
                    unfinished.fail(&error);
                    return Err(self.partly(&part, error));
                }
            }
            // Dropped here: the transaction fails, because it has only a part of the rows.
            unfinished.0 = self.decode_guard().filter(|_| part.end < self.rows.ends.len());
        }
        Ok(responses)
    }

    fn decode_guard(&self) -> Option<DecodeGuard> {
        self.call.scope.transaction().map(|transaction| transaction.decode_guard(self.operation().to_string()))
    }

    /// Sends the rows of one request, again after a conflict.
    async fn send_part(&self, part: &Range<usize>) -> Result<Response> {
        let deadline = self.call.scope.client().deadline(self.call.deadline);
        let mut retry = self.call.retry(deadline);
        loop {
            let answer = self.query_of(part.clone()).run_by(deadline).await;
            let answer = answer.and_then(|response| response.named(self.operation()).check());
            match answer {
                Err(error) if error.is_conflict() && retry.pause().await => {}
                answer => return answer.and_then(|response| expect(&response, 1).map(|()| response)),
            }
        }
    }

    /// The rows of each request.
    fn parts(&self) -> Result<Vec<Range<usize>>> {
        let Rows { ends, invalid, .. } = &self.rows;
        if let Some(error) = invalid {
            return Err(error.clone().into());
        }
        if self.max_rows == 0 {
            return Err(Error::argument("a request cannot insert 0 records: give `chunk` at least 1"));
        }
        if ends.is_empty() {
            return Ok(Vec::new());
        }
        let scope = &self.call.scope;
        let limit = scope.client().max_message_bytes();
        let variables = scope.transaction().map_or(0, |transaction| transaction.variable_bytes());
        let room = limit.saturating_sub(self.query_of(0..0).len_bytes() + variables + HEADER_BYTES);
        if let Some(row) = (0..ends.len()).find(|&row| self.rows.size(row..row + 1) > room) {
            let size = self.rows.size(row..row + 1);
            let message =
                format!("row {row} takes {size} bytes; a message of at most {limit} bytes has no room for it");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(self.rows.split(self.max_rows, room))
    }

    /// Returns true if the server may have inserted fewer rows than it was given.
    fn skips(&self) -> bool {
        self.ignores || self.on_duplicate.is_some()
    }

    /// Adds to an error which rows failed, and whether the rows before them were inserted.
    fn partly(&self, part: &Range<usize>, error: Error) -> Error {
        let rows = self.rows.ends.len();
        if part.len() == rows {
            return error;
        }
        let place = format!("rows {} to {} of {rows} failed", part.start, part.end - 1);
        match part.start {
            // The transaction fails with it and keeps none of its rows.
            _ if self.call.scope.transaction().is_some() => error.in_context(place),
            0 if error.delivery() == Delivery::Unknown => error.in_context(place),
            0 => error.in_context(format_args!("{place}, and no row was inserted")),
            before => {
                let done = if self.skips() { "were carried out" } else { "were inserted" };
                Error::partly_applied(format!("{place} after {before} rows {done}: {error}"), error)
            }
        }
    }
}

/// The most rows in one request. The more rows a statement has, the longer the server (3.3.5) takes for each: 20,000
/// rows took more than four times as long in parts of 5,000 as in parts of 500.
const MAX_ROWS: usize = 500;

/// The most bytes of the header of an array.
const HEADER_BYTES: usize = 9;
