//! The rows of an INSERT, sent in as many requests as they need.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::Returns;
use super::chunks::{Chunks, MAX_ROWS, room};
use crate::codec::{self, EncodeError};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Operation, Target};
use crate::query::statement::{Call, Fragment};
use crate::query::{Query, Response, Scope};
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
    pub(super) timeout: Option<Duration>,
    /// The most rows in one request.
    pub(super) max_rows: usize,
    pub(super) progress: Progress,
}

/// The function that is told of each request that is carried out.
#[derive(Clone, Default)]
pub(super) struct Progress(Option<Arc<dyn Fn(u64) + Send + Sync>>);

impl Progress {
    pub(super) fn new(report: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(report)))
    }

    /// Reports the number of rows that are carried out.
    pub(super) fn report(&self, rows: usize) {
        if let Some(report) = &self.0 {
            report(rows as u64);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progress").field(&self.0.is_some()).finish()
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

    pub(super) fn len(&self) -> usize {
        self.ends.len()
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
            timeout: None,
            max_rows: MAX_ROWS,
            progress: Progress::default(),
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
        statement.text(" RETURN ").text(self.returns.clause()).timeout(self.timeout)
    }

    fn query_of(&self, rows: Range<usize>) -> Query {
        let Call { scope, deadline, .. } = self.call.clone();
        self.surql_of(rows).into_query(scope, self.operation(), deadline)
    }

    /// Sends the rows part by part, and stops at the first part that fails. No rows are no request.
    pub(super) async fn send(&self) -> Result<Vec<Response>> {
        let (parts, total) = (self.parts()?, Some(self.rows.len()));
        let mut chunks = Chunks::new(&self.call, self.operation());
        let mut responses = Vec::new();
        for part in parts {
            let answer = chunks.send(|| self.query_of(part.clone())).await;
            responses.push(answer.map_err(|error| chunks.partly(&part, total, self.done(), error))?);
            self.progress.report(part.end);
        }
        chunks.finish();
        Ok(responses)
    }

    /// The rows of each request.
    fn parts(&self) -> Result<Vec<Range<usize>>> {
        let Rows { ends, invalid, .. } = &self.rows;
        if let Some(error) = invalid {
            return Err(Error::from(error.clone()).with_row(ends.len()));
        }
        if self.max_rows == 0 {
            return Err(Error::argument("a request cannot insert 0 records: give `chunk` at least 1"));
        }
        if ends.is_empty() {
            return Ok(Vec::new());
        }
        let room = room(&self.call, &self.query_of(0..0));
        if let Some(row) = (0..ends.len()).find(|&row| self.rows.size(row..row + 1) > room) {
            return Err(self.too_large(row, self.rows.size(row..row + 1)));
        }
        Ok(self.rows.split(self.max_rows, room))
    }

    /// The error of a row that is too large to be sent.
    pub(super) fn too_large(&self, row: usize, size: usize) -> Error {
        let limit = self.call.scope.client().max_message_bytes();
        let message = format!("row {row} takes {size} bytes; a message of at most {limit} bytes has no room for it");
        Error::new(ErrorKind::TooLarge, message).with_row(row)
    }

    /// The word for rows that succeed: the server may have inserted fewer rows than it was given.
    pub(super) fn done(&self) -> &'static str {
        if self.ignores || self.on_duplicate.is_some() { "carried out" } else { "inserted" }
    }
}
