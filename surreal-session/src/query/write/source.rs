//! Rows that are read and encoded only as they are sent.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::rows::Rows;
use crate::codec::EncodeError;

/// Rows that are not read yet.
pub(super) struct Source {
    rows: EncodedRows,
    /// The row that was read last and did not fit into its chunk.
    left: Option<Bytes>,
    /// The index of the next row of the next chunk.
    next: usize,
}

type EncodedRows = Pin<Box<dyn Stream<Item = Result<Bytes, EncodeError>> + Send>>;

/// The rows of one request, and perhaps the one after them if it cannot be sent.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The index of the first row.
    pub(super) first: usize,
    pub(super) rows: Rows,
    pub(super) invalid: Option<InvalidRow>,
}

/// The reason why a row cannot be sent.
#[derive(Debug)]
pub(super) enum InvalidRow {
    NotEncoded(EncodeError),
    /// It has this number of bytes.
    TooLarge(usize),
}

impl Source {
    pub(super) fn new(rows: impl Stream<Item = Result<Bytes, EncodeError>> + Send + 'static) -> Self {
        Self { rows: Box::pin(rows), left: None, next: 0 }
    }

    /// Reads the rows of the next request, and none for the one after it but the row that does not fit. `None` at the end.
    pub(super) async fn chunk(&mut self, max_rows: usize, max_bytes: usize) -> Option<Chunk> {
        let (first, mut rows, mut bytes, mut invalid) = (self.next, Vec::new(), 0, None);
        while rows.len() < max_rows {
            let row = match self.left.take() {
                Some(row) => row,
                None => match self.rows.next().await {
                    None => break,
                    Some(Ok(row)) => row,
                    Some(Err(error)) => {
                        invalid = Some(InvalidRow::NotEncoded(error.in_index(first + rows.len())));
                        break;
                    }
                },
            };
            if row.len() > max_bytes {
                invalid = Some(InvalidRow::TooLarge(row.len()));
                break;
            }
            if bytes + row.len() > max_bytes {
                self.left = Some(row);
                break;
            }
            bytes += row.len();
            rows.push(row);
        }
        self.next += rows.len() + usize::from(invalid.is_some());
        let is_end = rows.is_empty() && invalid.is_none();
        (!is_end).then(|| Chunk { first, rows: Rows::of_encoded(&rows), invalid })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("next", &self.next).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::stream::iter;

    use super::*;

    #[test]
    fn chunks_are_bounded_by_rows_and_by_bytes() {
        let rows = [1, 2, 3, 9, 1, 1, 1, 1].map(|size| Ok(Bytes::from(vec![0; size])));
        let mut source = Source::new(iter(rows));
        let mut chunks = Vec::new();
        while let Some(chunk) = source.chunk(3, 5).now_or_never().unwrap() {
            let too_large = matches!(chunk.invalid, Some(InvalidRow::TooLarge(9)));
            chunks.push((chunk.first, chunk.rows.len(), too_large));
        }
        assert_eq!(chunks, [(0, 2, false), (2, 1, true), (4, 3, false), (7, 1, false)]);
    }
}
