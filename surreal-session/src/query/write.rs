//! The builders that write records.
//!
//! A write is built in steps, and each step is a type. `create`, `update`, `upsert` and `delete` start with a type whose name
//! says what is missing, such as [`UpdateWithoutTarget`]. A target turns it into a [`WriteWithoutData`], and data turns that
//! into a [`Write`] (of one record) or a [`WriteMany`]. Only a complete write is a future.
//!
//! This file has the whole way of a write of one record, from `create` to the statement that is sent. The other files add
//! the targets and the data of an update, writes of many records, and inserts.
//!
#![doc = include_str!("write/guarantees.md")]

mod bulk;
mod chunks;
mod data;
mod each;
mod if_absent;
mod insert;
mod many;
mod rows;
mod settle;
mod source;
mod stream;
mod target;
mod upserted;
mod version;

use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::assignment::{Assignment, Setting};
use super::condition::{self, Condition, IntoCondition, Tree};
use super::select::{Fields, view_object};
use super::statement::{Call, Fragment, Retries, send};
use super::{PatchOp, Response, Scope};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Feature, Operation};
use crate::record::{Checked, IntoId, Record, Relation, View, WithoutId};
use crate::session::CallFuture;
use crate::value::escape_identifier;

pub use super::patch::{AnyValue, Fits, PatchPath};
pub use data::WriteWithoutData;
pub use each::UpdateEach;
pub use if_absent::CreateIfAbsent;
pub use insert::{Insert, InsertWithoutRelation, NewRecords, NewRow};
pub(super) use many::rows;
pub use many::{WriteMany, WriteOptional};
pub use settle::{Settled, SettledInsert};
pub use stream::InsertStream;
pub use target::{DeleteWithoutTarget, UpdateWithoutTarget, UpsertWithoutTarget};
pub(super) use target::{Reach, Records};
use upserted::CREATED;
pub use upserted::Upserted;

/// A new record that has no content yet; [`content`](Self::content) makes it the write `W`.
///
/// Without an [`id`](CreateWithoutContent::id) the server makes one. That compiles only if the server makes keys of the
/// record's type; see [`Key`](crate::model::Key).
///
/// # Errors
///
/// The write fails with [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for an id that is taken;
/// with [`NotFound`](crate::ErrorKind::NotFound) if the server returns no record, because the identity may not create or
/// not read it, unless it is [`optional`](Write::optional);
/// with an error that [`is_unique_violation`](crate::Error::is_unique_violation) for a value that a UNIQUE index already
/// has; otherwise with the error of the table's schema.
///
/// # Cancel safety
///
/// See [`CallFuture`]. To repeat a dropped call without an id may make a second record.
///
/// # Examples
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use surreal_session::prelude::*;
/// # #[derive(Serialize, Deserialize, Record)]
/// # struct User { id: Id<User>, name: String }
/// # surreal_session_embedded::example(async |session| {
/// let ada = session.create::<User>().id("ada").content(NewUser { name: "Ada".into() }).await?;
/// assert_eq!(ada.id, Id::new("ada"));
///
/// let taken = session.create::<User>().id("ada").content(NewUser { name: "Another".into() }).await;
/// assert!(taken.is_err_and(|error| error.is_already_exists()));
/// # Ok(()) });
/// ```
#[must_use = "a create needs its data: call `.content(..)`, then `.await`"]
pub struct CreateWithoutContent<T, W = Write<T, T, Option<T>>> {
    clauses: WriteClauses,
    write: fn(WriteClauses) -> W,
    record: PhantomData<fn() -> T>,
}

impl<T: Record> CreateWithoutContent<T, WriteWithoutId<T>> {
    pub(in crate::query) fn new(scope: Scope) -> Self {
        Self { clauses: WriteClauses::of::<T>(scope, Verb::Create), write: WriteWithoutId::new, record: PhantomData }
    }

    /// Sets the id of the record, or its key. Without it the server makes a key.
    pub fn id(self, id: impl IntoId<T>) -> CreateWithoutContent<T> {
        CreateWithoutContent { clauses: self.clauses.id(id), write: Write::new, record: PhantomData }
    }
}

