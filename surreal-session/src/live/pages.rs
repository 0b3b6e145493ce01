//! Reading the records of a live query: in pages, or some of them by their ids.
//!
//! Without a condition, a page is a range of ids that begins behind the last one: each record is read once, and the server
//! keeps nothing between two pages. With a condition, which an index may serve, the ids of all records that pass come
//! first, and then their records in batches. Either way two pages are read at different times.

use std::collections::VecDeque;
use std::ops::Bound;

use bytes::{BufMut, Bytes, BytesMut};
use serde::de::DeserializeOwned;

use super::history::{Elements, EventPosition, StateHash};
use super::registration::operation;
use crate::codec::reader::elements;
use crate::codec::{self, DecodeError};
use crate::connection::{Cleanup, Deadline, Patience};
use crate::error::Result;
use crate::protocol::{Feature, malformed, record_decode_error};
use crate::query::{Fragment, Query, Response, Scope, limited_range};
use crate::value::{Range, RecordId, RecordKey, Table};

/// Reads the records that a live query is about.
#[derive(Debug, Clone)]
pub(super) struct RecordReader {
    pub(super) scope: Scope,
    pub(super) table: Table,
    /// The expression of a row: an array of the record's id, the data for the program, and perhaps a digest.
    pub(super) row: Fragment,
    pub(super) condition: Option<Fragment>,
    /// The only record, if the live query is about one.
    pub(super) only: Option<Bytes>,
    pub(super) timeout: Patience,
    /// Whether reads have positions.
    pub(super) places: Places,
}

/// Whether a read asks for its position among the changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    Without,
    With,
}

/// The records of one read.
#[derive(Debug)]
pub(super) struct ReadRows {
    pub(super) rows: Vec<ReadRow>,
    /// Changes with later positions are not contained.
    pub(super) position: Option<EventPosition>,
}

/// One record as it was read.
#[derive(Debug, Clone)]
pub(super) struct ReadRow {
    /// The record's id, encoded.
    pub(super) id: Bytes,
    /// The data for the program, encoded.
    pub(super) data: Bytes,
    pub(super) state: StateHash,
}

/// The pages that are still to be read.
#[derive(Debug, Clone)]
pub(super) enum Pages {
    /// Behind this record, or from the first one on.
    After(Option<RecordId>),
    /// These records, in this order; `None` if the server has to be asked for them.
    Ids(Option<VecDeque<Bytes>>),
    Over,
}

impl RecordReader {
    /// The deadline of a read that begins now.
    pub(super) fn begin(&self) -> Deadline {
        self.scope.client().deadline(self.timeout)
    }

    pub(super) fn pages(&self) -> Pages {
        match (&self.only, &self.condition) {
            (Some(id), _) => Pages::Ids(Some(VecDeque::from([id.clone()]))),
            (None, Some(_)) => Pages::Ids(None),
            (None, None) => Pages::After(None),
        }
    }

    /// Reads the next page of at most `size` records. It may be empty. After an error, the same page is read again.
    pub(super) async fn page(&self, pages: &mut Pages, size: usize, deadline: Deadline) -> Result<ReadRows> {
        if let Pages::Ids(ids @ None) = pages {
            *ids = Some(self.ids(deadline).await?);
        }
        match pages {
            Pages::After(last) => {
                let read = self.rows(self.range(last.as_ref(), size), deadline).await?;
                *pages = match read.rows.last() {
                    Some(row) if read.rows.len() >= size => Pages::After(Some(row.record_id()?)),
                    _ => Pages::Over,
                };
                Ok(read)
            }
            Pages::Ids(ids) => {
                let batch: Vec<Bytes> = ids.iter().flatten().take(size).cloned().collect();
                let read = if batch.is_empty() { ReadRows::none() } else { self.records(&batch, deadline).await? };
                let is_over = ids.as_mut().is_none_or(|ids| {
                    ids.drain(..batch.len().min(ids.len()));
                    ids.is_empty()
                });
                if is_over {
                    *pages = Pages::Over;
                }
                Ok(read)
            }
            Pages::Over => Ok(ReadRows::none()),
        }
    }

