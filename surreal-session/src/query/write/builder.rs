//! The builder of CREATE, UPDATE, UPSERT and DELETE.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::{
    After, Aimed, Changing, Complete, Diff, Filled, Filtered, HasData, Makes, Many, NeedsData, NeedsId, NeedsTarget,
    Nothing, Parts, Place, Ranges, Reach, Returning, Shape, Single, SingleOrNone, State, Unnamed, Verb, Writing,
};
use crate::error::{Error, Result};
use crate::protocol::Operation;
use crate::query::assignment::{Assignment, Setting};
use crate::query::condition::{IntoCondition, Tree};
use crate::query::fragment::Fragment;
use crate::query::lacking::lacking;
use crate::query::select::Fields;
use crate::query::statement::{Call, Statement, send};
use crate::query::{PatchOp, Response};
use crate::record::{Assignments, Checked, IntoId, Key, Object, Patch, Record};
use crate::session::{CallFuture, Scope};
use crate::value::{self, Id, RecordId, RecordKey, Table, escape_identifier};

/// Records of type `T` to be written when awaited: a [`Create`](crate::query::Create), [`Update`](crate::query::Update),
/// [`Upsert`](crate::query::Upsert) or [`Delete`](crate::query::Delete), which say what they do and how they fail.
///
/// What it gives back depends on what it has been told, which is in the parameters: `S` says about how many records it
/// is, `D` whether it has its data, `R` what it gives back of each.
///
/// | About | Gives |
/// |---|---|
/// | one record: a create, or an [`id`](Self::id) | `T`, or an error if it touched none |
/// | the same, [`optional`](Mutation::optional) | `Option<T>` |
/// | any number: a [`filter`](Self::filter), or [`all`](Self::all) | `Vec<T>`, in the order of the ids |
///
/// The record given back is as it is afterwards, or for a delete as it was. In the place of `T`,
/// [`return_before`](Self::return_before) gives it as it was, [`return_diff`](Self::return_diff) what has changed, and
/// [`return_none`](Self::return_none) makes the whole of it `()`.
///
/// What a write guarantees, whatever it is told, is in the docs of the [module](crate::query::write#what-a-typed-write-guarantees).
///
/// # Cancel safety
///
/// See [`CallFuture`].
#[must_use = "nothing is written until this is awaited"]
pub struct Mutation<V, T, S, D, R = After<T>> {
    parts: Parts,
    state: State<(V, T, S, D, R)>,
}

impl<V: Writing, T: Record, S, D, R> Mutation<V, T, S, D, R> {
    pub(in crate::query) fn new(scope: Scope) -> Self {
        let place =
            Place { target: Fragment::of(&Table::new(T::TABLE)), subject: T::TABLE.to_owned(), reach: Reach::Table };
        Self { parts: Parts::new(scope, V::VERB, place), state: PhantomData }
    }

    /// Gives the records back as they were before. Where a record may not have been there, that is an `Option`.
    pub fn return_before(self) -> Mutation<V, T, S, D, V::Before<T>>
    where
        T: 'static,
    {
        self.becoming()
    }

    /// Gives back what changed in each record; of one that is made or deleted, that is the whole record.
    pub fn return_diff(self) -> Mutation<V, T, S, D, Diff> {
        self.becoming()
    }

    /// Gives nothing back. Whether there was a record, where one has to be, is checked all the same.
    ///
    /// An identity that may write a record and not read it needs [`optional`](Mutation::optional) beside this: to the server
    /// it is as if there had been none.
    pub fn return_none(self) -> Mutation<V, T, S, D, Nothing> {
        self.becoming()
    }

    /// Sets how long the server may work on it; then it fails with [`Query`](crate::ErrorKind::Query), and nothing is
    /// written.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.parts.timeout = Some(timeout);
        self
    }

    /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.parts.call.deadline = Some(deadline);
        self
    }

    pub(in crate::query) fn with_id(mut self, id: &Id<T, T::Key>) -> Self {
        self.parts.place = Place { target: Fragment::of(id), subject: id.to_string(), reach: Reach::One };
        self
    }

    fn with_data(mut self, data: Option<Fragment>) -> Mutation<V, T, S, HasData, R> {
        self.parts.data = data;
        self.becoming()
    }

    pub(in crate::query) fn becoming<S2, D2, R2>(self) -> Mutation<V, T, S2, D2, R2> {
        Mutation { parts: self.parts, state: PhantomData }
    }
}