impl<T: Record> CreateWithoutContent<T> {
    /// Creates the record only if no record has this id, and returns an `Option`; see [`CreateIfAbsent`].
    pub fn if_absent(self) -> CreateWithoutContent<T, CreateIfAbsent<T>> {
        CreateWithoutContent { clauses: self.clauses, write: CreateIfAbsent::new, record: PhantomData }
    }
}

impl<T: Record, W> CreateWithoutContent<T, W> {
    /// Sets the content of the record.
    pub fn content(self, content: T::New) -> W {
        (self.write)(self.clauses.whole::<T>("CONTENT", &content))
    }

    /// Sets the content of the record, and then assigns to fields: `|u| u.seen_at.set_raw("time::now()")`.
    ///
    /// An assignment replaces the value of the content. It reads no other field: there is no record yet.
    pub fn content_with<A: Assignment<T>>(self, content: T::New, changes: impl FnOnce(Fields<T>) -> A) -> W {
        let mut assignments = Vec::new();
        changes(*T::fields()).assign(&mut assignments);
        let pieces = [Fragment::fields_of(&Checked::<T>(&content)), Setting::clause(assignments)];
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
        (self.write)(self.clauses.data(Some(Fragment::new("SET ").joined(pieces, ", "))))
    }
}

/// A new record or edge that has its content and no id: the server makes the id, or [`id`](Self::id) sets it.
///
/// It is a future if the server makes keys of the record's type; see [`Key`](crate::model::Key). Awaiting it returns the
/// record as it is stored. [`create`](crate::Queryable::create) and [`relate`](crate::Queryable::relate) make it.
///
/// # Cancel safety
///
/// See [`CallFuture`]. To repeat a dropped call without an id may make a second record.
#[must_use = "nothing is written until this is awaited"]
pub struct WriteWithoutId<T, Out = T> {
    write: Write<T, Out, Option<T>>,
}

impl<T: Record> WriteWithoutId<T> {
    pub(super) fn new(clauses: WriteClauses) -> Self {
        Self { write: Write::new(clauses) }
    }
}

impl<T: Relation> WriteWithoutId<T> {
    pub(in crate::query) fn relate(scope: Scope, edge: &T::New) -> Self {
        let edge = Fragment::of(&Checked::<T>(edge));
        Self::new(WriteClauses::of::<T>(scope, Verb::InsertEdge).data(Some(edge)))
    }
}

impl<T: Record> WriteWithoutId<T> {
    /// Returns a view of the record; see [`Write::view`].
    pub fn view<V: View<Record = T>>(self) -> WriteWithoutId<T, V> {
        WriteWithoutId { write: self.write.view() }
    }
}

impl<T: Record, Out> WriteWithoutId<T, Out> {
    /// Sets the id of the record, or its key.
    pub fn id(self, id: impl IntoId<T>) -> Write<T, Out, Option<T>> {
        Write { clauses: self.write.clauses.id(id), ..self.write }
    }

    /// Returns `None` instead of an error if the server returns no record.
    pub fn optional(self) -> WriteOptional<T, Option<Out>, Option<T>>
    where
        T::Ids: WithoutId<T>,
    {
        self.write.optional()
    }

    /// Returns the record as it was before the write: `None`, as it is new.
    pub fn return_before(self) -> WriteWithoutId<T, Option<T>> {
        WriteWithoutId { write: self.write.return_before() }
    }

    /// Returns the changes that the write made: the whole record, as it is new.
    pub fn return_diff(self) -> WriteWithoutId<T, Vec<PatchOp>> {
        WriteWithoutId { write: self.write.return_diff() }
    }

    /// Returns nothing. It is still an error if the record was not written.
    pub fn return_none(self) -> WriteWithoutId<T, ()> {
        WriteWithoutId { write: self.write.return_none() }
    }

    fn result(&self, response: &Response, index: usize) -> Result<Out> {
        self.write.result(response, index)
    }
}

