//! The encoded rows of an INSERT.

use std::ops::Range;

use bytes::Bytes;
use serde::Serialize;

use crate::codec::reader::find_entry;
use crate::codec::{self, EncodeError};
use crate::error::{Error, Result, Violation};
use crate::query::statement::Fragment;
use crate::value::{RecordId, RecordKey, Value};

/// Encoded rows, one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    bytes: Bytes,
    /// The end of each row in `bytes`.
    ends: Vec<usize>,
    /// The rows that cannot be encoded, which take no bytes.
    invalid: Vec<(usize, EncodeError)>,
}

impl Rows {
    pub(in crate::query) fn new(rows: impl IntoIterator<Item = impl Serialize>) -> Self {
        let (mut bytes, mut ends, mut invalid) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            let start = bytes.len();
            if let Err(error) = codec::encode_into(&mut bytes, &row) {
                invalid.push((ends.len(), error));
                bytes.truncate(start);
            }
            ends.push(bytes.len());
        }
        Self { bytes: bytes.into(), ends, invalid }
    }

    /// Joins rows that are encoded.
    pub(super) fn of_encoded(rows: &[Bytes]) -> Self {
        let ends = rows.iter().scan(0, |end, row| {
            *end += row.len();
            Some(*end)
        });
        Self { ends: ends.collect(), bytes: rows.concat().into(), invalid: Vec::new() }
    }

    /// Each row, or the reason why it cannot be sent.
    pub(super) fn into_each(self) -> impl Iterator<Item = Result<Bytes, EncodeError>> {
        let mut invalid = self.invalid.into_iter().peekable();
        let mut start = 0;
        self.ends.into_iter().enumerate().map(move |(index, end)| {
            let row = self.bytes.slice(start..end);
            start = end;
            invalid.next_if(|(row, _)| *row == index).map_or(Ok(row), |(_, error)| Err(error))
        })
    }

    /// Fails with the first row that cannot be encoded.
    pub(super) fn check(&self) -> Result<()> {
        match self.invalid.first() {
            Some((row, error)) => Err(Error::from(error.clone().in_index(*row)).with_row(*row)),
            None => Ok(()),
        }
    }

    /// Adds some of the rows to a statement, as an array.
    pub(super) fn add_to(&self, statement: Fragment, rows: Range<usize>) -> Fragment {
        match self.check() {
            Err(error) => statement.failed(error),
            Ok(()) => {
                let bytes = self.bytes.slice(self.start(rows.start)..self.start(rows.end));
                statement.array(rows.len(), bytes)
            }
        }
    }

    /// Splits the rows into parts of at most `max_rows` rows and `max_bytes` bytes. No single row has more bytes.
    pub(super) fn split(&self, max_rows: usize, max_bytes: usize) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut first = 0;
        for row in 0..self.ends.len() {
            if row - first >= max_rows || self.size(first..row + 1) > max_bytes {
                parts.push(first..row);
                first = row;
            }
        }
        parts.push(first..self.ends.len());
        parts.retain(|part| !part.is_empty());
        parts
    }

    /// Adds to the error of a request which of these rows it is about, if it says so. `first` is the index of the first row.
    pub(super) fn name(&self, error: Error, rows: Range<usize>, first: usize) -> Error {
        match self.named_by(&error, rows) {
            Some(row) => error.with_row(first + row),
            None => error,
        }
    }

    /// The only one of these rows whose record the error names; `None` if there is none or several.
    pub(super) fn named_by(&self, error: &Error, rows: Range<usize>) -> Option<usize> {
        let key = refused_record(error)?.into_key();
        let mut named = rows.filter(|row| self.key(*row).as_ref() == Some(&key));
        let first = named.next()?;
        named.next().is_none().then_some(first)
    }

    /// The key in the `id` of a row: a key, or a record id.
    fn key(&self, row: usize) -> Option<RecordKey> {
        let id = find_entry(self.bytes.get(self.start(row)..self.start(row + 1))?, "id").ok()??;
        match codec::decode(id).ok()? {
            Value::RecordId(id) => Some(id.into_key()),
            _ => codec::decode(id).ok(),
        }
    }

    /// Returns true if one of these rows has an id.
    pub(super) fn have_keys(&self, rows: Range<usize>) -> bool {
        rows.into_iter().any(|row| self.key(row).is_some())
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn size(&self, rows: Range<usize>) -> usize {
        self.start(rows.end) - self.start(rows.start)
    }

    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

/// The record that the server has refused, if it says which.
fn refused_record(error: &Error) -> Option<RecordId> {
    let record = match error.violation() {
        Some(
            Violation::Assert { record, .. }
            | Violation::Type { record, .. }
            | Violation::ReadOnly { record, .. }
            | Violation::TableType { record, .. },
        ) => record,
        None if error.is_already_exists() => error.server()?.details()?.field("id")?,
        // The record of a unique violation is another one.
        Some(_) | None => return None,
    };
    record.parse().ok()
}
