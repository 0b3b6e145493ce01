//! The second step of an update and an upsert: the data to write.

use std::marker::PhantomData;

use super::{Write, WriteClauses, settings, version};
use crate::query::PatchOp;
use crate::query::assignment::{Assignment, Setting};
use crate::query::condition::IntoCondition;
use crate::query::select::Fields;
use crate::query::statement::Fragment;
use crate::record::{Assignments, Object, Patch, Record, VersionNumber, Versioned};

/// An update or upsert that has its target and no data yet: [`merge`](Self::merge), [`set`](Self::set),
/// [`content`](Self::content), [`replace`](Self::replace) or [`patch`](Self::patch) makes it the write `W`.
///
/// [`UpdateWithoutTarget`](super::UpdateWithoutTarget) and [`UpsertWithoutTarget`](super::UpsertWithoutTarget) list the
/// errors.
#[must_use = "this write needs data: call `.merge(..)`, `.set(..)`, `.content(..)`, `.replace(..)` or `.patch(..)`, then `.await`"]
pub struct WriteWithoutData<T, W = Write<T>> {
    clauses: WriteClauses,
    write: fn(WriteClauses) -> W,
    record: PhantomData<fn() -> T>,
}

impl<T: Record, W> WriteWithoutData<T, W> {
    pub(super) fn new(clauses: WriteClauses, write: fn(WriteClauses) -> W) -> Self {
        Self { clauses, write, record: PhantomData }
    }

    /// Writes only records for which the condition is true. Several filters must all be true.
    ///
    /// See [`UpdateWithoutTarget::filter`](super::UpdateWithoutTarget::filter).
    pub fn filter<C: IntoCondition<T>>(self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        Self { clauses: self.clauses.filter(condition), ..self }
    }

    /// Replaces the whole content of the record.
    ///
    /// Other fields of the record are removed. Fields that are READONLY in the schema are kept, and so are the fields of
    /// `T` that the content has no value for: the read-only fields, and the fields with `#[record(default)]` that are
    /// `None`. They get their defaults in a new record.
    pub fn content(self, content: T::New) -> W {
        (self.write)(self.clauses.whole::<T>("CONTENT", &content))
    }

    /// Replaces the whole content of the record like [`content`](Self::content), but fails if the record has READONLY
    /// fields that `T` does not have.
    pub fn replace(self, content: T::New) -> W {
        (self.write)(self.clauses.whole::<T>("REPLACE", &content))
    }

    /// Changes the fields that the patch sets or unsets, and keeps the others.
    ///
    /// A patch without changes is sent too, and the record is returned.
    pub fn merge(self, patch: <T as Object>::Patch) -> W {
        let mut changes = Assignments::default();
        patch.assignments(&mut changes);
        self.set_clause(Fragment::default().assignments(&changes))
    }

    /// Assigns to fields, in order: `|u| (u.age.add(1), u.nickname.unset())`. An assignment may read the old record.
    ///
    /// See [`Assignment`]. A write without assignments is sent too, and the record is returned.
    pub fn set<A: Assignment<T>>(self, changes: impl FnOnce(Fields<T>) -> A) -> W {
        let mut assignments = Vec::new();
        changes(*T::fields()).assign(&mut assignments);
        self.set_clause(Setting::clause(assignments))
    }

    /// Applies a JSON Patch as a whole or not at all:
    /// `|u| [PatchOp::test(u.age, 36), PatchOp::replace(u.age, 37)]`.
    ///
    /// A patch of a field inside an optional object fails with [`Thrown`](crate::ErrorKind::Thrown) if a record does not
    /// have the object, and writes nothing. Paths of text are not checked.
    pub fn patch<I: IntoIterator<Item = PatchOp>>(self, ops: impl FnOnce(Fields<T>) -> I) -> W {
        let ops: Vec<PatchOp> = ops(*T::fields()).into_iter().collect();
        self.data(Some(PatchOp::clause(&ops, version::operation::<T>().as_deref())))
    }

    /// Writes these assignments, which may be none.
    fn set_clause(self, changes: Fragment) -> W {
        let changes = version::assigned::<T>(changes);
        self.data((!changes.is_empty()).then(|| Fragment::new("SET ").then(changes)))
    }

    fn data(self, data: Option<Fragment>) -> W {
        (self.write)(self.clauses.data(data))
    }
}

impl<T: Record> WriteWithoutData<T, Write<T>> {
    /// Writes the record only if it has this version: the lock of a program that reads a record, lets somebody edit it, and
    /// writes it back.
    ///
    /// The version is the field with `#[record(version)]`. Every typed write adds one to it, in the same statement: a
    /// record that has the version from when it was read has not been written since. Text and
    /// [untyped](crate::Queryable::untyped) writes have to do the same. A record without the field has version 0.
    ///
    /// The version is compared in the transaction of the write. Of several writes with the same version one succeeds, and
    /// the others are stale, also if they [conflict](crate::Error::is_conflict) at first and are repeated. It takes the
    /// permission to select the record and its version.
    ///
    /// # Errors
    ///
    /// [`Stale`](crate::ErrorKind::Stale) if the record has another version, which
    /// [`Error::current_version`](crate::Error::current_version) returns; also if the write is
    /// [`optional`](Write::optional). In a transaction it is the failure of a statement: the transaction is rolled back, and
    /// so is an [atomic](crate::query::Batch::atomic) batch.
    /// [`NotFound`](crate::ErrorKind::NotFound) if the record does not exist or cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// #[derive(Debug, Serialize, Deserialize, Record)]
    /// struct Page {
    ///     id: Id<Page>,
    ///     text: String,
    ///     #[record(version)]
    ///     version: u64,
    /// }
    ///
    /// # surreal_session_embedded::example(async |session| {
    /// let page = session.create::<Page>().id("home").content(NewPage { text: "Hello".into() }).await?;
    /// assert_eq!(page.version, 1);
    ///
    /// let edit = |text: &str| PagePatch { text: set(text.into()), ..keep() };
    /// let update = || session.update::<Page>().id(&page.id).if_version(page.version);
    /// let second = update().merge(edit("Hello, Ada")).await?;
    /// assert_eq!(second.version, 2);
    ///
    /// let error = update().merge(edit("Hello, Bob")).await.unwrap_err();
    /// assert!(error.is_stale());
    /// assert_eq!(error.current_version(), Some(2));
    /// # Ok(()) });
    /// ```
    pub fn if_version(self, version: T::Version) -> Self
    where
        T: Versioned,
    {
        Self { clauses: self.clauses.if_version::<T>(version.stored()), ..self }
    }
}

/// An upsert of one record.
impl<T: Record> WriteWithoutData<T, Write<T, T, Option<T>>> {
    /// Writes the record only if it has this version. It makes no record; see
    /// [`if_version`](WriteWithoutData::if_version) of an update.
    ///
    /// # Errors
    ///
    /// As for an update; and [`InvalidArgument`](crate::ErrorKind::InvalidArgument) after
    /// [`by_unique_index`](super::UpsertWithoutTarget::by_unique_index), before anything is sent.
    pub fn if_version(self, version: T::Version) -> Self
    where
        T: Versioned,
    {
        Self { clauses: self.clauses.if_version::<T>(version.stored()), ..self }
    }
}

settings! { [T, W] WriteWithoutData<T, W>: clauses }
