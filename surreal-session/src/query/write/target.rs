//! The first step of an update, an upsert and a delete: the records to write.

use std::collections::HashSet;
use std::marker::PhantomData;

use super::{UpdateEach, Verb, Write, WriteClauses, WriteMany, WriteWithoutData, settings};
use crate::protocol;
use crate::query::Scope;
use crate::query::condition::IntoCondition;
use crate::query::select::Fields;
use crate::query::statement::Fragment;
use crate::record::{IntoId, Key, Object, Record, WithoutId};
use crate::value::{Id, Range, RecordId, RecordKey, Table};

/// An update that has no target yet: [`id`](Self::id), [`ids`](Self::ids), [`range`](Self::range), [`filter`](Self::filter) or
/// [`all`](Self::all) chooses the records.
///
/// The target turns it into a [`WriteWithoutData`]. One id gives the record back, the other targets a `Vec`.
///
/// # Errors
///
/// The write fails with [`NotFound`](crate::ErrorKind::NotFound) if one record is meant and none comes back, because it
/// does not exist, does not pass the filter, or the identity may not update or not read it, unless it is
/// [`optional`](Write::optional); and if the table does not exist (server 3.3.5). Otherwise it fails with the error of the
/// table's schema.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). To repeat a dropped update is as safe as to do it twice.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String, age: u8, nickname: Option<String> }
/// # surreal_session_embedded::example(async |session| {
/// # let new = NewUser { name: "Ada".into(), age: 36, nickname: None };
/// # let ada = session.create::<User>().id("ada").content(new).await?;
/// let older: User = session.update::<User>().id(&ada.id).merge(UserPatch { age: set(37), ..keep() }).await?;
/// assert_eq!(older.age, 37);
/// let all: Vec<User> = session.update::<User>().all().set(|u| (u.age.add(1), u.nickname.unset())).await?;
/// assert_eq!(all[0].age, 38);
///
/// // Only if the record passes a condition.
/// let adult = session.update::<User>().id(&ada.id).filter(|u| u.age.gte(18));
/// match adult.set(|u| u.name.set("Ada L.")).optional().await? {
///     Some(ada) => assert_eq!(ada.name, "Ada L."),
///     None => println!("not an adult"),
/// }
/// # Ok(()) });
/// ```
#[must_use = "an update needs a target and data: call `.id(..)`, `.filter(..)` or `.all()`, then `.merge(..)` or `.set(..)`"]
pub struct UpdateWithoutTarget<T> {
    clauses: WriteClauses,
    record: PhantomData<fn() -> T>,
}

impl<T: Record> UpdateWithoutTarget<T> {
    pub(in crate::query) fn new(scope: Scope) -> Self {
        Self { clauses: WriteClauses::scoped::<T>(scope, Verb::Update), record: PhantomData }
    }

    /// Updates also records outside of the scope that `#[record(scope = "..")]` sets.
    pub fn unscoped(self) -> Self {
        Self { clauses: self.clauses.unscoped(), ..self }
    }

    /// Updates the record with this id or key.
    pub fn id(self, id: impl IntoId<T>) -> WriteWithoutData<T> {
        WriteWithoutData::new(self.clauses.target(Records::id(id)), Write::new)
    }

    /// Updates the records with these ids or keys, in their order.
    ///
    /// Ids of records that do not exist are ignored. An id that is given twice counts once.
    pub fn ids(self, ids: impl IntoIterator<Item: IntoId<T>>) -> WriteWithoutData<T, WriteMany<T>> {
        self.many(|clauses| clauses.target(Records::ids(ids)))
    }

    /// Updates the records whose ids or keys are in this range, such as `"a".."f"` or `first..=last`.
    ///
    /// Keys are in the server's order; see [`Select::range`](crate::query::Select::range).
    pub fn range<K: IntoId<T>>(self, ids: impl Into<Range<K>>) -> WriteWithoutData<T, WriteMany<T>> {
        self.many(|clauses| clauses.target(Records::range(ids.into())))
    }

    /// Updates the records for which the condition is true. Several filters must all be true.
    ///
    /// The condition is tested on the records as they were before the write. If it follows a link or is
    /// [`raw`](crate::Condition::raw), it may read records that the same write changes. Then the statement selects the ids of
    /// the matching records first, which takes the permission to read them.
    ///
    /// After an [`id`](Self::id) the condition decides whether that record is written. To detect a change by another
    /// writer, use [`if_version`](WriteWithoutData::if_version).
    pub fn filter<C: IntoCondition<T>>(
        self,
        condition: impl FnOnce(Fields<T>) -> C,
    ) -> WriteWithoutData<T, WriteMany<T>> {
        self.many(|clauses| clauses.filter(condition))
    }

    /// Updates many records, each by a patch of its own: pairs of an id, or key, and a patch.
    ///
    /// See [`UpdateEach`], which needs no data after it.
    pub fn each<I: IntoId<T>>(self, patches: impl IntoIterator<Item = (I, <T as Object>::Patch)>) -> UpdateEach<T> {
        let update = |(id, patch)| Self { clauses: self.clauses.clone(), ..self }.id(id).merge(patch).clauses;
        UpdateEach::new(self.clauses.clone(), patches.into_iter().map(update))
    }