statement! { [T: Record<Ids: WithoutId<T>>, Out: 'static] WriteWithoutId<T, Out>: write.clauses => Out }

impl<T: Record<Ids: WithoutId<T>>, Out: 'static> IntoFuture for WriteWithoutId<T, Out> {
    type Output = Result<Out>;
    type IntoFuture = CallFuture<Out>;

    fn into_future(self) -> CallFuture<Out> {
        send(self)
    }
}

/// A complete write of one record, sent when awaited. It returns the record, or an error if there is none.
///
/// The record is returned as it is after the write, and by a delete as it was before. `Out` is the type that awaiting
/// returns, and `Before` the type that [`return_before`](Self::return_before) returns: an `Option` if the write may create the
/// record.
///
/// The guarantees of a typed write are listed in the docs of the [module](self#what-a-typed-write-guarantees). The errors
/// are listed on the type that starts the write: [`CreateWithoutContent`], [`UpdateWithoutTarget`],
/// [`UpsertWithoutTarget`], [`DeleteWithoutTarget`] and [`Queryable::relate`](crate::Queryable::relate).
///
/// # Cancel safety
///
/// See [`CallFuture`].
#[must_use = "nothing is written until this is awaited"]
pub struct Write<T, Out = T, Before = T> {
    pub(super) clauses: WriteClauses,
    read: Read<Option<Out>>,
    types: PhantomData<fn() -> (T, Before)>,
}

/// Reads the result of the statement at an index.
type Read<Out> = fn(&Response, usize) -> Result<Out>;

impl<Row: DeserializeOwned, Before> Write<Row, Row, Before> {
    pub(in crate::query) fn new(clauses: WriteClauses) -> Self {
        Self { clauses: clauses.answer(Cardinality::One), read: first, types: PhantomData }
    }
}

impl<Row: Record, Before> Write<Row, Row, Before> {
    /// Returns only the fields of the view `V`, and `V` instead of the record, as [`Select::view`](crate::query::Select::view) does.
    ///
    /// It is a view of the record that would be returned otherwise: after the write, and before a delete. The fields of
    /// other records, and expressions, are read after the write. The edges of a deleted record are then gone.
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String, age: u8 }
    /// #[derive(Deserialize, View)]
    /// #[record(of = User)]
    /// struct Age {
    ///     age: u8,
    /// }
    ///
    /// # surreal_session_embedded::example(async |session| {
    /// # session.create::<User>().id("ada").content(NewUser { name: "Ada".into(), age: 36 }).await?;
    /// let Age { age } = session.update::<User>().id("ada").set(|u| u.age.add(1)).view::<Age>().await?;
    /// assert_eq!(age, 37);
    /// # Ok(()) });
    /// ```
    pub fn view<V: View<Record = Row>>(self) -> Write<Row, V, Before> {
        Write { clauses: self.clauses.view::<V>(), read: first, types: PhantomData }
    }
}

impl<T, Out, Before> Write<T, Out, Before> {
    /// Returns `None` instead of an error if the server returns no record.
    pub fn optional(self) -> WriteOptional<T, Option<Out>, Before> {
        WriteOptional::of(self)
    }

    /// Returns the record as it was before the write: an `Option` if the write may create the record.
    pub fn return_before(self) -> Write<T, Before, Before>
    where
        Before: DeserializeOwned,
    {
        self.returning(Returns::Before, first)
    }

    /// Returns the changes of the record: all fields of a record that is created or deleted.
    pub fn return_diff(self) -> Write<T, Vec<PatchOp>, Before> {
        self.returning(Returns::Diff, first)
    }

    /// Returns nothing. It is still an error if there is no record.
    ///
    /// An identity that may write a record and not read it needs [`optional`](Self::optional) too: the server answers as
    /// if there were no record.
    pub fn return_none(self) -> Write<T, (), Before> {
        self.returning(Returns::Nothing, first_ignored)
    }

    fn returning<O>(self, returns: Returns, read: Read<Option<O>>) -> Write<T, O, Before> {
        Write { clauses: self.clauses.returns(returns), read, types: PhantomData }
    }

    pub(super) fn result(&self, response: &Response, index: usize) -> Result<Out> {
        (self.read)(response, index)?.ok_or_else(|| self.clauses.no_record().with_statement(index))
    }
}

