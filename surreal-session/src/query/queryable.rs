//! The trait with the query methods of connections, sessions and transactions.

use std::ops::Deref;

use futures_util::{Stream, stream};
use serde::de::DeserializeOwned;

use super::batch::{Batch, Statements};
use super::execute::Execute;
use super::surql::IntoSurql;
use super::untyped::Untyped;
use super::write::{
    CreateWithoutContent, DeleteWithoutTarget, InsertStream, NewRecords, NewRow, UpdateWithoutTarget,
    UpsertWithoutTarget, WriteWithoutId,
};
use super::{Origin, Query, Run, Scope, Select, Traverse};
use crate::record::{NewRecord, NormalRecord, Record, Relation, WithoutId};
use crate::session::Session;
use crate::transaction::Transaction;

/// Query methods of [`Surreal`](crate::Surreal), [`Session`] and [`Transaction`].
///
/// Each method returns a builder. A builder sends nothing until it is awaited, and then sends one `query` request, unless
/// its docs say otherwise. Values are bound, never written into the text of a statement.
///
/// | Method | Reads or writes | Result |
/// |---|---|---|
/// | [`select`](Self::select) | records of one type: all, some, or one | `Vec<T>`, `Option<T>` or `T` |
/// | [`traverse`](Self::traverse) | records reached through the graph | `Vec<T>` |
/// | [`create`](Self::create) | one new record | `T` |
/// | [`insert`](Self::insert) | any number of new records | `Vec<T>` |
/// | [`insert_iter`](Self::insert_iter), [`insert_stream`](Self::insert_stream) | the new records of an iterator or a stream | `u64` |
/// | [`relate`](Self::relate) | one new edge | `T` |
/// | [`update`](Self::update), [`upsert`](Self::upsert), [`delete`](Self::delete) | one record, some, or all | `T` or `Vec<T>` |
/// | [`run`](Self::run) | a function | its result |
/// | [`query`](Self::query) | SurrealQL text | a [`Response`](crate::Response) |
/// | [`execute`](Self::execute) | SurrealQL text whose results are not needed | `()` |
/// | [`batch`](Self::batch) | several builders in one request | a tuple of their results |
/// | [`untyped`](Self::untyped) | records without a model | [`Value`](crate::Value)s |
///
/// Everything that dereferences to one of these types is `Queryable` as well: `&Session`, `Arc<Session>`, and a struct of
/// yours with `Deref<Target = Session>`. A function that takes `&impl Queryable` accepts all of them. The trait is sealed:
/// later versions add methods.
///
/// # Examples
///
/// ```
/// use surreal_session::prelude::*;
///
/// async fn count(db: &impl Queryable, table: &str) -> surreal_session::Result<i64> {
///     let response = db.query("RETURN count(SELECT VALUE id FROM type::table($t))").bind("t", table).await?;
///     response.take(0)
/// }
///
/// # surreal_session_embedded::example(async |session| {
/// session.execute("CREATE user:ada, user:bob").await?;
/// assert_eq!(count(&session, "user").await?, 2);
///
/// let tx = session.begin_transaction().await?;
/// tx.execute("DELETE user:bob").await?;
/// assert_eq!(count(&tx, "user").await?, 1);
/// tx.commit().await?;
/// # Ok(()) });
/// ```
#[diagnostic::on_unimplemented(
    message = "queries cannot be run on `{Self}`",
    label = "expected a `Surreal`, a `Session`, a `Transaction`, or a reference to one"
)]
pub trait Queryable: private::Sealed {
    /// The session or transaction in which the queries run.
    #[doc(hidden)]
    fn scope(&self) -> Scope;

    /// Runs SurrealQL text of one or several statements. [`Query::bind`] binds values to its variables.
    ///
    /// The text is a literal, checked text with its values as [`surql!`](crate::surql!) makes it, or
    /// [`Surql::dynamic`](crate::Surql::dynamic) for text that is made at run time.
    ///
    /// A statement that fails is an error in the [`Response`](crate::Response), not of the call. Use
    /// [`execute`](Self::execute) if you do not read the results.
    ///
    /// # Errors
    ///
    /// See [`Query`].
    fn query(&self, text: impl IntoSurql) -> Query
    where
        Self: Sized,
    {
        Query::new(self.scope(), text.into_surql())
    }

    /// Runs SurrealQL text and returns nothing, or the error of the first statement that failed.
    ///
    /// # Errors
    ///
    /// See [`Execute`].
    fn execute(&self, text: impl IntoSurql) -> Execute
    where
        Self: Sized,
    {
        Execute::new(self.query(text))
    }

    /// Calls a function by its name: `fn::…`, `ml::…`, or one of the server, such as `array::len`.
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

    /// Reads records of type `T`: all records of the table in the order of their ids, unless the builder narrows it.
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

    /// Follows edges or references from one or several records: `session.traverse(&ada.id).out::<Wrote>().to::<Post>()`.
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

    /// Creates one record of type `T` and returns it as stored.
    ///
    /// # Errors
    ///
    /// See [`CreateWithoutContent`].
    fn create<T: NormalRecord>(&self) -> CreateWithoutContent<T, WriteWithoutId<T>>
    where
        Self: Sized,
    {
        CreateWithoutContent::new(self.scope())
    }

    /// Runs several builders in one request: a tuple of builders, or a `Vec` of builders of one type.
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

