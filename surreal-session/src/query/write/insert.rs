//! INSERT: any number of new records.

use std::fmt;
use std::marker::PhantomData;

use futures_util::stream::iter;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::Returns;
use super::bulk::{Bulk, Progress, ReadAll, all, all_ignored};
use super::rows::Rows;
use super::settle::SettledInsert;
use super::source::Source;
use crate::error::Result;
use crate::protocol::Operation;
use crate::query::assignment::Assignment;
use crate::query::select::Fields;
use crate::query::statement::{Call, Fragment, Retries, Statement};
use crate::query::{PatchOp, Response, Scope};
use crate::record::{
    Checked, Inserted, IntoId, NeedsRelation, NewRecord, Normal, Object, OptionalId, Record, Relation, View,
};
use crate::session::CallFuture;
use crate::value::{Id, Table, Value};

/// An insert of any number of records, sent when awaited. It returns them as they are stored, in the given order.
///
/// `Out` is the type that awaiting returns, and `Before` the type of a record in what
/// [`return_before`](Self::return_before) returns. Edges start as an [`InsertWithoutRelation`].
///
/// # Many records
///
/// The records are sent in requests of at most 500, or of [`chunk`](Self::chunk), that fit into a message, one request after
/// the other. Each request
/// is carried out as a whole or not at all; if one fails, those before it stay. To insert all records or none, insert
/// in a [`Transaction`](crate::Transaction), or in a [`Batch`](crate::query::Batch), which sends them in one request. An
/// insert of no records sends no request.
///
/// # Errors
///
/// [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for an id that is taken, and
/// an error that [`is_unique_violation`](crate::Error::is_unique_violation) for a value that a UNIQUE index already has,
/// unless [`ignore`](Self::ignore) or [`on_duplicate`](Insert::on_duplicate);
/// [`Encode`](crate::ErrorKind::Encode) for a record that cannot be sent, with its index, and
/// [`TooLarge`](crate::ErrorKind::TooLarge) for a record that does not fit into a message, both before anything is sent;
/// [`PartlyApplied`](crate::ErrorKind::PartlyApplied) with the number of the records that are inserted and the indexes of
/// the failed ones, if a request fails after others were carried out; otherwise the error of the table's schema. Records that the identity may not create or not
/// read are missing in the result, which is no error.
///
/// # Cancel safety
///
/// See [`CallFuture`]. A dropped insert may have carried out some of its requests. To repeat it without ids may make
/// every record twice.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// #[derive(Serialize, Deserialize, Record)]
/// struct Word {
///     id: Id<Word>,
///     language: String,
///     count: u64,
/// }
///
/// # surreal_session_embedded::example(async |session| {
/// let new = |language: &str| NewWord { language: language.into(), count: 1 };
/// let words: Vec<Word> = session.insert(vec![new("en"), new("de")]).await?;
/// assert_eq!(words.len(), 2);
///
/// // With ids; the existing words count up.
/// for count in 1..=2 {
///     let counted = session.insert([("tea", new("en")), ("tee", new("de"))]);
///     let counted = counted.on_duplicate_with(|w, new| w.count.add(new.count)).await?;
///     assert_eq!((counted[0].count, counted[1].count), (count, count));
/// }
/// # Ok(()) });
/// ```
#[must_use = "nothing is inserted until this is awaited"]
pub struct Insert<T, Out = Vec<T>, Before = Option<T>> {
    bulk: Bulk,
    read: ReadAll<Out>,
    types: PhantomData<fn() -> (T, Before)>,
}

/// Edges to insert; [`relation`](Self::relation) makes it an [`Insert`].
#[must_use = "edges are inserted with `.relation()`, then `.await`"]
pub struct InsertWithoutRelation<T> {
    bulk: Bulk,
    record: PhantomData<fn() -> T>,
}

/// New records to insert: one, or a `Vec` or an array of them. [`insert_iter`](crate::Queryable::insert_iter) and
/// [`insert_stream`](crate::Queryable::insert_stream) take others.
///
/// A new record is the struct that the derive generates, such as `NewUser`, or a pair of an id, or key, and that struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be inserted",
    label = "not made of new records",
    note = "insert `NewUser {{ .. }}`, or `(\"ada\", NewUser {{ .. }})` with an id, in a `Vec` or an array"
)]
pub trait NewRecords {
    /// The records that they become.
    type Record: Record;

    /// The builder: [`Insert`], or for edges [`InsertWithoutRelation`].
    type Insert;

    /// `OptionalId` if they have ids, or if the server can make them.
    #[doc(hidden)]
    type Ids;

    #[doc(hidden)]
    fn insert(self, scope: Scope) -> Self::Insert;
}

/// A new record to insert: the struct that the derive generates, such as `NewUser`, or a pair of an id, or key, and that
/// struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a new record",
    label = "cannot be inserted",
    note = "insert the struct that `#[derive(Record)]` generates, such as `NewUser`, or a pair of an id and that struct",
    note = "several go into a `Vec` or an array, `session.insert(vec![..])`, or an iterator, `session.insert_iter(..)`"
)]
pub trait NewRow: Sized {
    /// The record that it becomes.
    type Record: Record<Kind: InsertKind<Self::Record>>;

