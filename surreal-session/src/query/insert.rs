//! INSERT: any number of new records.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::Response;
use super::assignment::{Assignment, Setting};
use super::fragment::Fragment;
use super::lacking::lacking;
use super::select::Fields;
use super::statement::{Call, Statement};
use super::write::{After, Before, Bulk, Diff, Nothing, Returning, Rows, State};
use crate::error::Result;
use crate::protocol::Operation;
use crate::record::{
    Checked, Inserted, IntoId, NeedsRelation, NewRecord, Normal, NormalRecord, Object, Record, Relation, Single,
};
use crate::session::{CallFuture, Scope};
use crate::value::{Id, Table};

/// Records to be inserted when awaited, giving them back as stored, in the order in which they were given.
///
/// Edges are inserted with [`relation`](Self::relation), and can be awaited once that is said.
///
/// # Many records
///
/// They are sent in requests of at most 500 records that fit into a message, one after the other. What one request
/// inserts is inserted as a whole or not at all; the requests before one that fails stay. All or nothing is an insert in
/// a [`Transaction`](crate::Transaction), or one that is part of a [`Batch`](crate::query::Batch), which sends it as a whole.
/// No records send no request.
///
/// # Errors
///
/// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for an id that is taken, and
/// [`is_unique_violation`](crate::Error::is_unique_violation) for a value that a UNIQUE index has already, unless
/// [`ignore`](Self::ignore) or [`on_duplicate`](Self::on_duplicate);
/// [`Encode`](crate::ErrorKind::Encode) for a record that cannot be sent, with its index, and
/// [`TooLarge`](crate::ErrorKind::TooLarge) for one that no message has room for, both before anything is sent;
/// [`PartlyApplied`](crate::ErrorKind::PartlyApplied) if a request fails after others were carried out, with the records
/// that it is about; otherwise what the table's schema refuses. What the identity may not create or not read is missing
/// from what is given back, and no error.
///
/// # Cancel safety
///
/// See [`CallFuture`]. Of several requests, those before it was dropped have been carried out. Inserting again without
/// ids may make every record twice.
///
/// # Examples
///
/// ```no_run
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// #[derive(Serialize, Deserialize, Record)]
/// struct Word {
///     id: Id<Word>,
///     language: String,
///     count: u64,
/// }
///
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let new = |language: &str| NewWord { language: language.into(), count: 1 };
/// let words: Vec<Word> = session.insert(vec![new("en"), new("de")]).await?;
///
/// // With ids of one's own; what is there already counts up.
/// let counted = session.insert([("tea", new("en")), ("tee", new("de"))]);
/// counted.on_duplicate_with(|w, new| w.count.add(new.count)).return_none().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is inserted until this is awaited"]
pub struct Insert<T: Record, K = <T as Record>::Kind, R = After<T>> {
    bulk: Bulk,
    state: State<(T, K, R)>,
}

/// New records to be inserted: a `Vec` or an array of them, or one.
///
/// Each is what the derive generates, such as `NewUser`; or a pair of an id, or key, and that.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be inserted",
    label = "not made of new records",
    note = "records to be inserted are `NewUser {{ .. }}`, or `(\"ada\", NewUser {{ .. }})` with an id, in a `Vec` or an array"
)]
pub trait NewRecords {
    /// What they become.
    type Record: Record;

    /// Whether they have ids, or can do without.
    #[doc(hidden)]
    type Ids;

    #[doc(hidden)]
    fn into_rows(self) -> Rows;
}

/// A new record to be inserted, with an id or without one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a new record",
    label = "cannot be inserted",
    note = "what is inserted is the struct that `#[derive(Record)]` generates, such as `NewUser`, or a pair of an id and that",
    note = "several go into a `Vec` or an array: `session.insert(vec![..])`"
)]
pub trait NewRow {
    /// What it becomes.
    type Record: Record;

    /// Whether it has an id, or can do without.
    #[doc(hidden)]
    type Ids;

    #[doc(hidden)]
    fn row(self) -> impl Serialize;
}

#[diagnostic::do_not_recommend]
impl<N: NewRecord> NewRow for N {
    type Record = N::Record;
    type Ids = <N::Record as Record>::Ids;

    fn row(self) -> impl Serialize {
        Owned::<N::Record>(self)
    }
}

impl<I: IntoId<N::Record>, N: NewRecord> NewRow for (I, N) {
    type Record = N::Record;
    type Ids = Single;

    fn row(self) -> impl Serialize {
        WithId::<N::Record> { id: self.0.into_id(), content: Owned(self.1) }
    }
}

/// A new record that is encoded only if its names are unambiguous.
struct Owned<T: Record>(T::New);