    /// Updates one record (`id`), the matching ones (`filter`) or all of them (`all`), and returns them as stored.
    ///
    /// # Errors
    ///
    /// See [`UpdateWithoutTarget`].
    fn update<T: Record>(&self) -> UpdateWithoutTarget<T>
    where
        Self: Sized,
    {
        UpdateWithoutTarget::new(self.scope())
    }

    /// Updates records of type `T`, or creates those that do not exist, and returns them as stored.
    ///
    /// # Errors
    ///
    /// See [`UpsertWithoutTarget`].
    fn upsert<T: NormalRecord>(&self) -> UpsertWithoutTarget<T>
    where
        Self: Sized,
    {
        UpsertWithoutTarget::new(self.scope())
    }

    /// Deletes one record (`id`), the matching ones (`filter`) or all of them (`all`), and returns them as they were.
    ///
    /// # Errors
    ///
    /// See [`DeleteWithoutTarget`].
    fn delete<T: Record>(&self) -> DeleteWithoutTarget<T>
    where
        Self: Sized,
    {
        DeleteWithoutTarget::new(self.scope())
    }

    /// Inserts any number of new records and returns them as stored.
    ///
    /// # Errors
    ///
    /// See [`Insert`](super::write::Insert).
    fn insert<N: NewRecords<Ids: WithoutId<N::Record>>>(&self, records: N) -> N::Insert
    where
        Self: Sized,
    {
        records.insert(self.scope())
    }

    /// Inserts the new records of an iterator, reading them as they are sent, and returns their number.
    ///
    /// # Errors
    ///
    /// See [`InsertStream`].
    fn insert_iter<I>(&self, records: I) -> InsertStream<<I::Item as NewRow>::Record>
    where
        Self: Sized,
        I: IntoIterator<Item: NewRow<Ids: WithoutId<<I::Item as NewRow>::Record>> + 'static, IntoIter: Send + 'static>,
    {
        InsertStream::new(self.scope(), stream::iter(records))
    }

    /// Inserts the new records of a stream, reading them as they are sent, and returns their number.
    ///
    /// # Errors
    ///
    /// See [`InsertStream`].
    fn insert_stream<S>(&self, records: S) -> InsertStream<<S::Item as NewRow>::Record>
    where
        Self: Sized,
        S: Stream<Item: NewRow<Ids: WithoutId<<S::Item as NewRow>::Record>> + 'static> + Send + 'static,
    {
        InsertStream::new(self.scope(), records)
    }

    /// Creates an edge from one record to another and returns it as stored.
    ///
    /// The server makes the id of the edge, unless [`id`](WriteWithoutId::id) sets it. An id that is taken is an error: the
    /// edge is sent as an INSERT RELATION, because RELATE would replace the existing edge (server 3.3.5). For edges of a
    /// LIGHTWEIGHT relation use [`Untyped::relate`].
    ///
    /// # Errors
    ///
    /// The write fails with [`AlreadyExists`](crate::ErrorKind::AlreadyExists) for an id that is taken; with
    /// [`NotFound`](crate::ErrorKind::NotFound) if the server returns no edge, because the identity may not create or not
    /// read it, unless it is [`optional`](WriteWithoutId::optional), and if an end of an ENFORCED relation does not exist;
    /// with an error that [`is_unique_violation`](crate::Error::is_unique_violation) for a value that a UNIQUE index
    /// already has; otherwise with the error of the table's schema.
    ///
    /// # Examples
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use surreal_session::prelude::*;
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct User { id: Id<User>, name: String }
    /// # #[derive(Serialize, Deserialize, Record)]
    /// # struct Post { id: Id<Post>, title: String }
    /// #[derive(Serialize, Deserialize, Record)]
    /// #[record(relation)]
    /// struct Wrote {
    ///     id: Id<Wrote>,
    ///     r#in: Id<User>,
    ///     out: Id<Post>,
    ///     at: Datetime,
    /// }
    ///
    /// # surreal_session_embedded::example(async |session| {
    /// # let ada = session.create::<User>().content(NewUser { name: "Ada".into() }).await?;
    /// # let post = session.create::<Post>().content(NewPost { title: "On numbers".into() }).await?;
    /// let wrote = session.relate(NewWrote { r#in: ada.id.clone(), out: post.id, at: Datetime::now() }).await?;
    /// assert_eq!(wrote.r#in, ada.id);
    /// # Ok(()) });
    /// ```
    fn relate<N: NewRecord<Record: Relation>>(&self, edge: N) -> WriteWithoutId<N::Record>
    where
        Self: Sized,
    {
        WriteWithoutId::relate(self.scope(), &edge)
    }

    /// Returns the same methods for data without a model: any table, any `Serialize` type in, [`Value`](crate::Value)s out.
    fn untyped(&self) -> Untyped
    where
        Self: Sized,
    {
        Untyped::new(self.scope())
    }
}

impl Queryable for Session {
    fn scope(&self) -> Scope {
        Scope::of_session(self)
    }
}

impl Queryable for Transaction {
    fn scope(&self) -> Scope {
        Scope::of_transaction(self)
    }
}

/// References, smart pointers, `Surreal`, and structs of users that dereference to a session.
#[diagnostic::do_not_recommend]
impl<D: Deref<Target: Queryable>> Queryable for D {
    fn scope(&self) -> Scope {
        (**self).scope()
    }
}

mod private {
    use super::{Deref, Queryable, Session, Transaction};

    pub trait Sealed {}
    impl Sealed for Session {}
    impl Sealed for Transaction {}
    #[diagnostic::do_not_recommend]
    impl<D: Deref<Target: Queryable>> Sealed for D {}
}
