//! The trait that gives connections, sessions and transactions their verbs.

use serde::de::DeserializeOwned;

use super::batch::{Batch, Statements};
use super::untyped::Untyped;
use super::{Create, Delete, Insert, NewRecords, Origin, Query, Relate, Run, Select, Traverse, Update, Upsert};
use crate::record::{LeftOut, NewRecord, Record, Relation, Standalone};
use crate::session::{Scope, Session, Surreal};
use crate::transaction::Transaction;

/// Anything that queries can be run on: [`Surreal`], [`Session`], [`Transaction`], and references to them.
///
/// Sealed: it is implemented by this crate alone, so that verbs can be added. A function that takes
/// `&impl Queryable` works with any of them.
///
/// # Examples
///
/// ```no_run
/// use surreal_session::prelude::*;
///
/// async fn count(db: &impl Queryable, table: &str) -> surreal_session::Result<i64> {
///     let response = db.query("RETURN count(SELECT VALUE id FROM type::table($t))").bind("t", table).await?;
///     response.take(0)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that queries can be run on",
    label = "a `Surreal`, a `Session`, a `Transaction` or a reference to one is needed here"
)]
pub trait Queryable: private::Sealed {
    /// Where the queries run.
    #[doc(hidden)]
    fn scope(&self) -> Scope;

    /// Runs SurrealQL text, one or several statements, with values bound to it by [`Query::bind`].
    ///
    /// # Errors
    ///
    /// See [`Query`].
    fn query(&self, text: impl AsRef<str>) -> Query
    where
        Self: Sized,
    {
        Query::new(self.scope(), text.as_ref())
    }

    /// Calls a function by its name: `fn::…`, `ml::…` or one of the server's own, such as `array::len`.
    ///
    /// # Errors
    ///
    /// See [`Run`].
    fn run<T: DeserializeOwned>(&self, function: impl Into<String>) -> Run<T>
    where
        Self: Sized,
    {
        Run::new(self.scope(), function.into())
    }

    /// Reads all records of `T`'s table in the order of their ids, or with [`Select::id`] at most one.
    ///
    /// # Errors
    ///
    /// See [`Select`].
    fn select<T: Record>(&self) -> Select<T>
    where
        Self: Sized,
    {
        Select::new(self.scope())
    }

    /// Walks through the graph, from one record or several: `session.traverse(&ada.id).out::<Wrote>().to::<Post>()`.
    ///
    /// # Errors
    ///
    /// See [`Traverse`].
    fn traverse<O: Origin>(&self, origin: O) -> Traverse<O::Record>
    where
        Self: Sized,
    {
        Traverse::new(self.scope(), origin)
    }

    /// Creates one record of `T`'s table from the data given to its `content`, and gives it back as stored.
    ///
    /// # Errors
    ///
    /// See [`Create`].
    fn create<T: Record>(&self) -> Create<T>
    where
        T::Kind: Standalone<T>,
        Self: Sized,
    {
        Create::new(self.scope())
    }

    /// Runs several builders in one request: a tuple of them, or a `Vec`, none of which was awaited.
    ///
    /// # Errors
    ///
    /// See [`Batch`].
    fn batch<B: Statements>(&self, statements: B) -> Batch<B>
    where
        Self: Sized,
    {
        Batch::new(self.scope(), statements)
    }

    /// Changes records of `T`'s table: one, those that pass a filter, or all, as it is told.
    ///
    /// # Errors
    ///
    /// See [`Update`].
    fn update<T: Record>(&self) -> Update<T>
    where
        Self: Sized,
    {
        Update::new(self.scope())
    }

    /// Changes records of `T`'s table, or makes what is not there.
    ///
    /// # Errors
    ///
    /// See [`Upsert`].
    fn upsert<T: Record>(&self) -> Upsert<T>
    where
        T::Kind: Standalone<T>,
        Self: Sized,
    {
        Upsert::new(self.scope())
    }

    /// Deletes records of `T`'s table, and gives them back as they were.
    ///
    /// # Errors
    ///
    /// See [`Delete`].
    fn delete<T: Record>(&self) -> Delete<T>
    where
        Self: Sized,
    {
        Delete::new(self.scope())
    }

    /// Inserts new records, any number of them, and gives them back as stored.
    ///
    /// # Errors
    ///
    /// See [`Insert`].
    fn insert<N: NewRecords<Ids: LeftOut<N::Record>>>(&self, records: N) -> Insert<N::Record>
    where
        Self: Sized,
    {
        Insert::new(self.scope(), records.into_rows())
    }

    /// Creates an edge from one record to another, and gives it back as stored.
    ///
    /// # Errors
    ///
    /// See [`Relate`].
    fn relate<N: NewRecord<Record: Relation>>(&self, edge: N) -> Relate<N::Record>
    where
        Self: Sized,
    {
        Relate::new(self.scope(), &edge)
    }

    /// The verbs for data without a model: any table, anything that serde can write, [`Value`](crate::Value)s back.
    fn untyped(&self) -> Untyped
    where
        Self: Sized,
    {
        Untyped::new(self.scope())
    }
}

impl Queryable for Session {
    fn scope(&self) -> Scope {
        Session::scope(self)
    }
}

impl Queryable for Surreal {
    fn scope(&self) -> Scope {
        Session::scope(self)
    }
}

impl Queryable for Transaction {
    fn scope(&self) -> Scope {
        Self::scope(self)
    }
}

impl<Q: Queryable> Queryable for &Q {
    fn scope(&self) -> Scope {
        (**self).scope()
    }
}

mod private {
    use super::{Queryable, Session, Surreal, Transaction};

    pub trait Sealed {}
    impl Sealed for Session {}
    impl Sealed for Surreal {}
    impl Sealed for Transaction {}
    impl<Q: Queryable> Sealed for &Q {}
}
