//! The rows of an INSERT, sent in as many requests as they need.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::chunks::{Chunks, MAX_ROWS, room};
use super::rows::Rows;
use super::source::InvalidRow;
use super::{Returns, version};
use crate::connection::CallWatch;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Feature, Operation, Target};
use crate::query::assignment::{Assignment, Setting};
use crate::query::select::Fields;
use crate::query::statement::{Call, Fragment};
use crate::query::{Query, Response, Scope};
use crate::record::{Inserted, Object, Record};
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
            progress: Progress::default(),
        }
    }

    /// Sets the changes of a record that exists, which receive its fields and those of the new one.
    pub(super) fn on_duplicate<T: Record, A: Assignment<T>>(
        &mut self,
        changes: impl FnOnce(Fields<T>, <T as Object>::Fields<Inserted<T>>) -> A,
    ) {
        let mut assignments = Vec::new();
        changes(*T::fields(), *T::fields()).assign(&mut assignments);
        self.on_duplicate = (!assignments.is_empty()).then(|| version::assigned::<T>(Setting::clause(assignments)));
    }

    /// Begins to watch the insert as one call of the program, if something listens.
    pub(super) fn watch(&self) -> CallWatch {
        self.call.scope.watch(|| self.operation(), None)
    }

    pub(super) fn operation(&self) -> Operation {
        Operation::statement("insert", Target::shown(self.table.clone()))
    }

    /// The statement that inserts all rows at once.
    pub(super) fn surql(&self) -> Fragment {
        self.surql_of(&self.rows, 0..self.rows.len())
    }

    fn surql_of(&self, rows: &Rows, part: Range<usize>) -> Fragment {
        let mut statement = Fragment::new("INSERT");
        if self.is_relation {
            statement = statement.text(" RELATION");
        }
        if self.ignores {
            statement = statement.text(" IGNORE").needing(Feature::InsertIgnore);
        }
        // Servers before 3.2 give the edge that has the id, as if it were the new one.
        if self.is_relation && !self.ignores && self.on_duplicate.is_none() && rows.have_keys(part.clone()) {
            statement = statement.needing(Feature::EdgeIds);
        }
        statement = rows.add_to(statement.text(" INTO ").value(&self.table).text(" "), part);
        if let Some(changes) = &self.on_duplicate {
            statement = statement.text(" ON DUPLICATE KEY UPDATE ").then(changes.clone());
        }
        let returning = self.view.clone().unwrap_or_else(|| Fragment::new(self.returns.clause()));
        statement.text(" RETURN ").then(returning).timeout(self.timeout)
    }

    /// The request that inserts a part of the rows.
    pub(super) fn query_of(&self, rows: &Rows, part: Range<usize>) -> Query {
        let Call { scope, deadline, .. } = self.call.clone();
        self.surql_of(rows, part).into_query(scope, self.operation(), deadline)
    }

    /// Sends the rows part by part, and stops at the first part that fails. No rows are no request.
    pub(super) async fn send(&self) -> Result<Vec<Response>> {
        let (parts, total) = (self.parts()?, Some(self.rows.len()));
        let mut chunks = Chunks::new(&self.call, self.operation());
        let mut responses = Vec::new();
        for part in parts {
            let answer = chunks.send(|| self.query_of(&self.rows, part.clone())).await;
            responses.push(answer.map_err(|error| {
                let error = self.rows.name(error, part.clone(), 0);
                chunks.partly(&part, total, self.done(), error)
            })?);
            self.progress.report(part.end);
        }
        chunks.finish();
        Ok(responses)
    }

    /// The rows of each request.
    fn parts(&self) -> Result<Vec<Range<usize>>> {
        self.rows.check()?;
        let room = self.room()?;
        let sizes = (0..self.rows.len()).map(|row| (row, self.rows.size(row..row + 1)));
        if let Some((row, size)) = sizes.into_iter().find(|(_, size)| *size > room) {
            return Err(self.too_large(row, size));
        }
        Ok(self.rows.split(self.max_rows, room))
    }

    /// The bytes that the rows of one request may take.
    pub(super) fn room(&self) -> Result<usize> {
        match self.max_rows {
            0 => Err(Error::argument("a request cannot insert 0 records: give `chunk` at least 1")),
            _ => Ok(room(&self.call, &self.query_of(&Rows::default(), 0..0))),
        }
    }

    /// The error of a row that cannot be sent.
    pub(super) fn invalid(&self, row: usize, invalid: &InvalidRow) -> Error {
        match invalid {
            InvalidRow::NotEncoded(error) => Error::from(error.clone()).with_row(row),
            InvalidRow::TooLarge(size) => self.too_large(row, *size),
        }
    }

    /// The error of a row that is too large to be sent.
    fn too_large(&self, row: usize, size: usize) -> Error {
        let limit = self.call.scope.client().max_message_bytes();
        let message = format!("row {row} takes {size} bytes; a message of at most {limit} bytes has no room for it");
        Error::new(ErrorKind::TooLarge, message).with_row(row)
    }

    /// The word for rows that succeed: the server may have inserted fewer rows than it was given.
    pub(super) fn done(&self) -> &'static str {
        if self.ignores || self.on_duplicate.is_some() { "carried out" } else { "inserted" }
    }
}

/// Joins the results of the statements at these indexes.
pub(super) type ReadAll<Out> = fn(&[(&Response, usize)]) -> Result<Out>;

pub(super) fn all<Row: DeserializeOwned>(results: &[(&Response, usize)]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (response, index) in results {
        rows.extend(response.take::<Vec<Row>>(*index)?);
    }
    Ok(rows)
}

pub(super) fn all_ignored(results: &[(&Response, usize)]) -> Result<()> {
    all::<IgnoredAny>(results).map(drop)
}