/// What a write is about.
impl<V: Writing, T: Record, D, R> Mutation<V, T, NeedsTarget, D, R> {
    /// Writes the record with this id, or with this key.
    pub fn id(self, id: impl IntoId<T>) -> Mutation<V, T, Single, D, R> {
        self.with_id(&id.into_id()).becoming()
    }

    /// Writes the records with these ids, or keys, in their order.
    ///
    /// An update and a delete leave out those that do not exist; an upsert makes them. An id that is given twice is taken
    /// once.
    pub fn ids(mut self, ids: impl IntoIterator<Item: IntoId<T>>) -> Mutation<V, T, Many, D, R> {
        let mut unique: Vec<Id<T, T::Key>> = Vec::new();
        // Keys have no order or hash of their own.
        let mut seen = HashSet::new();
        for id in ids.into_iter().map(IntoId::into_id) {
            if seen.insert(id.to_record_id()) {
                unique.push(id);
            }
        }
        self.parts.place.target = Fragment::of(&unique);
        self.parts.place.reach = Reach::Several;
        self.becoming()
    }

    /// Writes the records whose ids, or keys, are in this range, such as `"a".."f"` or `first..=last`.
    ///
    /// Keys are in the server's order; see [`Select::range`](crate::query::Select::range).
    pub fn range<K: IntoId<T>>(mut self, ids: impl Into<value::Range<K>>) -> Mutation<V, T, Many, D, R>
    where
        V: Ranges,
    {
        let keys = ids.into().map(|id| id.into_id().into_key().to_record_key());
        self.parts.place.target = Fragment::of(&RecordId::new(T::TABLE, RecordKey::from(keys)));
        self.parts.place.reach = Reach::Several;
        self.becoming()
    }

    /// Writes all records of the table.
    pub fn all(mut self) -> Mutation<V, T, Many, D, R>
    where
        NeedsTarget: Makes<V, T>,
    {
        if V::VERB == Verb::Upsert {
            // Without a condition it makes a record, and does not look at those that are there.
            self.parts.filter.push(Tree::all([]));
        }
        self.becoming()
    }
}

impl<V: Writing, T: Record, S: Filtered, D, R> Mutation<V, T, S, D, R> {
    /// Writes only records of which this is true. Given several times, all of them have to be.
    ///
    /// The condition is about the records as they were before the write. A condition that follows a link or is
    /// [`raw`](crate::Condition::raw) may read records that the same write changes; for such a one the statement finds the
    /// ids of the matching records first, which takes the permission to read them.
    ///
    /// Together with an [`id`](Self::id) it is a condition on that record, such as that nobody has changed it since:
    /// `.id(&ada.id).filter(|u| u.version.eq(ada.version))`.
    pub fn filter<C: IntoCondition<T>>(
        mut self,
        condition: impl FnOnce(Fields<T>) -> C,
    ) -> Mutation<V, T, S::Then, D, R>
    where
        V: Changing,
        S: Makes<V, T>,
    {
        self.parts.filter.push(condition(*T::fields()).into_condition().into_tree());
        self.becoming()
    }
}

impl<V: Writing, T: Record, D, R> Mutation<V, T, Single, D, R> {
    /// Takes it that there may be no such record: gives an `Option`.
    pub fn optional(self) -> Mutation<V, T, SingleOrNone, D, R> {
        self.becoming()
    }
}

/// What is written.
impl<V: Writing, T: Record, S, R> Mutation<V, T, S, NeedsData, R> {
    /// Makes this the whole content of the record.
    ///
    /// Fields that the record has beside that are removed, except for those that are READONLY in the schema and those of
    /// `T` that the content has no value for: the read-only ones, and those with `#[record(default)]` that are `None`.
    /// They keep their values, or get their defaults in a new record.
    pub fn content(self, content: T::New) -> Mutation<V, T, S, HasData, R> {
        self.with_data(Some(whole::<T>("CONTENT", V::VERB, &content)))
    }

    /// Makes this the whole content of the record, as [`content`](Self::content) does; but if it has fields that are
    /// READONLY in the schema and that `T` does not have, that is an error.
    pub fn replace(self, content: T::New) -> Mutation<V, T, S, HasData, R>
    where
        V: Changing,
    {
        self.with_data(Some(whole::<T>("REPLACE", V::VERB, &content)))
    }