settings! { [T, W] CreateWithoutContent<T, W>: clauses }
settings! { [T, Out] WriteWithoutId<T, Out>: write.clauses }
settings! { [T, Out, Before] Write<T, Out, Before>: clauses }

complete! { [T: 'static, Out: 'static, Before: 'static] Write<T, Out, Before>: clauses => Out }

/// Everything that a builder knows about its write.
#[derive(Debug, Clone)]
pub struct WriteClauses {
    pub(in crate::query) call: Call,
    verb: Verb,
    target: Records,
    data: Option<Fragment>,
    filter: Vec<Tree>,
    /// The scope of the records, which is the first filter.
    scope: Option<&'static str>,
    returns: Returns,
    answer: Cardinality,
    /// The columns of a view of each record, as an object, instead of the whole record.
    view: Option<Fragment>,
    timeout: Option<Duration>,
    /// The version that the record must have.
    expected: Option<version::Expected>,
    /// Writes nothing if the record exists.
    is_if_absent: bool,
}

/// The verb of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Update,
    Upsert,
    Delete,
    /// RELATE, which takes any edge.
    Relate,
    /// INSERT RELATION of one edge. Unlike RELATE it refuses an id that is taken (server 3.3.5).
    InsertEdge,
}

/// The part of each record that the server sends back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Returns {
    After,
    Before,
    Diff,
    Nothing,
    /// The record, and whether the write created it.
    Created,
    /// NULL for each record, so that they can be counted.
    Counted,
}

/// The number of records that the statement gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cardinality {
    /// One; none is an error.
    One,
    AtMostOne,
    Many,
}

impl WriteClauses {
    pub(in crate::query) fn new(scope: Scope, verb: Verb, target: Records) -> Self {
        let returns = if verb == Verb::Delete { Returns::Before } else { Returns::After };
        Self {
            call: Call::of_write(scope),
            verb,
            target,
            data: None,
            filter: Vec::new(),
            scope: None,
            returns,
            answer: Cardinality::Many,
            view: None,
            timeout: None,
            expected: None,
            is_if_absent: false,
        }
    }

    /// The same for the table of `T`.
    pub(in crate::query) fn of<T: Record>(scope: Scope, verb: Verb) -> Self {
        Self::new(scope, verb, Records::table::<T>())
    }

    /// The same for records of type `T` in their scope.
    pub(super) fn scoped<T: Record>(scope: Scope, verb: Verb) -> Self {
        let mut clauses = Self::of::<T>(scope, verb);
        clauses.filter.extend(condition::default_condition::<T>().map(Condition::into_tree));
        clauses.scope = T::SCOPE;
        clauses
    }

    /// Writes also the records outside of the scope.
    pub(super) fn unscoped(mut self) -> Self {
        if self.scope.take().is_some() {
            self.filter.remove(0);
        }
        self
    }

    pub(super) fn target(mut self, target: Records) -> Self {
        self.target = target;
        self
    }

    /// Sets the id of the new record.
    fn id<T: Record>(mut self, id: impl IntoId<T>) -> Self {
        let target = Records::id(id);
        if self.verb != Verb::InsertEdge {
            return self.target(target);
        }
        let edge =
            Fragment::new("object::extend(").needing(Feature::EdgeIds).then(self.data.take().unwrap_or_default());
        self.data = Some(edge.text(", { id: ").then(target.surql).text(" })"));
        self.target.name = target.name;
        self
    }

    pub(super) fn filter<T: Record, C: IntoCondition<T>>(mut self, condition: impl FnOnce(Fields<T>) -> C) -> Self {
        self.filter.push(condition(*T::fields()).into_condition().into_tree());
        self
    }

    pub(in crate::query) fn filter_untyped(mut self, condition: Tree) -> Self {
        let is_refused = self.verb == Verb::Upsert && self.target.reach != Reach::One;
        self.filter.push(match is_refused {
            true => Tree::Leaf(Fragment::new("false").refused("an untyped upsert in a table cannot be filtered")),
            false => condition,
        });
        self
    }

