//! INSERT with a result for each record.

use std::fmt;
use std::iter;
use std::ops::Range;

use super::bulk::{Bulk, ReadAll};
use super::chunks::Chunks;
use super::source::{Chunk, Source};
use crate::error::{Delivery, Error, Result};
use crate::query::Response;
use crate::session::CallFuture;

/// An insert in which a record that fails does not stop the others, sent when awaited. It returns a [`Settled`]: what the
/// insert returns for the records that are inserted, and an error for each other record.
///
/// Made by [`Insert::settle`](super::Insert::settle) and [`InsertStream::settle`](super::InsertStream::settle).
///
/// # Requests
///
/// The server carries out a request as a whole or not at all. If it names the record that has failed, as for an id that is
/// taken, the records before and after it are sent again, and it alone. Otherwise the request is sent again in two halves,
/// and so on, until the records that fail are alone, which takes about `2 * log2(n)` requests for each of them in a request
/// of `n` records. No record is inserted twice: only what the server has refused is sent again.
///
/// # Errors
///
/// Those that are not about a record end the insert: a lost connection, an expired session, a
/// [`deadline`](super::Insert::deadline) that passed. [`PartlyApplied`](crate::ErrorKind::PartlyApplied) if records were
/// inserted before. [`InvalidArgument`](crate::ErrorKind::InvalidArgument) in a [`Transaction`](crate::Transaction), whose
/// first failure ends it.
///
/// # Cancel safety
///
/// See [`CallFuture`]. A dropped insert may have inserted any of its records.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Word { id: Id<Word>, count: u64 }
/// # surreal_session_embedded::example(async |session| {
/// session.create::<Word>().id("tea").content(NewWord { count: 1 }).await?;
/// let words = ["coffee", "tea", "milk"].map(|word| (word, NewWord { count: 0 }));
/// let settled = session.insert(words).settle().await?;
/// assert_eq!(settled.inserted.len(), 2);
/// assert_eq!(settled.errors[0].row(), Some(1));
/// assert!(settled.errors[0].is_already_exists());
/// # Ok(()) });
/// ```
#[must_use = "nothing is inserted until this is awaited"]
pub struct SettledInsert<Out> {
    bulk: Bulk,
    source: Source,
    read: ReadAll<Out>,
}

/// The result of an insert in which records may fail.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "records may have failed: look at `errors`"]
pub struct Settled<Out> {
    /// The result of the insert for the records that were inserted, in the given order.
    pub inserted: Out,
    /// The errors of the others, in the given order. [`Error::row`] is the index of the record.
    pub errors: Vec<Error>,
}

/// The answers so far.
struct Progressed<'a> {
    bulk: &'a Bulk,
    chunks: Chunks<'a>,
    responses: Vec<Response>,
    /// The number of rows that are carried out.
    done: usize,
    errors: Vec<Error>,
}

impl<Out> SettledInsert<Out> {
    pub(super) fn new(bulk: Bulk, source: Source, read: ReadAll<Out>) -> Self {
        Self { bulk, source, read }
    }

    async fn send(self) -> Result<Settled<Out>> {
        let Self { bulk, mut source, read } = self;
        if bulk.call.scope.transaction().is_some() {
            let message = "an insert cannot be settled in a transaction, which ends with its first failure";
            return Err(Error::argument(message));
        }
        let room = bulk.room()?;
        let mut progressed = Progressed::new(&bulk);
        while let Some(chunk) = source.chunk(bulk.max_rows, room).await {
            progressed.send(&chunk).await?;
        }
        let Progressed { responses, errors, .. } = progressed;
        let inserted = read(&responses.iter().map(|response| (response, 0)).collect::<Vec<_>>())?;
        Ok(Settled { inserted, errors })
    }
}

impl<'a> Progressed<'a> {
    fn new(bulk: &'a Bulk) -> Self {
        let chunks = Chunks::new(&bulk.call, bulk.operation());
        Self { bulk, chunks, responses: Vec::new(), done: 0, errors: Vec::new() }
    }

    /// Inserts the rows of a chunk. Parts that the server refuses are halved.
    async fn send(&mut self, chunk: &Chunk) -> Result<()> {
        let end = chunk.first + chunk.rows.len();
        let mut parts: Vec<_> = iter::once(0..chunk.rows.len()).collect();
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let answer = self.chunks.send(|| self.bulk.query_of(&chunk.rows, part.clone())).await;
            match answer {
                Ok(response) => {
                    self.responses.push(response);
                    self.done += part.len();
                }
                Err(error) if !is_of_rows(&error) => return Err(self.failed(chunk, &part, error)),
                Err(error) if part.len() == 1 => {
                    let row = chunk.first + part.start;
                    self.errors.push(error.in_context(format_args!("row {row}")).with_row(row));
                }
                Err(error) => {
                    match chunk.rows.named_by(&error, part.clone()) {
                        // Alone, to see that it is the one.
                        Some(row) => parts.extend([row + 1..part.end, row..row + 1, part.start..row]),
                        None => {
                            let middle = part.start + part.len() / 2;
                            parts.extend([middle..part.end, part.start..middle]);
                        }
                    }
                    continue;
                }
            }
            self.bulk.progress.report(chunk.first + part.end);
        }
        if let Some(invalid) = &chunk.invalid {
            self.errors.push(self.bulk.invalid(end, invalid));
        }
        Ok(())
    }

    /// The error that ends the insert.
    fn failed(&self, chunk: &Chunk, part: &Range<usize>, error: Error) -> Error {
        let (first, last) = (chunk.first + part.start, chunk.first + part.end - 1);
        let place = format!("rows {first} to {last} failed after {} rows were {}", self.done, self.bulk.done());
        match self.done {
            0 => error.in_context(place),
            _ => Error::partly_applied(format!("{place}: {error}"), error),
        }
    }
}

/// Returns whether the server has carried out nothing of the request and would carry out a part of it.
fn is_of_rows(error: &Error) -> bool {
    error.delivery() == Delivery::Answered && error.statement().is_some() && !error.is_auth()
}

impl<Out: 'static> IntoFuture for SettledInsert<Out> {
    type Output = Result<Settled<Out>>;
    type IntoFuture = CallFuture<Settled<Out>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let watch = self.bulk.watch();
            watch.observe(self.send()).await
        })
    }
}

impl<Out> fmt::Debug for SettledInsert<Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettledInsert").field("table", &self.bulk.table).finish_non_exhaustive()
    }
}