impl<T: Record> Serialize for Owned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Checked::<T>(&self.0).serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(bound(serialize = ""))]
struct WithId<T: Record> {
    id: Id<T, T::Key>,
    #[serde(flatten)]
    content: Owned<T>,
}

#[diagnostic::do_not_recommend]
impl<N: NewRow> NewRecords for N {
    type Record = N::Record;
    type Ids = N::Ids;

    fn into_rows(self) -> Rows {
        Rows::new([self.row()])
    }
}

impl<N: NewRow> NewRecords for Vec<N> {
    type Record = N::Record;
    type Ids = N::Ids;

    fn into_rows(self) -> Rows {
        Rows::new(self.into_iter().map(N::row))
    }
}

impl<N: NewRow, const COUNT: usize> NewRecords for [N; COUNT] {
    type Record = N::Record;
    type Ids = N::Ids;

    fn into_rows(self) -> Rows {
        Rows::new(self.into_iter().map(N::row))
    }
}

impl<T: Record> Insert<T> {
    pub(super) fn new(scope: Scope, rows: Rows) -> Self {
        Self { bulk: Bulk::new(scope, Table::new(T::TABLE), rows), state: PhantomData }
    }
}

impl<T: Record, K, R> Insert<T, K, R> {
    /// Inserts the records as edges of the graph.
    pub fn relation(mut self) -> Insert<T, Normal, R>
    where
        T: Relation,
    {
        self.bulk.is_relation = true;
        self.becoming()
    }

    /// Leaves out the records whose id, or whose value in a UNIQUE index, is taken. They are not among what is given
    /// back.
    pub fn ignore(mut self) -> Self {
        self.bulk.ignores = true;
        self
    }

    /// Changes the record that is there already instead of inserting one with the same id, or the same value in a UNIQUE
    /// index.
    ///
    /// For a record that has an id, only another with that id counts.
    pub fn on_duplicate<A: Assignment<T>>(self, changes: impl FnOnce(Fields<T>) -> A) -> Self {
        self.on_duplicate_with(|record, _| changes(record))
    }

    /// The same, with the fields of the new record beside those of the one that is there: `|w, new| w.count.add(new.count)`.
    pub fn on_duplicate_with<A: Assignment<T>>(
        mut self,
        changes: impl FnOnce(Fields<T>, <T as Object>::Fields<Inserted<T>>) -> A,
    ) -> Self {
        let mut assignments = Vec::new();
        changes(*T::fields(), *T::fields()).assign(&mut assignments);
        self.bulk.on_duplicate = (!assignments.is_empty()).then(|| Setting::clause(assignments));
        self
    }

    /// Gives the records back as they were before: `None` for each that is new.
    pub fn return_before(self) -> Insert<T, K, Before<Option<T>>> {
        self.becoming()
    }

    /// Gives back what changed in each record; of one that is new, that is the whole record.
    pub fn return_diff(self) -> Insert<T, K, Diff> {
        self.becoming()
    }

    /// Gives nothing back.
    pub fn return_none(self) -> Insert<T, K, Nothing> {
        self.becoming()
    }

    /// Sets how long the server may work on each request; then it fails with [`Query`](crate::ErrorKind::Query), and
    /// nothing of it is inserted.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.bulk.timeout = Some(timeout);
        self
    }

    /// Sets how long to wait for each reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.bulk.call.deadline = Some(deadline);
        self
    }

    fn becoming<K2, R2>(self) -> Insert<T, K2, R2> {
        Insert { bulk: self.bulk, state: PhantomData }
    }
}

impl<T: Record, R: Returning> Insert<T, Normal, R> {
    /// The statement that would insert all records at once, and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<T: Record, R: Returning> Statement for Insert<T, Normal, R> {
    type Output = R::Many;

    fn call(&self) -> &Call {
        &self.bulk.call
    }

    fn operation(&self) -> Operation {
        self.bulk.operation()
    }

    fn surql(&self) -> Fragment {
        self.bulk.surql::<R>()
    }

    fn read(&self, response: &Response, index: usize) -> Result<R::Many> {
        response.take(index).map(R::many)
    }
}

impl<T: Record, R: Returning> IntoFuture for Insert<T, Normal, R> {
    type Output = Result<R::Many>;
    type IntoFuture = CallFuture<R::Many>;

    fn into_future(self) -> Self::IntoFuture {
        self.bulk.send::<R>()
    }
}

lacking! { [T: Record, R: Returning] Insert<T, NeedsRelation, R>: T, NormalRecord => R::Many }

impl<T: Record, K, R> fmt::Debug for Insert<T, K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Insert").field("table", &T::TABLE).finish_non_exhaustive()
    }
}