    /// Makes an UPSERT of a table change the existing records. Without a condition it ignores them and makes a new one.
    pub(super) fn filter_none(mut self) -> Self {
        self.filter.push(Tree::all([]));
        self
    }

    pub(in crate::query) fn data(mut self, data: Option<Fragment>) -> Self {
        self.data = data;
        self
    }

    /// Sets a whole record of type `T` as the data. Fields that the content cannot have are kept.
    ///
    /// Fields that a new record does not have are NONE, for which the server takes their defaults.
    pub(super) fn whole<T: Record>(self, keyword: &str, content: &T::New) -> Self {
        let clause = Fragment::new(keyword).text(" ");
        let content = Checked::<T>(content);
        if self.verb == Verb::Create {
            return self.data(Some(clause.value(&content)));
        }
        if T::KEPT.is_empty() {
            return self.data(Some(version::added::<T>(clause.value(&content))));
        }
        let kept = T::KEPT.iter().map(|name| escape_identifier(name)).map(|name| format!("{name}: {name}"));
        let kept = kept.collect::<Vec<_>>().join(", ");
        let content = clause.text(&format!("{{ {kept} }} + ")).value(&content);
        self.data(Some(version::added::<T>(content)))
    }

    /// Sets data of any type, after `keyword`.
    pub(in crate::query) fn untyped(self, keyword: &str, data: &impl Serialize) -> Self {
        self.data(Some(Fragment::new(keyword).text(" ").value(data)))
    }

    /// Writes the record only if it has this version.
    pub(super) fn if_version<T: Record>(mut self, version: i64) -> Self {
        self.expected = version::Expected::new::<T>(version);
        self
    }

    pub(super) fn returns(mut self, returns: Returns) -> Self {
        (self.returns, self.view) = (returns, None);
        self
    }

    /// Returns the columns of a view instead of the whole record.
    pub(super) fn view<V: View>(mut self) -> Self {
        self.view = Some(self.returns.view::<V>());
        self
    }

    pub(super) fn returned(&self) -> Returns {
        self.returns
    }

    /// Writes nothing if the record exists; the result is then a row with NONE.
    fn if_absent(mut self) -> Self {
        self.is_if_absent = true;
        self
    }

    pub(super) fn answer(mut self, answer: Cardinality) -> Self {
        self.answer = answer;
        self
    }

    pub(in crate::query) fn timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    pub(in crate::query) fn deadline(&mut self, deadline: Duration) {
        self.call.deadline.end_after(deadline);
    }

    pub(in crate::query) fn fail_fast(&mut self) {
        self.call.deadline.fail_fast();
    }

    pub(in crate::query) fn retries(&mut self, retries: u32) {
        self.call.retries = Retries::Times(retries);
    }

    pub(in crate::query) fn operation(&self) -> Operation {
        Operation::statement(self.verb.name(), self.target.name.clone())
    }

    /// The whole statement.
    pub(in crate::query) fn surql(&self) -> Fragment {
        let returning = self.view.clone().unwrap_or_else(|| Fragment::new(self.returning()));
        let statement = self.statement().text(" RETURN ").then(returning).timeout(self.timeout);
        let statement = match &self.expected {
            None => statement,
            Some(expected) if self.target.reach == Reach::One => expected.guard(self.target.surql.clone(), statement),
            Some(_) => statement.refused("`if_version` is for the record of an id: call `.id(..)` first"),
        };
        if !self.is_if_absent {
            return statement;
        }
        let exists = Fragment::new("IF record::exists(").then(self.target.surql.clone()).text(") { [NONE] }");
        exists.text(" ELSE { ").then(statement).text(" }")
    }

    /// The statement up to RETURN.
    pub(in crate::query) fn statement(&self) -> Fragment {
        let filter = (!self.filter.is_empty()).then(|| Tree::all(self.filter.clone()).for_write().into_fragment());
        let (target, filter) = match filter {
            Some(filter) if filter.may_read_others() && self.target.reach != Reach::One => (self.found(filter), None),
            other => (self.target.surql.clone(), other),
        };
        let target = match &filter {
            Some(filter) if self.target.reach == Reach::Table => target.indexed_for(filter),
            _ => target,
        };
        let mut statement = Fragment::new(self.verb.keyword()).text(" ").then(target);
        if let Some(data) = &self.data {
            statement = statement.text(" ").then(data.clone());
        }
        match filter {
            Some(filter) => statement.text(" WHERE ").then(filter),
            None => statement,
        }
    }

