//! The second step of an update and an upsert: the data to write.

use std::marker::PhantomData;

use super::{Write, WriteClauses, settings};
use crate::query::PatchOp;
use crate::query::assignment::{Assignment, Setting};
use crate::query::condition::IntoCondition;
use crate::query::select::Fields;
use crate::query::statement::Fragment;
use crate::record::{Assignments, Object, Patch, Record};

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
        self.data((!changes.is_empty()).then(|| Fragment::new("SET ").assignments(&changes)))
    }

    /// Assigns to fields, in order: `|u| (u.age.add(1), u.nickname.unset())`. An assignment may read the old record.
    ///
    /// See [`Assignment`]. A write without assignments is sent too, and the record is returned.
    pub fn set<A: Assignment<T>>(self, changes: impl FnOnce(Fields<T>) -> A) -> W {
        let mut assignments = Vec::new();
        changes(*T::fields()).assign(&mut assignments);
        self.data((!assignments.is_empty()).then(|| Fragment::new("SET ").then(Setting::clause(assignments))))
    }

    /// Applies a JSON Patch as a whole or not at all:
    /// `|u| [PatchOp::test(u.age, 36), PatchOp::replace(u.age, 37)]`.
    ///
    /// A patch of a field inside an optional object fails with [`Thrown`](crate::ErrorKind::Thrown) if a record does not
    /// have the object, and writes nothing. Paths of text are not checked.
    pub fn patch<I: IntoIterator<Item = PatchOp>>(self, ops: impl FnOnce(Fields<T>) -> I) -> W {
        let ops: Vec<PatchOp> = ops(*T::fields()).into_iter().collect();
        self.data(Some(PatchOp::clause(&ops)))
    }

    fn data(self, data: Option<Fragment>) -> W {
        (self.write)(self.clauses.data(data))
    }
}

settings! { [T, W] WriteWithoutData<T, W>: clauses }