    /// Reads the records with these ids, without those that do not exist or do not pass.
    pub(super) async fn records(&self, ids: &[Bytes], deadline: Deadline) -> Result<ReadRows> {
        let mut items = BytesMut::new();
        for id in ids {
            items.put_slice(id);
        }
        let source = Fragment::default().array(ids.len(), items.freeze());
        self.rows(Fragment::new("SELECT * FROM ").then(source).then(self.passing()), deadline).await
    }

    /// The first page, for logs.
    pub(super) fn first(&self) -> Query {
        self.query(match &self.condition {
            Some(_) => self.passing_ids(),
            None => self.row_of(self.range(None, usize::MAX)),
        })
    }

    async fn ids(&self, deadline: Deadline) -> Result<VecDeque<Bytes>> {
        elements(&self.send(self.passing_ids(), deadline).await?).map_err(|error| malformed("query", error))
    }

    async fn rows(&self, records: Fragment, deadline: Deadline) -> Result<ReadRows> {
        let rows = self.row_of(records);
        let statement = match self.places {
            Places::Without => rows,
            // Evaluated after the records were read.
            Places::With => Fragment::new("RETURN [(").then(rows).text("), rand::uuid::v7()]"),
        };
        let result = self.send(statement, deadline).await?;
        ReadRows::of(&result, self.places).map_err(|error| malformed("query", error))
    }

    async fn send(&self, statement: Fragment, deadline: Deadline) -> Result<Bytes> {
        let (scope, request, _) = self.query(statement).into_request()?;
        // It only reads.
        let request = request.repeatable(true);
        let reply = scope.session().call(request, deadline, Cleanup::Nothing).await?;
        Response::read(&reply)?.named(operation("select", &self.table)).result(0).cloned()
    }

    fn query(&self, statement: Fragment) -> Query {
        statement.into_query(self.scope.clone(), operation("select", &self.table), self.timeout)
    }

    fn row_of(&self, records: Fragment) -> Fragment {
        Fragment::new("SELECT ").then(self.row.clone()).text(" FROM (").then(records).text(")")
    }

    /// Without a condition, and so without an index, the server (3.3.5) reads a range in the order of its keys.
    fn range(&self, last: Option<&RecordId>, size: usize) -> Fragment {
        let start = last.map_or(Bound::Unbounded, |last| Bound::Excluded(last.key().clone()));
        let keys = RecordKey::from(Range::new(start, Bound::Unbounded));
        let range = limited_range(Fragment::of(&RecordId::new(self.table.as_str(), keys)));
        Fragment::new("SELECT * FROM ").then(range).text(&format!(" LIMIT {size}"))
    }

    fn passing_ids(&self) -> Fragment {
        // Without ORDER BY, an index that serves the condition would determine the order.
        let ids = Fragment::new("SELECT VALUE id FROM (SELECT id FROM ").value(&self.table);
        ids.indexed(Feature::Indexes).then(self.passing()).text(" ORDER BY id)")
    }

    fn passing(&self) -> Fragment {
        let clause = |condition: &Fragment| Fragment::new(" WHERE (").then(condition.clone()).text(")");
        self.condition.as_ref().map(clause).unwrap_or_default()
    }
}

impl ReadRows {
    fn none() -> Self {
        Self { rows: Vec::new(), position: None }
    }

    fn of(result: &Bytes, places: Places) -> Result<Self, DecodeError> {
        let (rows, position) = match places {
            Places::Without => (result.clone(), None),
            Places::With => {
                let (rows, position) = Elements::of(result)?.head_and_data()?;
                (rows, Some(codec::decode(&position)?))
            }
        };
        let rows: Vec<_> = elements(&rows)?;
        Ok(Self { rows: rows.iter().map(ReadRow::of).collect::<Result<_, _>>()?, position })
    }
}

impl ReadRow {
    fn of(array: &Bytes) -> Result<Self, DecodeError> {
        let mut elements = Elements::of(array)?;
        let (id, data) = elements.head_and_data()?;
        let state = StateHash::of(&elements.next()?.unwrap_or_else(|| data.clone()));
        Ok(Self { id, data, state })
    }

    pub(super) fn decode<Row: DeserializeOwned>(&self) -> Result<Row> {
        codec::decode(&self.data).map_err(|error| record_decode_error(&self.id, &error))
    }

    fn record_id(&self) -> Result<RecordId> {
        codec::decode(&self.id).map_err(|error| malformed("query", error))
    }
}

/// The maximum number of records of one read.
pub(super) const BATCH: usize = 500;
