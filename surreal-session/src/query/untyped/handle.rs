//! The handle that has the untyped verbs.

use serde::Serialize;

use super::target::{EdgeEnd, NewTarget, Target};
use super::{Insert, Select, Write};
use crate::query::write::{Before, HasData, MayHaveContent, NeedsData, Place, Reach, Single, Verb};
use crate::session::Scope;
use crate::value::{Table, Value};

/// The verbs for programs without models; made by [`Queryable::untyped`](crate::Queryable::untyped).
///
/// A [`Target`] says which records are meant, anything that serde can write is data, and what comes back is a [`Value`]
/// or what `.decode::<T>()` says. A table as target means all of its records.
///
/// # Examples
///
/// ```no_run
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
/// # async fn example(session: Session) -> surreal_session::Result<()> {
/// let db = session.untyped();
/// let ada = RecordId::new("person", "ada");
/// db.create(&ada).content(Person { name: "Ada".into(), age: 36 }).await?;
/// let older: Value = db.update(&ada).merge(BTreeMap::from([("age", 37)])).await?;
/// assert_eq!(older.get("age"), Some(&Value::Int(37)));
///
/// db.insert(Table::new("person"), [Person { name: "Bob".into(), age: 40 }]).await?;
/// let people: Vec<Person> = db.select(Table::new("person")).decode().await?;
///
/// let bob = RecordId::new("person", "bob");
/// db.relate(&ada, Table::new("knows"), &bob).await?;
/// db.delete(&ada).await?;
/// # Ok(())
/// # }
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
    pub fn select<T: Target>(&self, target: T) -> Select<T::Shape> {
        Select::new(self.scope.clone(), target.place())
    }

    /// Creates one record: empty, but for what the schema makes of it, unless it is given content.
    ///
    /// It is an error if the id is taken.
    pub fn create(&self, target: impl NewTarget) -> Write<Single, MayHaveContent> {
        Write::new(self.scope.clone(), Verb::Create, target.place())
    }

    /// Changes records that exist.
    pub fn update<T: Target>(&self, target: T) -> Write<T::Shape, NeedsData> {
        Write::new(self.scope.clone(), Verb::Update, target.place())
    }

    /// Changes a record, or creates it if it does not exist.
    ///
    /// In a [`Table`] the record that a UNIQUE index has the same value for is changed, and one is created if there is
    /// none; with an id such a value is an error (server 3.3.5).
    pub fn upsert(&self, target: impl NewTarget) -> Write<Single, NeedsData> {
        Write::new(self.scope.clone(), Verb::Upsert, target.place())
    }

    /// Deletes records, and gives them back as they were.
    pub fn delete<T: Target>(&self, target: T) -> Write<T::Shape, HasData, Before<Value>> {
        Write::new(self.scope.clone(), Verb::Delete, target.place())
    }

    /// Inserts any number of records into a table, or edges if it is told so with [`Insert::relation`].
    ///
    /// The types of the values are not checked. Convert those of other crates first; see [`Query::bind`](crate::Query::bind).
    pub fn insert(&self, table: Table, rows: impl IntoIterator<Item = impl Serialize>) -> Insert {
        Insert::new(self.scope.clone(), table, rows)
    }

    /// Creates an edge from one record to another, with content if it is given some.
    ///
    /// An edge that has an id and exists already is given the new content (server 3.3.5); an
    /// [`insert`](Self::insert) of edges refuses it.
    pub fn relate(&self, from: impl EdgeEnd, edge: impl NewTarget, to: impl EdgeEnd) -> Write<Single, MayHaveContent> {
        let (from, edge, to) = (from.place(), edge.place(), to.place());
        let target = from.target.text("->").then(edge.target).text("->").then(to.target);
        Write::new(self.scope.clone(), Verb::Relate, Place { target, subject: edge.subject, reach: Reach::One })
    }
}
