//! Verbs for programs without models: tables and ids name the records, and any data that serde can write is sent.

mod filter;
mod path;
mod select;
mod target;
mod write;

use futures_util::{Stream, stream};
use serde::Serialize;

use super::Scope;
use super::write::{Insert, InsertStream, Reach, Records, Verb, Write, WriteClauses};
use crate::record::Endpoint;
use crate::value::{Table, Value};
pub use filter::UntypedFilter;
pub use select::UntypedSelect;
pub(crate) use target::Named;
pub use target::{NewTarget, RecordRange, Target};
pub use write::{UntypedCreate, WithoutData};

/// The verbs for programs without models; made by [`Queryable::untyped`](crate::Queryable::untyped).
///
/// A [`Target`] names the records, anything that serde can write is data, and the result is a [`Value`], or the type that
/// is given to `.decode::<T>()`. A table as target means all of its records.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
///
/// use serde::{Deserialize, Serialize};
/// use surreal_session::prelude::*;
///
/// #[derive(Serialize, Deserialize)]
/// struct Person {
///     name: String,
///     age: u8,
/// }
///
/// # surreal_session_embedded::example(async |session| {
/// let db = session.untyped();
/// let ada = RecordId::new("person", "ada");
/// db.create(&ada).content(Person { name: "Ada".into(), age: 36 }).await?;
/// let older: Value = db.update(&ada).merge(BTreeMap::from([("age", 37)])).await?;
/// assert_eq!(older.get("age"), Some(&Value::Int(37)));
///
/// db.insert(Table::new("person"), [Person { name: "Bob".into(), age: 40 }]).await?;
/// let people: Vec<Person> = db.select(Table::new("person")).decode().await?;
/// assert_eq!(people.len(), 2);
///
/// let bob = RecordId::new("person", "bob");
/// db.relate(&ada, Table::new("knows"), &bob).await?;
/// db.delete(&ada).await?;
/// assert_eq!(db.select(&ada).await?, None);
/// # Ok(()) });
/// ```
#[derive(Debug, Clone)]
pub struct Untyped {
    scope: Scope,
}

impl Untyped {
    pub(in crate::query) fn new(scope: Scope) -> Self {
        Self { scope }
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Reads records.
    pub fn select<T: Target>(&self, target: T) -> T::Select {
        T::select(self.scope.clone(), target.records())
    }

    /// Creates one record: with content if some is given, else with the fields that the schema fills in.
    ///
    /// An id that is taken is an error.
    pub fn create(&self, target: impl NewTarget) -> UntypedCreate {
        UntypedCreate::new(self.clauses(Verb::Create, target.records()))
    }

    /// Changes records that exist.
    pub fn update<T: Target>(&self, target: T) -> WithoutData<T::Write> {
        WithoutData::new(self.clauses(Verb::Update, target.records()), T::write)
    }

    /// Changes a record, or creates it if it does not exist.
    ///
    /// A [`filter`](WithoutData::filter) applies to a record id, and not to a [`Table`].
    ///
    /// In a [`Table`] it changes the record that has the same value in a UNIQUE index, and creates one if there is none.
    /// With an id such a value is an error (server 3.3.5).
    pub fn upsert(&self, target: impl NewTarget) -> WithoutData<Write<Value>> {
        WithoutData::new(self.clauses(Verb::Upsert, target.records()), Write::new)
    }

    /// Deletes records, and returns them as they were.
    pub fn delete<T: Target>(&self, target: T) -> T::Write {
        T::write(self.clauses(Verb::Delete, target.records()))
    }

    /// Inserts any number of rows into a table, as records or with [`relation`](Insert::relation) as edges. Returns the
    /// records as they are stored.
    ///
    /// A row may have an `id`, which is a key or a record id. Of a record id only the key counts (server 3.3.5). The server
    /// makes the missing ids.
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn insert(
        &self,
        table: Table,
        rows: impl IntoIterator<Item = impl Serialize>,
    ) -> Insert<Value, Vec<Value>, Value> {
        Insert::rows(self.scope.clone(), table, rows)
    }

    /// Inserts the rows of an iterator, reading them as they are sent, and returns their number. Rows as for
    /// [`insert`](Self::insert).
    pub fn insert_iter<I>(&self, table: Table, rows: I) -> InsertStream<Value>
    where
        I: IntoIterator<Item: Serialize + 'static, IntoIter: Send + 'static>,
    {
        InsertStream::rows(self.scope.clone(), table, stream::iter(rows))
    }

    /// Inserts the rows of a stream, reading them as they are sent, and returns their number. Rows as for
    /// [`insert`](Self::insert).
    pub fn insert_stream<S>(&self, table: Table, rows: S) -> InsertStream<Value>
    where
        S: Stream<Item: Serialize + 'static> + Send + 'static,
    {
        InsertStream::rows(self.scope.clone(), table, rows)
    }

    /// Creates an edge from one record to another, with content if some is given.
    ///
    /// If the edge has an id that exists, its content is replaced (server 3.3.5). An [`insert`](Self::insert) of edges
    /// refuses such an id.
    pub fn relate(&self, from: impl Endpoint, edge: impl NewTarget, to: impl Endpoint) -> UntypedCreate {
        let edge = edge.records();
        let surql = target::end(&from).text("->").then(edge.surql).text("->").then(target::end(&to));
        UntypedCreate::new(self.clauses(Verb::Relate, Records { surql, name: edge.name, reach: Reach::One }))
    }

    fn clauses(&self, verb: Verb, records: Records) -> WriteClauses {
        WriteClauses::new(self.scope.clone(), verb, records)
    }
}