    /// `OptionalId` if it has an id, or if the server can make it.
    #[doc(hidden)]
    type Ids;

    #[doc(hidden)]
    fn row(self) -> impl Serialize;
}

/// The kind of a record, which decides how records of type `T` are inserted.
#[doc(hidden)]
pub trait InsertKind<T> {
    /// Whether they are inserted as edges.
    const IS_RELATION: bool;

    type Insert;

    fn insert(bulk: Bulk) -> Self::Insert;
}

impl<T: Record> InsertKind<T> for Normal {
    const IS_RELATION: bool = false;

    type Insert = Insert<T>;

    fn insert(bulk: Bulk) -> Insert<T> {
        Insert::new(bulk)
    }
}

impl<T: Record> InsertKind<T> for NeedsRelation {
    const IS_RELATION: bool = true;

    type Insert = InsertWithoutRelation<T>;

    fn insert(bulk: Bulk) -> InsertWithoutRelation<T> {
        InsertWithoutRelation { bulk, record: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<N: NewRecord<Record: Record<Kind: InsertKind<N::Record>>>> NewRow for N {
    type Record = N::Record;
    type Ids = <N::Record as Record>::Ids;

    fn row(self) -> impl Serialize {
        Owned::<N::Record>(self)
    }
}

#[diagnostic::do_not_recommend]
impl<I: IntoId<N::Record>, N: NewRecord<Record: Record<Kind: InsertKind<N::Record>>>> NewRow for (I, N) {
    type Record = N::Record;
    type Ids = OptionalId;

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

macro_rules! new_records {
    ($([$($generics:tt)*] $rows:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<N: NewRow, $($generics)*> NewRecords for $rows {
            type Record = N::Record;
            type Insert = <<N::Record as Record>::Kind as InsertKind<N::Record>>::Insert;
            type Ids = N::Ids;

            fn insert(self, scope: Scope) -> Self::Insert {
                let rows = Rows::new(self.into_iter().map(N::row));
                <N::Record as Record>::Kind::insert(Bulk::new(scope, Table::new(N::Record::TABLE), rows))
            }
        }
    )+};
}

new_records! {
    [] Vec<N>;
    [const COUNT: usize] [N; COUNT];
}

#[diagnostic::do_not_recommend]
impl<N: NewRow> NewRecords for N {
    type Record = N::Record;
    type Insert = <<N::Record as Record>::Kind as InsertKind<N::Record>>::Insert;
    type Ids = N::Ids;

    fn insert(self, scope: Scope) -> Self::Insert {
        [self].insert(scope)
    }
}

impl<T> InsertWithoutRelation<T> {
    /// Inserts the records as edges of the graph.
    pub fn relation(mut self) -> Insert<T>
    where
        T: Relation,
    {
        self.bulk.is_relation = true;
        Insert::new(self.bulk)
    }
}

impl<T: DeserializeOwned, Before> Insert<T, Vec<T>, Before> {
    pub(in crate::query) fn new(bulk: Bulk) -> Self {
        Self { bulk, read: all, types: PhantomData }
    }
}

impl<T, Out, Before> Insert<T, Out, Before> {
    /// Ignores the records whose id, or whose value in a UNIQUE index, is taken. They are missing in the result.
    pub fn ignore(mut self) -> Self {
        self.bulk.ignores = true;
        self
    }

    /// Calls `report` with the number of records that are carried out so far, after each request.
    ///
    /// Records that [`ignore`](Self::ignore) leaves out count too. `report` runs on the task that awaits the insert, and not
    /// in a [`Batch`](crate::query::Batch), which is one request.
    pub fn on_progress(mut self, report: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.bulk.progress = Progress::new(report);
        self
    }

    /// Inserts all records that can be inserted, and returns an error for each of the others; see [`SettledInsert`].
    pub fn settle(mut self) -> SettledInsert<Out> {
        let rows = std::mem::take(&mut self.bulk.rows);
        SettledInsert::new(self.bulk, Source::new(iter(rows.into_each())), self.read)
    }

    /// Returns the records as they were before: `None`, or NONE as a [`Value`], for each new record.
    pub fn return_before(self) -> Insert<T, Vec<Before>, Before>
    where
        Before: DeserializeOwned,
    {
        self.returning(Returns::Before, all)
    }

    /// Returns the changes of each record: all fields of a new record.
    pub fn return_diff(self) -> Insert<T, Vec<Vec<PatchOp>>, Before> {
        self.returning(Returns::Diff, all)
    }

    /// Returns nothing.
    pub fn return_none(self) -> Insert<T, (), Before> {
        self.returning(Returns::Nothing, all_ignored)
    }

    fn returning<O>(self, returns: Returns, read: ReadAll<O>) -> Insert<T, O, Before> {
        Insert { bulk: Bulk { returns, view: None, ..self.bulk }, read, types: PhantomData }
    }
}

impl<T: Record> Insert<T> {
    /// Returns a view of each record; see [`Write::view`](super::Write::view).
    pub fn view<V: View<Record = T>>(self) -> Insert<T, Vec<V>> {
        let view = Some(self.bulk.returns.view::<V>());
        Insert { bulk: Bulk { view, ..self.bulk }, read: all, types: PhantomData }
    }
}

impl<T: Record, Out> Insert<T, Out> {
    /// Changes the existing record instead of inserting one with the same id, or the same value in a UNIQUE index.
    ///
    /// For a record that has an id, only another record with that id counts.
    pub fn on_duplicate<A: Assignment<T>>(self, changes: impl FnOnce(Fields<T>) -> A) -> Self {
        self.on_duplicate_with(|record, _| changes(record))
    }

    /// The same with the fields of the new record as second argument: `|w, new| w.count.add(new.count)`.
    pub fn on_duplicate_with<A: Assignment<T>>(
        mut self,
        changes: impl FnOnce(Fields<T>, <T as Object>::Fields<Inserted<T>>) -> A,
    ) -> Self {
        self.bulk.on_duplicate::<T, A>(changes);
        self
    }
}

/// An untyped insert.
impl Insert<Value, Vec<Value>, Value> {
    pub(in crate::query) fn rows(scope: Scope, table: Table, rows: impl IntoIterator<Item = impl Serialize>) -> Self {
        Self::new(Bulk::new(scope, table, Rows::new(rows)))
    }

    /// Returns records of type `T`.
    pub fn decode<T: DeserializeOwned>(self) -> Insert<Value, Vec<T>, Value> {
        let returns = self.bulk.returns;
        self.returning(returns, all)
    }
}

/// An untyped insert.
impl<Out> Insert<Value, Out, Value> {
    /// Inserts the rows as edges of the graph. Each has an `in` and an `out`, which are record ids.
    pub fn relation(mut self) -> Self {
        self.bulk.is_relation = true;
        self
    }

    /// Returns the records as they are after the insert, which is the default.
    pub fn return_after(self) -> Insert<Value, Vec<Value>, Value> {
        self.returning(Returns::After, all)
    }
}

impl<T: 'static, Out: 'static, Before: 'static> Insert<T, Out, Before> {
    /// Returns the statement that would insert all records at once, and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<T: 'static, Out: 'static, Before: 'static> Statement for Insert<T, Out, Before> {
    type Output = Out;

    fn call(&self) -> &Call {
        &self.bulk.call
    }

    fn operation(&self) -> Operation {
        self.bulk.operation()
    }

    fn surql(&self) -> Fragment {
        self.bulk.surql()
    }

    fn read(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(&[(response, index)])
    }
}

impl<T: 'static, Out: 'static, Before: 'static> IntoFuture for Insert<T, Out, Before> {
    type Output = Result<Out>;
    type IntoFuture = CallFuture<Out>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let watch = self.bulk.watch();
            let responses = watch.within(self.bulk.send()).await;
            // Read at the end, so that a record that does not fit its type stops no request.
            let outcome = responses
                .and_then(|responses| (self.read)(&responses.iter().map(|response| (response, 0)).collect::<Vec<_>>()));
            watch.finish(&outcome);
            outcome
        })
    }
}