    /// The ids of the records that pass the filter, selected before the first record is written.
    ///
    /// The server (3.3.5) writes record by record, and reads the next one after it has changed or deleted the one
    /// before. A filter that follows a link to a written record would see the change.
    fn found(&self, filter: Fragment) -> Fragment {
        let Records { surql: target, reach, .. } = self.target.clone();
        let source = if reach == Reach::Table { target.clone().indexed_for(&filter) } else { target.clone() };
        let ids = Fragment::new("(SELECT VALUE id FROM ").then(source).text(" WHERE ").then(filter).text(")");
        match (self.verb, reach) {
            // An upsert that finds nothing makes a record in the table.
            (Verb::Upsert, Reach::Table) => Fragment::new("(").then(ids).text(" ?: ").then(target).text(")"),
            (Verb::Upsert, _) => ids.refused("an upsert of several ids cannot be filtered by fields of other records"),
            _ => ids,
        }
    }

    fn returning(&self) -> &'static str {
        match self.returns {
            // RETURN NONE gives no rows at all; this gives a NULL for each record, so that they can be counted.
            Returns::Nothing if self.answer != Cardinality::Many => "NULL",
            returns => returns.clause(),
        }
    }

    /// The error of a write that has to give one record back and gave none.
    pub(in crate::query) fn missing(&self) -> Option<Error> {
        (self.answer == Cardinality::One).then(|| self.no_record())
    }

    fn no_record(&self) -> Error {
        let of_program = self.filter.len() - usize::from(self.scope.is_some());
        if let (Some(scope), 0) = (self.scope, of_program) {
            let (name, action) = (&self.target.name, self.verb.action());
            let message = format!(
                "no record came back for `{name}`: it does not exist, or is outside of the scope `{scope}`, or this session may \
                 not {action} or read it"
            );
            return Error::new(ErrorKind::NotFound, message).answered();
        }
        let reason = match (self.verb, self.filter.is_empty()) {
            (Verb::Update | Verb::Delete, false) => "it does not exist or does not pass the filter, or ",
            (Verb::Update | Verb::Delete, true) => "it does not exist, or ",
            (_, true) if self.expected.is_some() => "it does not exist, or ",
            (_, false) => "it does not pass the filter, or ",
            (_, true) => "",
        };
        let (name, action) = (&self.target.name, self.verb.action());
        let message = format!("no record came back for `{name}`: {reason}this session may not {action} or read it");
        Error::new(ErrorKind::NotFound, message).answered()
    }
}

impl Verb {
    fn keyword(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Upsert => "UPSERT",
            Self::Delete => "DELETE",
            Self::Relate => "RELATE",
            Self::InsertEdge => "INSERT RELATION INTO",
        }
    }

    /// Its name in messages.
    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::Relate | Self::InsertEdge => "relate",
        }
    }

    /// The permission that it takes.
    fn action(self) -> &'static str {
        match self {
            Self::Create | Self::Relate | Self::InsertEdge => "create",
            Self::Update => "update",
            Self::Upsert => "create, update",
            Self::Delete => "delete",
        }
    }
}

impl Returns {
    /// The clause after RETURN.
    pub(super) fn clause(self) -> &'static str {
        match self {
            Self::After => "AFTER",
            Self::Before => "BEFORE",
            Self::Diff => "DIFF",
            Self::Nothing => "NONE",
            Self::Created => CREATED,
            Self::Counted => "NULL",
        }
    }

    /// The clause after RETURN that reads a view of the same state of the record.
    ///
    /// The server (3.3.5) reads fields after the write: all of a deleted record are NONE.
    pub(super) fn view<V: View>(self) -> Fragment {
        let object = Fragment::new("VALUE ");
        match self {
            Self::Before => object.text("(SELECT VALUE ").then(view_object::<V>()).text(" FROM ONLY $before)"),
            Self::After | Self::Diff | Self::Nothing | Self::Created | Self::Counted => object.then(view_object::<V>()),
        }
    }
}

