//! Many updates of one record each.

use std::marker::PhantomData;
use std::ops::Range;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::chunks::{Chunks, MAX_ROWS, room};
use super::{Cardinality, Returns, WriteClauses, settings};
use crate::error::{Error, Result};
use crate::protocol::Operation;
use crate::query::statement::{Call, Fragment, Statement};
use crate::query::{Query, Response};
use crate::session::CallFuture;

/// Updates of many records, each with its own patch, sent when awaited. It returns an `Option` for each patch, in the given
/// order: the record as it is after its update, or `None` if there is no such record or the identity may not update or not
/// read it.
///
/// Made by [`UpdateWithoutTarget::each`](super::UpdateWithoutTarget::each). A record that is given twice is updated twice.
///
/// # Many patches
///
/// The patches are sent in requests of at most 500, or of [`chunk`](Self::chunk), that fit into a message, one request after
/// the other. Each request is carried out as a whole or not at all; if one fails, those before it stay. For all or nothing
/// use a [`Transaction`](crate::Transaction), or a [`Batch`](crate::query::Batch), which sends them in one request. No patches
/// are no request.
///
/// # Errors
///
/// [`PartlyApplied`](crate::ErrorKind::PartlyApplied) with the indexes of the failed patches, if a request fails after others
/// were carried out; otherwise the errors of an [update](super::UpdateWithoutTarget).
///
/// # Cancel safety
///
/// See [`CallFuture`]. A dropped call may have carried out some of its requests.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, age: u8 }
/// # surreal_session_embedded::example(async |session| {
/// # session.insert([("ada", NewUser { name: "Ada".into(), age: 36 }), ("bob", NewUser { name: "Bob".into(), age: 9 })]).await?;
/// let ages = [("ada", 37), ("zoe", 50), ("bob", 10)];
/// let patches = ages.map(|(id, age)| (id, UserPatch { age: set(age), ..keep() }));
/// let users = session.update::<User>().each(patches).await?;
///
/// let missing: Vec<_> = ages.iter().zip(&users).filter(|(_, user)| user.is_none()).map(|((id, _), _)| *id).collect();
/// assert_eq!(missing, ["zoe"]);
/// assert_eq!(users[2].as_ref().unwrap().age, 10);
/// # Ok(()) });
/// ```
#[must_use = "nothing is written until this is awaited"]
pub struct UpdateEach<T, Out = Vec<Option<T>>> {
    /// The settings that all updates share.
    clauses: WriteClauses,
    updates: Vec<WriteClauses>,
    max_rows: usize,
    read: ReadEach<Out>,
    record: PhantomData<fn() -> T>,
}

/// Joins the results of the statements at these indexes.
type ReadEach<Out> = fn(&[(&Response, usize)]) -> Result<Out>;

impl<T: DeserializeOwned> UpdateEach<T> {
    /// The updates, and the settings that they share.
    pub(super) fn new(clauses: WriteClauses, updates: impl Iterator<Item = WriteClauses>) -> Self {
        let updates = updates.map(|update| update.answer(Cardinality::AtMostOne)).collect();
        Self { clauses, updates, max_rows: MAX_ROWS, read: records, record: PhantomData }
    }
}

impl<T, Out> UpdateEach<T, Out> {
    /// Returns for each patch whether there is a record that it has updated, and not the record.
    pub fn return_none(self) -> UpdateEach<T, Vec<bool>> {
        let updates = self.updates.into_iter().map(|update| update.returns(Returns::Nothing)).collect();
        let Self { clauses, max_rows, .. } = self;
        UpdateEach { clauses, updates, max_rows, read: existence, record: PhantomData }
    }

    /// Sets the largest number of patches in one request; 500 unless set.
    ///
    /// A request has fewer if they would not fit into a message. With 0, awaiting fails with
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn chunk(mut self, patches: usize) -> Self {
        self.max_rows = patches;
        self
    }