macro_rules! settings {
    ([$($generics:tt)*] $builder:ty: $name:literal) => {
        impl<$($generics)*> $builder {
            /// Sets how long the server may work on each request. After that the request fails with
            /// [`Query`](crate::ErrorKind::Query), and none of its records is inserted.
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.bulk.timeout = Some(timeout);
                self
            }

            /// Sets how long each request may take; see [`Query::deadline`](crate::Query::deadline).
            pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
                self.bulk.call.deadline.end_after(deadline);
                self
            }

            /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
            /// [`Connect::fail_fast`](crate::Connect::fail_fast).
            pub fn fail_fast(mut self) -> Self {
                self.bulk.call.deadline.fail_fast();
                self
            }

            /// Sets how often each request may be repeated after a [conflict](crate::Error::is_conflict), which means that
            /// none of its records is inserted. Requests that were carried out are never repeated.
            ///
            /// See [`Write::retries`](super::Write::retries).
            pub fn retries(mut self, retries: u32) -> Self {
                self.bulk.call.retries = Retries::Times(retries);
                self
            }

            /// Sets the largest number of records in one request; 500 unless set.
            ///
            /// A request has fewer if they would not fit into a message. The more records a request has, the longer the
            /// server (3.3.5) takes for each of them: 20,000 small records took more than four times as long in requests of
            /// 5,000 as in requests of 500. With 0, awaiting fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
            pub fn chunk(mut self, records: usize) -> Self {
                self.bulk.max_rows = records;
                self
            }
        }

        impl<$($generics)*> fmt::Debug for $builder {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct($name).field("table", &self.bulk.table).finish_non_exhaustive()
            }
        }
    };
}

pub(super) use settings as insert_settings;

settings! { [T, Out, Before] Insert<T, Out, Before>: "Insert" }
settings! { [T] InsertWithoutRelation<T>: "InsertWithoutRelation" }