/// The only row, or `None`.
///
/// The server sends an array also for one record. `ONLY` is not used, because it cannot tell a missing record from one
/// that was missing before the write.
pub(super) fn first<Row: DeserializeOwned>(response: &Response, index: usize) -> Result<Option<Row>> {
    rows(response, index).map(|rows| rows.into_iter().next())
}

fn first_ignored(response: &Response, index: usize) -> Result<Option<()>> {
    first::<IgnoredAny>(response, index).map(|row| row.map(drop))
}

/// The settings that every step of a write has. They change no type.
macro_rules! settings {
    ([$($generics:tt)*] $builder:ty: $($clauses:ident).+) => {
        impl<$($generics)*> $builder {
            /// Sets how long the server may work on the write. After that the write fails with
            /// [`Query`](crate::ErrorKind::Query), and nothing is written.
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.$($clauses).+.timeout(timeout);
                self
            }

            /// Sets how long to wait for the reply; see [`Query::deadline`](crate::Query::deadline).
            pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
                self.$($clauses).+.deadline(deadline);
                self
            }

            /// Fails at once if there is no socket, instead of waiting for one until the deadline; see
            /// [`Connect::fail_fast`](crate::Connect::fail_fast).
            pub fn fail_fast(mut self) -> Self {
                self.$($clauses).+.fail_fast();
                self
            }

            /// Sets how often the write may be repeated after a [conflict](crate::Error::is_conflict), which means that it has
            /// written nothing; as often as [`Connect::conflict_retries`](crate::Connect::conflict_retries) says unless set.
            ///
            /// It is repeated after random pauses of up to half a second, until its [`deadline`](Self::deadline), and not
            /// after any other error. In a transaction and in a batch this has no effect: run the whole
            /// [transaction](crate::Session::transaction) again.
            pub fn retries(mut self, retries: u32) -> Self {
                self.$($clauses).+.retries(retries);
                self
            }
        }

        impl<$($generics)*> std::fmt::Debug for $builder {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let name = stringify!($builder);
                write!(f, "{}({})", name.split('<').next().unwrap_or(name).trim(), self.$($clauses).+.statement())
            }
        }
    };
}

/// A complete write.
macro_rules! statement {
    ([$($generics:tt)*] $builder:ty: $($clauses:ident).+ => $output:ty) => {
        impl<$($generics)*> $builder {
            /// Returns the statement and the names bound to it, for logs. Never shows a value.
            pub fn to_surql(&self) -> String {
                $crate::query::statement::Statement::query(self).to_surql()
            }
        }

        impl<$($generics)*> $crate::query::statement::Statement for $builder {
            type Output = $output;

            fn call(&self) -> &$crate::query::statement::Call {
                &self.$($clauses).+.call
            }

            fn operation(&self) -> $crate::protocol::Operation {
                self.$($clauses).+.operation()
            }

            fn surql(&self) -> $crate::query::Fragment {
                self.$($clauses).+.surql()
            }

            fn read(&self, response: &$crate::query::Response, index: usize) -> $crate::error::Result<Self::Output> {
                self.result(response, index)
            }

            fn missing(&self) -> Option<$crate::error::Error> {
                self.$($clauses).+.missing()
            }
        }
    };
}

/// A complete write that can be awaited.
macro_rules! complete {
    ([$($generics:tt)*] $builder:ty: $($clauses:ident).+ => $output:ty) => {
        $crate::query::write::statement! { [$($generics)*] $builder: $($clauses).+ => $output }

        impl<$($generics)*> IntoFuture for $builder {
            type Output = $crate::error::Result<$output>;
            type IntoFuture = $crate::session::CallFuture<$output>;

            fn into_future(self) -> Self::IntoFuture {
                $crate::query::statement::send(self)
            }
        }
    };
}

pub(super) use {complete, settings, statement};