    /// Changes the fields that the patch sets or unsets, and leaves the others as they are.
    ///
    /// A patch that changes nothing is sent as well, and the record given back.
    pub fn merge(self, patch: <T as Object>::Patch) -> Mutation<V, T, S, HasData, R>
    where
        V: Changing,
    {
        let mut changes = Assignments::default();
        patch.assignments(&mut changes);
        self.with_data((!changes.is_empty()).then(|| Fragment::new("SET ").assignments(&changes)))
    }

    /// Changes fields one after the other, also by what they are: `|u| (u.age.add(1), u.nickname.unset())`.
    ///
    /// See [`Assignment`] for what can be done. No assignment at all is sent as well, and the record given back.
    pub fn set<A: Assignment<T>>(self, changes: impl FnOnce(Fields<T>) -> A) -> Mutation<V, T, S, HasData, R>
    where
        V: Changing,
    {
        let mut assignments = Vec::new();
        changes(*T::fields()).assign(&mut assignments);
        self.with_data((!assignments.is_empty()).then(|| Fragment::new("SET ").then(Setting::clause(assignments))))
    }

    /// Applies a JSON Patch, all of it or nothing: `|u| [PatchOp::test(u.age, 36), PatchOp::replace(u.age, 37)]`.
    ///
    /// A patch of a field that stands in something optional fails with [`Thrown`](crate::ErrorKind::Thrown) for a record
    /// that does not have it, and nothing is written. Paths of text are not checked.
    pub fn patch<I: IntoIterator<Item = PatchOp>>(
        self,
        ops: impl FnOnce(Fields<T>) -> I,
    ) -> Mutation<V, T, S, HasData, R>
    where
        V: Changing,
    {
        let ops: Vec<PatchOp> = ops(*T::fields()).into_iter().collect();
        self.with_data(Some(PatchOp::clause(&ops)))
    }
}

impl<V: Writing, T: Record, S: Shape, D: Complete, R: Returning> Mutation<V, T, S, D, R> {
    /// The statement and the names bound to it, for logs. Never shows a value.
    pub fn to_surql(&self) -> String {
        self.query().to_surql()
    }
}

impl<V: Writing, T: Record, S: Shape, D: Complete, R: Returning> Statement for Mutation<V, T, S, D, R> {
    type Output = S::Output<R>;

    fn call(&self) -> &Call {
        &self.parts.call
    }

    fn operation(&self) -> Operation {
        self.parts.operation()
    }

    fn surql(&self) -> Fragment {
        self.parts.surql::<S, R>()
    }

    fn read(&self, response: &Response, index: usize) -> Result<Self::Output> {
        self.parts.read::<S, R>(response, index)
    }

    fn missing(&self) -> Option<Error> {
        self.parts.missing::<S>()
    }
}

macro_rules! awaited {
    ($($shape:ident)+) => {$(
        impl<V: Writing, T: Record, R: Returning> IntoFuture for Mutation<V, T, $shape, HasData, R> {
            type Output = Result<<$shape as Shape>::Output<R>>;
            type IntoFuture = CallFuture<<$shape as Shape>::Output<R>>;

            fn into_future(self) -> Self::IntoFuture {
                send(self)
            }
        }

        lacking! {
            [V, T, R: Returning] Mutation<V, T, $shape, NeedsData, R>:
            NeedsData, Filled<V> => <$shape as Shape>::Output<R>
        }
    )+};
}

awaited! { Single SingleOrNone Many }

lacking! { [V, T, D, R: Returning] Mutation<V, T, NeedsTarget, D, R>: NeedsTarget, Aimed<V> => R::One }

lacking! { [V, T, D, R: Returning] Mutation<V, T, NeedsId, D, R>: NeedsId, Unnamed<V, T> => R::One }

impl<V, T, S, D, R> fmt::Debug for Mutation<V, T, S, D, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mutation({})", self.parts.clauses())
    }
}

/// The clause that gives a record of type `T` this content, and keeps what the content cannot have.
///
/// Fields that a new record does not have are NONE, for which the server takes their defaults.
fn whole<T: Record>(keyword: &str, verb: Verb, content: &T::New) -> Fragment {
    let clause = Fragment::new(keyword).text(" ");
    let content = Checked::<T>(content);
    if T::KEPT.is_empty() || verb == Verb::Create {
        return clause.value(&content);
    }
    let kept = T::KEPT.iter().map(|name| escape_identifier(name)).map(|name| format!("{name}: {name}"));
    clause.text(&format!("{{ {} }} + ", kept.collect::<Vec<_>>().join(", "))).value(&content)
}