    /// One statement with all updates in this range: an array of their results, so that all or none are carried out.
    ///
    /// Without RETURN, which would end the transaction block of a batch. Servers before 3.3 take a statement for a read if all
    /// its writes are in an array, and refuse them.
    fn surql_of(&self, updates: Range<usize>) -> Fragment {
        let update = |update: &WriteClauses| {
            let update = WriteClauses { timeout: self.clauses.timeout, ..update.clone() };
            Fragment::new("(").then(update.surql()).text(")")
        };
        Fragment::new("{ IF false { UPDATE [] }; [").joined(self.updates[updates].iter().map(update), ", ").text("] }")
    }

    fn query_of(&self, updates: Range<usize>) -> Query {
        let Call { scope, deadline, .. } = self.clauses.call.clone();
        self.surql_of(updates).into_query(scope, self.clauses.operation(), deadline)
    }

    /// The updates of each request.
    fn parts(&self) -> Result<Vec<Range<usize>>> {
        if self.max_rows == 0 {
            return Err(Error::argument("a request cannot have 0 patches: give `chunk` at least 1"));
        }
        let room = room(&self.clauses.call, &self.query_of(0..0));
        let (mut parts, mut first, mut bytes) = (Vec::new(), 0, 0);
        for (index, update) in self.updates.iter().enumerate() {
            let surql = update.surql();
            surql.check().map_err(|error| error.in_context(format_args!("patch {index}")).with_row(index))?;
            let size = surql.len_bytes() + SEPARATOR_BYTES;
            if index - first >= self.max_rows || (index > first && bytes + size > room) {
                parts.push(first..index);
                (first, bytes) = (index, 0);
            }
            bytes += size;
        }
        parts.push(first..self.updates.len());
        parts.retain(|part| !part.is_empty());
        Ok(parts)
    }

    async fn send(self) -> Result<Out> {
        let (parts, total) = (self.parts()?, Some(self.updates.len()));
        let mut chunks = Chunks::new(&self.clauses.call, self.clauses.operation());
        let mut responses = Vec::new();
        for part in parts {
            let answer = chunks.send(|| self.query_of(part.clone())).await;
            responses.push(answer.map_err(|error| chunks.partly(&part, total, "carried out", error))?);
        }
        chunks.finish();
        (self.read)(&responses.iter().map(|response| (response, 0)).collect::<Vec<_>>())
    }
}

settings! { [T, Out] UpdateEach<T, Out>: clauses }

impl<T: 'static, Out: 'static> UpdateEach<T, Out> {
    /// Returns the statement with all updates and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.surql().to_surql()
    }
}

impl<T: 'static, Out: 'static> Statement for UpdateEach<T, Out> {
    type Output = Out;

    fn call(&self) -> &Call {
        &self.clauses.call
    }

    fn operation(&self) -> Operation {
        self.clauses.operation()
    }

    fn surql(&self) -> Fragment {
        self.surql_of(0..self.updates.len())
    }

    fn read(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(&[(response, index)])
    }
}

impl<T: 'static, Out: 'static> IntoFuture for UpdateEach<T, Out> {
    type Output = Result<Out>;
    type IntoFuture = CallFuture<Out>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let watch = self.clauses.call.scope.watch(|| self.clauses.operation(), None);
            watch.observe(self.send()).await
        })
    }
}

fn records<T: DeserializeOwned>(results: &[(&Response, usize)]) -> Result<Vec<Option<T>>> {
    let mut records = Vec::new();
    for (response, index) in results {
        let updates = response.take::<Vec<Vec<T>>>(*index)?;
        records.extend(updates.into_iter().map(|rows| rows.into_iter().next()));
    }
    Ok(records)
}

fn existence(results: &[(&Response, usize)]) -> Result<Vec<bool>> {
    let records = records::<IgnoredAny>(results)?;
    Ok(records.iter().map(Option::is_some).collect())
}

/// The bytes around an update in the text.
const SEPARATOR_BYTES: usize = 4;