    /// Updates all records of the table.
    pub fn all(self) -> WriteWithoutData<T, WriteMany<T>> {
        self.many(|clauses| clauses)
    }

    fn many(self, target: impl FnOnce(WriteClauses) -> WriteClauses) -> WriteWithoutData<T, WriteMany<T>> {
        WriteWithoutData::new(target(self.clauses), WriteMany::new)
    }
}

/// An upsert that has no target yet: [`id`](Self::id), [`ids`](Self::ids), [`by_unique_index`](Self::by_unique_index),
/// [`filter`](Self::filter) or [`all`](Self::all) chooses the records.
///
/// The target turns it into a [`WriteWithoutData`]. One id and a UNIQUE index give a record back, the other targets a `Vec`.
/// The target decides which record the upsert makes if there is none:
///
/// | Target | Makes |
/// |---|---|
/// | `id`, `ids` | the records with these ids |
/// | `by_unique_index` | one record, if no other has the same value in a UNIQUE index |
/// | `filter`, `all` | one record, if no record passes the filter or the table is empty |
///
/// Except by id, the server makes the key of a new record. That compiles only if the server makes keys of its type; see
/// [`Key`](crate::model::Key).
///
/// A new record has the written fields and nothing else, and does not have to pass the filter. If it would have the
/// same value in a UNIQUE index as another record, nothing is written; with an id that is an error (server 3.3.5).
///
/// # Errors
///
/// The write fails with [`NotFound`](crate::ErrorKind::NotFound) if one record is meant and none comes back, because it
/// does not pass the filter, or the identity may not write or not read it, unless it is [`optional`](Write::optional);
/// with an error that [`is_unique_violation`](crate::Error::is_unique_violation) for a value that a UNIQUE index already
/// has; otherwise with the error of the table's schema.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). To repeat a dropped upsert is as safe as to do it twice.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct Visits { id: Id<Visits>, count: u64 }
/// # surreal_session_embedded::example(async |session| {
/// for count in 1..=3 {
///     let visits = session.upsert::<Visits>().id("home").set(|v| v.count.add(1)).await?;
///     assert_eq!(visits.count, count);
/// }
/// # Ok(()) });
/// ```
#[must_use = "an upsert needs a target and data: call `.id(..)`, `.filter(..)` or `.all()`, then `.content(..)` or `.set(..)`"]
pub struct UpsertWithoutTarget<T> {
    clauses: WriteClauses,
    record: PhantomData<fn() -> T>,
}

impl<T: Record> UpsertWithoutTarget<T> {
    pub(in crate::query) fn new(scope: Scope) -> Self {
        Self { clauses: WriteClauses::of::<T>(scope, Verb::Upsert), record: PhantomData }
    }

    /// Writes the record with this id or key.
    pub fn id(self, id: impl IntoId<T>) -> WriteWithoutData<T, Write<T, T, Option<T>>> {
        WriteWithoutData::new(self.clauses.target(Records::id(id)), Write::new)
    }

    /// Writes the records with these ids or keys, in their order. An id that is given twice counts once.
    pub fn ids(self, ids: impl IntoIterator<Item: IntoId<T>>) -> WriteWithoutData<T, WriteMany<T, Vec<T>, Option<T>>> {
        self.many(|clauses| clauses.target(Records::ids(ids)))
    }

    /// Writes the record that has the same value in a UNIQUE index, or makes one.
    ///
    /// Without such an index it always makes a record.
    pub fn by_unique_index(self) -> WriteWithoutData<T, Write<T, T, Option<T>>>
    where
        T::Ids: WithoutId<T>,
    {
        WriteWithoutData::new(self.clauses, Write::new)
    }

    /// Writes the records for which the condition is true. Several filters must all be true.
    ///
    /// See [`UpdateWithoutTarget::filter`].
    pub fn filter<C: IntoCondition<T>>(
        self,
        condition: impl FnOnce(Fields<T>) -> C,
    ) -> WriteWithoutData<T, WriteMany<T, Vec<T>, Option<T>>>
    where
        T::Ids: WithoutId<T>,
    {
        self.many(|clauses| clauses.filter(condition))
    }

    /// Writes all records of the table, or makes one if there are none.
    pub fn all(self) -> WriteWithoutData<T, WriteMany<T, Vec<T>, Option<T>>>
    where
        T::Ids: WithoutId<T>,
    {
        self.many(WriteClauses::filter_none)
    }

    fn many(
        self,
        target: impl FnOnce(WriteClauses) -> WriteClauses,
    ) -> WriteWithoutData<T, WriteMany<T, Vec<T>, Option<T>>> {
        WriteWithoutData::new(target(self.clauses), WriteMany::new)
    }
}

/// A delete that has no target yet: [`id`](Self::id), [`ids`](Self::ids), [`range`](Self::range), [`filter`](Self::filter) or
/// [`all`](Self::all) chooses the records.
///
/// The target turns it into a [`Write`] of one record or a [`WriteMany`], which returns the records as they were. With
/// [`return_none`](WriteMany::return_none) they are not sent back. The edges from and to a deleted record are deleted too.
///
/// # Errors
///
/// The write fails with [`NotFound`](crate::ErrorKind::NotFound) if one record is meant and none comes back, because it
/// does not exist, does not pass the filter, or the identity may not delete or not read it, unless it is
/// [`optional`](Write::optional); and if the table does not exist (server 3.3.5). Otherwise it fails with the error of the
/// schema, such as that of a record that is referenced.
///
/// # Cancel safety
///
/// See [`CallFuture`](crate::CallFuture). A repeated delete deletes nothing else; of one record it may report that it is
/// gone.
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
/// let ada: User = session.delete::<User>().id("ada").await?;
/// assert_eq!(ada.name, "Ada");
/// let minors: Vec<User> = session.delete::<User>().filter(|u| u.age.lt(18)).await?;
/// assert_eq!(minors.len(), 1);
/// session.delete::<User>().all().return_none().await?;
/// # Ok(()) });
/// ```
#[must_use = "a delete needs a target: call `.id(..)`, `.filter(..)` or `.all()`, then `.await`"]
pub struct DeleteWithoutTarget<T> {
    clauses: WriteClauses,
    record: PhantomData<fn() -> T>,
}

impl<T: Record> DeleteWithoutTarget<T> {
    pub(in crate::query) fn new(scope: Scope) -> Self {
        Self { clauses: WriteClauses::scoped::<T>(scope, Verb::Delete), record: PhantomData }
    }

    /// Deletes also records outside of the scope that `#[record(scope = "..")]` sets.
    pub fn unscoped(self) -> Self {
        Self { clauses: self.clauses.unscoped(), ..self }
    }

    /// Deletes the record with this id or key.
    pub fn id(self, id: impl IntoId<T>) -> Write<T> {
        Write::new(self.clauses.target(Records::id(id)))
    }

    /// Deletes the records with these ids or keys, in their order.
    ///
    /// Ids of records that do not exist are ignored. An id that is given twice counts once.
    pub fn ids(self, ids: impl IntoIterator<Item: IntoId<T>>) -> WriteMany<T> {
        WriteMany::new(self.clauses.target(Records::ids(ids)))
    }

    /// Deletes the records whose ids or keys are in this range, such as `"a".."f"` or `first..=last`.
    ///
    /// Keys are in the server's order; see [`Select::range`](crate::query::Select::range).
    pub fn range<K: IntoId<T>>(self, ids: impl Into<Range<K>>) -> WriteMany<T> {
        WriteMany::new(self.clauses.target(Records::range(ids.into())))
    }

    /// Deletes the records for which the condition is true. Several filters must all be true.
    ///
    /// See [`UpdateWithoutTarget::filter`].
    pub fn filter<C: IntoCondition<T>>(self, condition: impl FnOnce(Fields<T>) -> C) -> WriteMany<T> {
        WriteMany::new(self.clauses.filter(condition))
    }

    /// Deletes all records of the table.
    pub fn all(self) -> WriteMany<T> {
        WriteMany::new(self.clauses)
    }
}

settings! { [T] UpdateWithoutTarget<T>: clauses }
settings! { [T] UpsertWithoutTarget<T>: clauses }
settings! { [T] DeleteWithoutTarget<T>: clauses }

/// The records that a statement is about.
#[derive(Debug, Clone)]
pub struct Records {
    pub(in crate::query) surql: Fragment,
    /// Their name in messages: the table, or the id of the one record.
    pub(in crate::query) name: protocol::Target,
    pub(in crate::query) reach: Reach,
}

/// The number of records that a target can stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    One,
    Several,
    Table,
}

impl Records {
    pub(super) fn table<T: Record>() -> Self {
        let surql = Fragment::of(&Table::new(T::TABLE));
        Self { surql, name: protocol::Target::Name(T::TABLE), reach: Reach::Table }
    }

    pub(super) fn id<T: Record>(id: impl IntoId<T>) -> Self {
        let id = id.into_id();
        Self { surql: Fragment::of(&id), name: protocol::Target::shown(id), reach: Reach::One }
    }

    /// The records with these ids. An id that is given twice counts once.
    fn ids<T: Record>(ids: impl IntoIterator<Item: IntoId<T>>) -> Self {
        let mut unique: Vec<Id<T, T::Key>> = Vec::new();
        // A key implements neither `Ord` nor `Hash`.
        let mut seen = HashSet::new();
        for id in ids.into_iter().map(IntoId::into_id) {
            if seen.insert(id.to_record_id()) {
                unique.push(id);
            }
        }
        Self { surql: Fragment::of(&unique), reach: Reach::Several, ..Self::table::<T>() }
    }

    fn range<T: Record, K: IntoId<T>>(ids: Range<K>) -> Self {
        let keys = ids.map(|id| id.into_id().into_key().to_record_key());
        let surql = Fragment::of(&RecordId::new(T::TABLE, RecordKey::from(keys)));
        Self { surql, reach: Reach::Several, ..Self::table::<T>() }
    }
}
